//! A way between two programs on which things happen: bytes are held up, connections are reset, nobody is reached.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::torture::dice::Dice;

/// What happens to bytes on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Clear,
    /// Of a hundred pieces so many are held up, each for a time up to this, in both directions.
    Slow {
        of_hundred: u32,
        up_to: Duration,
    },
    /// Nothing arrives any more, and nothing says so.
    Silent,
    /// Nobody is reached: every connection is refused with a reset.
    Cut,
}

/// One link. Its port is what a program is told in place of the other's.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) port: u16,
    weather: watch::Sender<Weather>,
    /// Raised by each reset.
    resets: watch::Sender<u32>,
}

impl Link {
    /// Opens a way to a port of this machine.
    pub(crate) async fn to(name: &str, target: u16, dice: Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (weather, forecast) = watch::channel(Weather::Clear);
        let (resets, reset) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let passage = Passage { weather: forecast.clone(), reset: reset.clone(), dice: dice.clone() };
                tokio::spawn(passage.open(near, target));
            }
        });
        Self { name: name.to_owned(), port, weather, resets }
    }

    pub(crate) fn weather(&self, weather: Weather) {
        self.weather.send_replace(weather);
        if weather == Weather::Cut {
            self.reset();
        }
    }

    /// Resets every connection there is.
    pub(crate) fn reset(&self) {
        self.resets.send_modify(|resets| *resets += 1);
    }
}

/// One connection on the way.
struct Passage {
    weather: watch::Receiver<Weather>,
    reset: watch::Receiver<u32>,
    dice: Dice,
}

impl Passage {
    async fn open(mut self, mut near: TcpStream, target: u16) {
        self.reset.mark_unchanged();
        let far = if *self.weather.borrow() == Weather::Cut {
            None
        } else {
            TcpStream::connect(("127.0.0.1", target)).await.ok()
        };
        let Some(mut far) = far else {
            let _ = near.set_zero_linger(); // it is closed in any case
            return;
        };
        let _ = (near.set_nodelay(true), far.set_nodelay(true)); // slower else, and no more
        let broken = {
            let (near_in, near_out) = near.split();
            let (far_in, far_out) = far.split();
            let both = async { tokio::try_join!(self.carry(near_in, far_out), self.carry(far_in, near_out)) };
            let mut reset = self.reset.clone();
            tokio::select! {
                carried = both => carried.is_err(),
                _ = reset.changed() => true,
            }
        };
        if broken {
            let _ = (near.set_zero_linger(), far.set_zero_linger()); // they are closed in any case
        }
    }

    async fn carry(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = from.read(&mut buffer).await?;
            self.hold_up().await;
            if length == 0 {
                return to.shutdown().await;
            }
            to.write_all(&buffer[..length]).await?;
        }
    }

    async fn hold_up(&self) {
        let mut weather = self.weather.clone();
        let now = *weather.borrow_and_update();
        match now {
            Weather::Slow { of_hundred, up_to } if self.dice.chance(of_hundred) => {
                tokio::time::sleep(self.dice.time(up_to)).await;
            }
            Weather::Silent => {
                let _ = weather.wait_for(|weather| *weather != Weather::Silent).await; // the link is gone else
            }
            Weather::Clear | Weather::Slow { .. } | Weather::Cut => {}
        }
    }
}

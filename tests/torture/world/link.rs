//! A way between two programs on which things happen: bytes are held up, connections are reset, nobody is reached.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// What is caught on the way to the database: what an account's batches begin with, or their commits, or the answers to these.
#[derive(Clone, Debug)]
pub(crate) struct Snare {
    pub(crate) account_id: String,
    pub(crate) at: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Everything was read, and nothing is locked.
    Begin,
    /// Every condition was met.
    Commit,
    /// It was committed. Once, the answer is not let through, and the connection is reset in its place.
    Answer,
}

/// One link. Its port is what a program is told in place of the other's.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) port: u16,
    weather: watch::Sender<Weather>,
    /// Raised by each reset.
    resets: watch::Sender<u32>,
    snares: watch::Sender<Vec<Snare>>,
    /// Raised by each piece that a snare catches.
    caught: watch::Sender<u32>,
}

impl Link {
    /// Opens a way to a port of this machine.
    pub(crate) async fn to(name: &str, target: u16, dice: Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (weather, forecast) = watch::channel(Weather::Clear);
        let (resets, reset) = watch::channel(0);
        let snares = watch::Sender::new(Vec::new());
        let laid = snares.clone();
        let caught = watch::Sender::new(0);
        let catches = caught.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let passage = Passage {
                    weather: forecast.clone(),
                    reset: reset.clone(),
                    dice: dice.clone(),
                    snares: laid.clone(),
                    gagged: AtomicBool::new(false),
                    caught: catches.clone(),
                };
                tokio::spawn(passage.open(near, target));
            }
        });
        Self { name: name.to_owned(), port, weather, resets, snares, caught }
    }

    /// Catches what the snare is for until it is taken away; what comes out says when something is caught.
    pub(crate) fn lay(&self, snare: Snare) -> watch::Receiver<u32> {
        let caught = self.caught.subscribe();
        self.snares.send_modify(|snares| snares.push(snare));
        caught
    }

    /// Takes the snares of an account away.
    pub(crate) fn let_go(&self, account_id: &str) {
        self.snares.send_modify(|snares| snares.retain(|snare| snare.account_id != account_id));
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
    snares: watch::Sender<Vec<Snare>>,
    /// Whether what is answered next is not let through.
    gagged: AtomicBool,
    caught: watch::Sender<u32>,
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
            let both = async {
                tokio::try_join!(self.carry(near_in, far_out, true), self.carry(far_in, near_out, false))
            };
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

    async fn carry(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, asks: bool) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        let mut batch = None;
        loop {
            let length = from.read(&mut buffer).await?;
            if !asks && self.gagged.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            self.hold_up().await;
            if asks {
                self.ensnare(&buffer[..length], &mut batch).await;
            }
            if length == 0 {
                return to.shutdown().await;
            }
            to.write_all(&buffer[..length]).await?;
        }
    }

    /// Holds a piece up while there is a snare for it, or sees to its answer. `batch`: whose account the batch under way is
    /// of, if it is one with a snare.
    async fn ensnare(&self, piece: &[u8], batch: &mut Option<Snare>) {
        let mut snares = self.snares.subscribe();
        let has = |text: &[u8]| piece.windows(text.len()).any(|part| part == text);
        let begins = has(b"BEGIN ISOLATION");
        if begins {
            let laid = snares.borrow_and_update();
            *batch = laid.iter().find(|snare| has(snare.account_id.as_bytes())).cloned();
        }
        let Some(Snare { account_id, at }) = batch else { return };
        let now = match at {
            Moment::Begin => begins,
            Moment::Commit | Moment::Answer => has(b"COMMIT\0"),
        };
        let lies = |laid: &Vec<Snare>| laid.iter().any(|snare| snare.account_id == *account_id);
        if now && lies(&snares.borrow()) {
            self.caught.send_modify(|caught| *caught += 1);
            if *at == Moment::Answer {
                self.gagged.store(true, Ordering::Relaxed);
                self.snares.send_modify(|laid| laid.retain(|snare| snare.account_id != *account_id));
            }
            let _ = snares.wait_for(|laid| !lies(laid)).await; // the link is gone else
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

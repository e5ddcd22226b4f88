//! Files that are sent while they are made: whoever reads slowly keeps the maker waiting, and nothing grows in memory. What a file is made
//! from is held for few at a time, so nobody holds more than a part of it, or for longer than a slow line needs.

use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::store::clock::Clock;

/// Files that are under way at once: each holds a thread and memory for a document, or a snapshot of the database.
const FILES: usize = 4;

/// Of these, those of one person or program.
const OF_ONE: usize = 2;

/// How long whoever downloads may take nothing. A computer that was shut on its way home would hold its file until the network gives up.
const STALLED: Duration = Duration::from_mins(1);

/// Bytes a second that the slowest line takes. Whoever takes a little now and then would hold a file for as long as they like.
const SLOWEST: u32 = 16 * 1024;

/// The files under way.
pub struct UnderWay {
    by_taker: Mutex<HashMap<String, usize>>,
    clock: Clock,
}

impl UnderWay {
    /// None yet.
    pub fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { by_taker: Mutex::default(), clock })
    }

    /// A place for a file of this taker; none where they have as many as one may have, or all are taken.
    pub fn begin(self: &Arc<Self>, taker: &str) -> Option<Place> {
        let mut by_taker = self.by_taker.lock().unwrap_or_else(PoisonError::into_inner);
        let own = by_taker.get(taker).copied().unwrap_or_default();
        if own == OF_ONE || by_taker.values().sum::<usize>() == FILES {
            return None;
        }
        by_taker.insert(taker.to_owned(), own + 1);
        Some(Place { taker: taker.to_owned(), under_way: Arc::clone(self) })
    }
}

/// A place for a file, until it is dropped.
pub struct Place {
    taker: String,
    under_way: Arc<UnderWay>,
}

impl Place {
    /// A way to the taker, and what comes by it: a file, once it has a name.
    pub fn open(&self) -> (Way, mpsc::Receiver<Part>) {
        Way::with(STALLED, self.under_way.clock.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_taker = self.under_way.by_taker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = by_taker.get_mut(&self.taker) {
            *own -= 1;
        }
        by_taker.retain(|_, own| *own > 0);
    }
}

/// How long whoever downloads has kept the maker waiting, and how much they took.
struct Patience {
    stalled: Duration,
    waited: Duration,
    taken: u64,
}

impl Patience {
    /// How long they may take for the next piece.
    fn left(&self) -> Duration {
        let at_the_slowest = Duration::from_secs(self.taken / u64::from(SLOWEST));
        (self.stalled + at_the_slowest).saturating_sub(self.waited).min(self.stalled)
    }

    fn took(&mut self, bytes: usize, waited: Duration) {
        self.waited += waited;
        self.taken += bytes as u64;
    }
}

/// What is sent to whoever downloads.
pub enum Part {
    /// A piece of the file.
    Bytes(Bytes),
    /// Nothing: it is whole.
    End,
}

/// The way to them.
#[derive(Clone)]
pub struct Way {
    to: mpsc::Sender<Part>,
    patience: Arc<Mutex<Patience>>,
    clock: Clock,
}

impl Way {
    fn with(stalled: Duration, clock: Clock) -> (Self, mpsc::Receiver<Part>) {
        let (to, from) = mpsc::channel(4);
        let patience = Patience { stalled, waited: Duration::ZERO, taken: 0 };
        (Self { to, patience: Arc::new(Mutex::new(patience)), clock }, from)
    }

    fn patience(&self) -> MutexGuard<'_, Patience> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for them, as long as they go on taking.
    pub async fn send(&self, part: Part) -> io::Result<()> {
        let gone =
            || io::Error::new(io::ErrorKind::BrokenPipe, "whoever asked for it has gone, or is too slow");
        let bytes = match &part {
            Part::Bytes(piece) => piece.len(),
            Part::End => 0,
        };
        let (begun, longest) = (self.clock.now(), self.patience().left());
        let sent = tokio::time::timeout(longest, self.to.send(part)).await;
        self.patience().took(bytes, self.clock.now().since(begun));
        sent.map_err(|_| gone())?.map_err(|_| gone())
    }
}

/// A file of what comes. Where the end never does, the connection is cut, so that nobody takes what came for the whole.
pub fn file(kind: &'static str, name: &str, parts: mpsc::Receiver<Part>) -> Response {
    let headers =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    (headers, Body::from_stream(pieces(parts))).into_response()
}

fn pieces(parts: mpsc::Receiver<Part>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(parts), |parts| async {
        let mut parts = parts?;
        match parts.recv().await {
            Some(Part::Bytes(piece)) => Some((Ok(piece), Some(parts))),
            Some(Part::End) => None,
            None => Some((Err(io::Error::other("what was to be sent broke off")), None)),
        }
    })
}

/// A file of pieces, the last of which may be an error. Its place is held until the last of them was taken.
pub fn attachment(
    place: Place,
    (kind, name): (&'static str, &str),
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    let (way, parts) = place.open();
    tokio::spawn(
        async move {
            if let Err(error) = send_all(&way, pieces).await {
                tracing::warn!(%error, "a file was not downloaded to the end");
            }
            drop(place);
        }
        .in_current_span(),
    );
    file(kind, name, parts)
}

async fn send_all(way: &Way, pieces: impl Stream<Item = io::Result<Bytes>>) -> io::Result<()> {
    let mut pieces = pin!(pieces);
    while let Some(piece) = pieces.next().await {
        way.send(Part::Bytes(piece?)).await?;
    }
    way.send(Part::End).await
}

/// A part of a file's name, in letters that every header and every system takes.
pub fn plain(text: &str) -> String {
    text.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_for_too_long_holds_nothing_any_more() {
        let (held, released) = oneshot::channel::<()>();
        let endless =
            stream::unfold(held, |held| async move { Some((Ok(Bytes::from_static(b"a line\n")), held)) });
        let (way, parts) = Way::with(Duration::ZERO, Clock::system());
        let sending = tokio::spawn(async move { send_all(&way, endless).await });
        assert!(released.await.is_err(), "what the file is made from is let go");
        assert!(sending.await.unwrap().is_err());
        let all: Vec<_> = pieces(parts).collect().await;
        assert!(all.len() > 1 && all.last().is_some_and(Result::is_err), "nobody takes a part for the whole");
    }

    #[tokio::test]
    async fn a_file_that_is_taken_comes_whole_and_one_that_breaks_off_does_not() {
        for (broken, whole) in [(false, true), (true, false)] {
            let last = if broken { Err(io::Error::other("gone")) } else { Ok(Bytes::from_static(b"2")) };
            let place = UnderWay::new(Clock::system()).begin("anna").unwrap();
            let pieces = stream::iter([Ok(Bytes::from_static(b"1")), last]);
            let answer = attachment(place, ("text/csv", "a.csv"), pieces);
            let all: Vec<_> = answer.into_body().into_data_stream().collect().await;
            assert_eq!(all.iter().all(Result::is_ok), whole);
            assert_eq!(all.len(), 2);
        }
    }

    #[test]
    fn who_takes_a_little_now_and_then_is_too_slow_and_a_slow_line_is_not() {
        let piece = 64 * 1024;
        let mut patience = Patience { stalled: STALLED, waited: Duration::ZERO, taken: 0 };
        patience.took(piece, Duration::from_secs(59));
        assert_eq!(patience.left(), Duration::from_secs(5));
        patience.took(0, Duration::from_secs(5));
        assert!(patience.left().is_zero());

        let mut patience = Patience { stalled: STALLED, waited: Duration::ZERO, taken: 0 };
        for _ in 0..100_000 {
            patience.took(piece, Duration::from_secs(4));
            assert_eq!(patience.left(), STALLED);
        }
    }

    #[test]
    fn nobody_takes_all_places_and_a_file_gives_its_place_back() {
        let under_way = UnderWay::new(Clock::system());
        let anna = [(); OF_ONE].map(|()| under_way.begin("anna").unwrap());
        assert!(under_way.begin("anna").is_none());
        let others: Vec<_> =
            (OF_ONE..FILES).map(|taker| under_way.begin(&taker.to_string()).unwrap()).collect();
        assert!(under_way.begin("berthe").is_none(), "all are taken");
        drop(others);
        assert!(under_way.begin("anna").is_none());
        assert!(under_way.begin("berthe").is_some());
        drop(anna);
        assert!(under_way.begin("anna").is_some());
        assert!(under_way.by_taker.lock().unwrap().is_empty(), "of whoever is gone nothing is kept");
    }
}

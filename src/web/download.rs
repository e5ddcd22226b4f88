//! Files that are sent while they are made: whoever reads slowly keeps the maker waiting, and nothing grows in memory.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tokio::sync::mpsc;
use tracing::Instrument as _;

/// How long whoever downloads may take nothing. What a file is made from is held for few at a time, and a computer that was shut on its
/// way home would hold it until the network gives up.
const STALLED: Duration = Duration::from_mins(1);

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
    patience: Duration,
}

impl Way {
    /// A way, and what comes by it: a file, once it has a name.
    pub fn open() -> (Self, mpsc::Receiver<Part>) {
        Self::with(STALLED)
    }

    fn with(patience: Duration) -> (Self, mpsc::Receiver<Part>) {
        let (to, from) = mpsc::channel(4);
        (Self { to, patience }, from)
    }

    /// Waits for them, as long as they take something now and then.
    pub async fn send(&self, part: Part) -> io::Result<()> {
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "whoever asked for it has gone");
        let sent = tokio::time::timeout(self.patience, self.to.send(part)).await;
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

/// A file of pieces, the last of which may be an error.
pub fn attachment(
    kind: &'static str,
    name: &str,
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    let (way, parts) = Way::open();
    tokio::spawn(
        async move {
            if let Err(error) = send_all(&way, pieces).await {
                tracing::warn!(%error, "a file was not downloaded to the end");
            }
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
        let (way, parts) = Way::with(Duration::ZERO);
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
            let answer = attachment("text/csv", "a.csv", stream::iter([Ok(Bytes::from_static(b"1")), last]));
            let all: Vec<_> = answer.into_body().into_data_stream().collect().await;
            assert_eq!(all.iter().all(Result::is_ok), whole);
            assert_eq!(all.len(), 2);
        }
    }
}

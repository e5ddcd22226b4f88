//! Files that are sent while they are made: whoever reads slowly keeps the maker waiting, and nothing grows in memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http_body::Frame;
use tokio::sync::mpsc;

/// Pieces on their way at once.
const AHEAD: usize = 4;

/// A piece, or that there is no going on: the connection is cut, so that nobody takes what came for the whole.
type Piece = Result<Bytes, io::Error>;

/// Where the pieces of a file are handed over. Whoever reads may have gone: then there is nobody to make it for.
pub type Outlet = mpsc::Sender<Piece>;

struct Pieces(mpsc::Receiver<Piece>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map_ok(Frame::data)
    }
}

/// A table for office programs. `name` is of ASCII letters, digits, dots and hyphens.
pub fn table(name: &str) -> (Outlet, Response) {
    let (outlet, pieces) = mpsc::channel(AHEAD);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (outlet, (headers, Body::new(Pieces(pieces))).into_response())
}

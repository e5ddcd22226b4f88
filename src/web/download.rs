//! Files that are sent while they are made: whoever reads slowly keeps the maker waiting, and nothing grows in memory.

use std::io;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

/// A file of pieces. An error among them cuts the connection, so that nobody takes what came for the whole.
pub fn attachment(
    kind: &'static str,
    name: &str,
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    let headers =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    (headers, Body::from_stream(pieces)).into_response()
}

/// A part of a file's name, in letters that every header and every system takes.
pub fn plain(text: &str) -> String {
    text.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' }).collect()
}

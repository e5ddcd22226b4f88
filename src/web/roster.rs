//! Who is left, sent as a table while it is read.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::response::Response;

use crate::domain::reset_order::OrderId;
use crate::domain::territory::TerritoryCode;
use crate::flows::context::Context;
use crate::flows::reset_order::left::{Left, Remaining};
use crate::paper::roster::{Entry, head, lines};
use crate::web::answer::log;
use crate::web::download::{Outlet, table};

/// Sends a list that was begun.
pub fn send(ctx: &Arc<Context>, name: &str, remaining: Remaining) -> Response {
    let (outlet, response) = table(name);
    let ctx = Arc::clone(ctx);
    tokio::spawn(async move {
        if let Err(error) = fill(&ctx, remaining, &outlet).await {
            let _ = outlet.send(Err(error)).await;
        }
    });
    response
}

async fn fill(ctx: &Context, mut remaining: Remaining, outlet: &Outlet) -> io::Result<()> {
    let mut piece = head()?;
    loop {
        if outlet.send(Ok(Bytes::from(piece))).await.is_err() {
            return Ok(());
        }
        let next = remaining.next(ctx).await.map_err(|error| {
            log(&error);
            io::Error::other("the list cannot be read to its end")
        })?;
        let Some(left) = next else { return Ok(()) };
        piece = lines(left.iter().map(entry))?;
    }
}

/// What the file is called: the order, and the place if it is one of several.
pub fn file_name(id: &OrderId, place: Option<&TerritoryCode>) -> String {
    let order = id.0.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>();
    let place = place.map(TerritoryCode::as_str).unwrap_or_default();
    let sign = |sign: char| if sign.is_ascii_alphanumeric() { sign } else { '-' };
    let name = format!("left-{order}-{}", place.chars().map(sign).collect::<String>());
    format!("{}.csv", name.trim_end_matches('-'))
}

/// Somebody as a line of the table.
pub fn entry(left: &Left) -> Entry<'_> {
    Entry {
        school: &left.school,
        school_code: &left.school_code,
        class: &left.class,
        profile: left.profile,
        family_name: &left.person.family_name,
        given_name: &left.person.given_name,
        login: &left.person.login,
        printed: left.printed,
    }
}

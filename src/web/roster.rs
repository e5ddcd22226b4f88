//! Who is left, sent as a table while it is read.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::response::Response;
use futures_util::stream;

use crate::domain::reset_order::OrderId;
use crate::domain::territory::TerritoryCode;
use crate::flows::reset_order::left::{Left, Remaining};
use crate::paper::roster::{Entry, Words, head, lines};
use crate::web::answer::log;
use crate::web::app::App;
use crate::web::download::{Place, attachment, plain};
use crate::web::pages::text::Language;

/// What comes next of a list.
enum Next {
    Head(Remaining),
    Lines(Remaining),
}

/// Sends a list that was begun.
pub fn send(app: &App, place: Place, (language, name): (Language, &str), remaining: Remaining) -> Response {
    let (ctx, words) = (Arc::clone(&app.ctx), Arc::new(words(language)));
    let pieces = stream::try_unfold(Next::Head(remaining), move |next| {
        let (ctx, words) = (Arc::clone(&ctx), Arc::clone(&words));
        async move {
            let mut remaining = match next {
                Next::Head(remaining) => {
                    return Ok(Some((Bytes::from(head(&words)?), Next::Lines(remaining))));
                }
                Next::Lines(remaining) => remaining,
            };
            let few = remaining.next(&ctx).await.map_err(|error| {
                log(&error);
                io::Error::other("the list cannot be read to its end")
            })?;
            let Some(few) = few else { return Ok(None) };
            Ok(Some((Bytes::from(lines(&words, few.iter().map(entry))?), Next::Lines(remaining))))
        }
    });
    attachment(place, ("text/csv; charset=utf-8; header=present", name), pieces)
}

/// The words of the table.
pub fn words(language: Language) -> Words {
    let head = [
        "roster-school",
        "roster-school-code",
        "roster-class",
        "roster-profile",
        "roster-family-name",
        "roster-given-name",
        "roster-login",
        "roster-printed",
    ];
    Words {
        head: head.map(|key| language.text(key)),
        yes: language.text("roster-yes"),
        no: language.text("roster-no"),
    }
}

/// What the file is called: the order, and the place if it is one of several.
pub fn file_name(id: &OrderId, place: Option<&TerritoryCode>) -> String {
    let order = id.0.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>();
    let place = place.map(TerritoryCode::as_str).unwrap_or_default();
    let name = format!("left-{order}-{}", plain(place));
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

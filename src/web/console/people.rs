//! Looking for people.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use url::form_urlencoded::Serializer;

use crate::flows::people::search::{LONGEST, search};
use crate::flows::unavailable::Unavailable;
use crate::web::answer::page;
use crate::web::app::App;
use crate::web::console::view::people::{PeoplePage, Row};
use crate::web::console::{PEOPLE, Room};
use crate::web::extract::form::Query;
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// GET `/console/people`.
pub async fn show(State(app): State<App>, visit: Visit, query: Query) -> Response {
    let room = Room::new(&app, visit);
    list(&room, query).await.unwrap_or_else(|error| room.unavailable(&error))
}

async fn list(room: &Room<'_>, query: Query) -> Result<Response, Unavailable> {
    let desk = match room.operator().await? {
        Ok(desk) => desk,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Ok(query) = query.0 else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let (Ok(typed), Ok(from)) = (query.one_line("q", LONGEST), query.one_line("from", 200)) else {
        return Ok(room.trouble(Trouble::InvalidRequest));
    };
    // The first page shows nobody before something was asked, and everybody where nothing was typed.
    let asked = query.under("q").next().is_some();
    let typed = typed.unwrap_or_default();
    let people = if asked { search(&room.app.ctx, &desk, typed, from).await? } else { None };
    let rows: Vec<Row> = people.iter().flat_map(|people| &people.found).map(Row::of).collect();
    let next = people.and_then(|people| people.next);
    let address = |from: Option<&str>| {
        let mut pairs = Serializer::new(String::new());
        if asked {
            pairs.append_pair("q", typed);
        }
        if let Some(from) = from {
            pairs.append_pair("from", from);
        }
        pairs.finish()
    };
    let here = address(from);
    let switch = format!("{PEOPLE}?{here}&ui_locales={}", room.language.other().tag());
    let next = next.map(|next| {
        let chosen = room.visit.spoken.asked().map(|_| format!("&ui_locales={}", room.language.tag()));
        format!("{PEOPLE}?{}{}", address(Some(&next)), chosen.unwrap_or_default())
    });
    let view = PeoplePage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        typed,
        asked,
        rows: &rows,
        next: next.as_deref(),
    };
    Ok(page(StatusCode::OK, &view, &[]))
}

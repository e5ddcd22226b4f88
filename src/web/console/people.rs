//! Looking for people.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use url::form_urlencoded::Serializer;

use crate::flows::actor::Origin;
use crate::flows::people::search::{LONGEST, Question, search};
use crate::store::people::Who;
use crate::web::answer::page;
use crate::web::api::cursor;
use crate::web::app::App;
use crate::web::console::view::people::{PeoplePage, Row};
use crate::web::console::{Answer, PEOPLE, Room};
use crate::web::extract::form::Query;
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// People on one page.
const PAGE: u32 = 25;

/// GET `/console/people`.
pub async fn show(State(app): State<App>, visit: Visit, origin: Origin, query: Query) -> Response {
    let room = Room::new(&app, visit);
    room.end(list(&room, origin, query).await)
}

async fn list(room: &Room<'_>, origin: Origin, query: Query) -> Answer {
    let desk = room.operator().await?;
    let Ok(query) = query.0 else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let (Ok(typed), Ok(from)) = (query.one_line("q", LONGEST), query.one_line("from", 300)) else {
        return Ok(room.trouble(Trouble::InvalidRequest));
    };
    // The first page shows nobody before something was asked, and everybody where nothing was typed.
    let asked = query.under("q").next().is_some();
    let typed = typed.unwrap_or_default();
    let (ctx, actor) = (&room.app.ctx, desk.actor(None, origin));
    let question = Question { typed, place: None, who: Who::Anybody, state: None };
    let searched = format!("people {typed}");
    // Anything that is not a page of this search by this operator begins anew.
    let after = cursor::read(ctx, &actor, &searched, from).ok().flatten();
    let people = if asked { search(ctx, &actor, &question, after, PAGE).await? } else { None };
    let rows: Vec<Row> = people.iter().flat_map(|people| &people.seen).map(|it| Row::of(&it.found)).collect();
    let next = people.and_then(|people| cursor::write(ctx, &actor, &searched, &people.next?));
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

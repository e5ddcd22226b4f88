//! The first page: who I am, and where I go from here.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::domain::jurisdiction::RoleGrant;
use crate::flows::actor::Origin;
use crate::flows::people::operators::waiting;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::web::answer::page;
use crate::web::app::App;
use crate::web::console::view::{HomePage, Place};
use crate::web::console::{Answer, Room, orders};
use crate::web::extract::visit::Visit;

/// GET `/console`.
pub async fn show(State(app): State<App>, visit: Visit, origin: Origin) -> Response {
    let room = Room::new(&app, visit);
    room.end(home(&room, origin).await)
}

async fn home(room: &Room<'_>, origin: Origin) -> Answer {
    let desk = room.operator().await?;
    let mut places = Vec::with_capacity(desk.visitor.roles.len());
    for held in &desk.visitor.roles {
        places.push(place(room, held).await?);
    }
    let switch = room.switch();
    let factor = store::factor::find(&room.app.ctx.db, desk.visitor.account()).await?;
    let actor = desk.actor(None, origin);
    let view = HomePage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        places: &places,
        roles_waiting: waiting(&room.app.ctx, &actor)
            .await?
            .is_some_and(|waiting| waiting.iter().any(|waiting| !waiting.is_own)),
        waiting: orders::waiting(room, &actor).await?,
        drafts: orders::drafts(room, &actor).await?,
        spare: factor.map(|factor| factor.spare).unwrap_or_default(),
    };
    Ok(page(StatusCode::OK, &view, &[]))
}

async fn place(room: &Room<'_>, held: &RoleGrant) -> Result<Place, Unavailable> {
    let found = match held.over.code() {
        Some(code) => store::territory::find(&room.app.ctx.db, &code).await?,
        None => None,
    };
    let name = found.map_or_else(|| held.over.as_str().to_owned(), |place| place.name);
    Ok(Place { role: held.role, name })
}

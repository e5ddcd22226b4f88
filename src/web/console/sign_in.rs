//! Signing in to the console, and leaving it.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::domain::secret::Secret;
use crate::flows::console::destination::Destination;
use crate::flows::console::sign_in::{self, Returned};
use crate::flows::console::sign_out;
use crate::flows::unavailable::Unavailable;
use crate::oidc::parameters::Parameters;
use crate::web::answer::{page, see_other};
use crate::web::app::App;
use crate::web::console::{Answer, HOME, Room};
use crate::web::extract::cookies::{Name, read, set_for, unset};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::{LoggedOutPage, Trouble};

/// Off to the sign-in, which leads back to [`callback`], and from there to where somebody was going.
pub(super) async fn begin(
    app: &App,
    visit: &Visit,
    wanted: Option<&Destination>,
) -> Result<Response, Unavailable> {
    let begun = sign_in::begin(&app.ctx, visit.spoken.asked(), wanted).await?;
    let lifetime = app.ctx.settings.interaction;
    let jar = set_for(visit.jar.clone(), &app.site, Name::ConsoleSignIn, begun.cookie.expose(), lifetime);
    Ok((jar, see_other(&begun.location)).into_response())
}

/// GET `/console/callback`: the answer to our own request. Whatever is wrong with it, the first page begins anew, but not for
/// whoever gave up, and not by itself: two cookies that are never sent back would lead in a circle.
pub async fn callback(State(app): State<App>, visit: Visit, query: Query) -> Response {
    let room = Room::new(&app, visit);
    room.end(finish(&room, query).await)
}

async fn finish(room: &Room<'_>, query: Query) -> Answer {
    let Ok(query) = query.0 else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let cookie = read(&room.visit.jar, &room.app.site, Name::ConsoleSignIn);
    let jar = unset(room.visit.jar.clone(), &room.app.site, Name::ConsoleSignIn);
    if query.one("error").ok().flatten().is_some() {
        return Ok((jar, see_other("/")).into_response());
    }
    let (Some(cookie), Some(returned)) = (cookie, returned(&query)) else {
        return Ok(room.trouble(Trouble::Expired));
    };
    match sign_in::finish(&room.app.ctx, &cookie, returned).await? {
        Some(entered) => {
            let jar = unset(room.keep(&entered.cookie), &room.app.site, Name::ConsoleSignIn);
            Ok((jar, room.back(entered.wanted.as_ref())).into_response())
        }
        None => Ok((jar, room.trouble(Trouble::Expired)).into_response()),
    }
}

fn returned(query: &Parameters) -> Option<Returned> {
    let text = |name| query.one(name).ok().flatten().map(str::to_owned);
    Some(Returned { code: Secret::new(text("code")?), state: text("state")? })
}

/// POST `/console/sign-out`.
pub async fn leave(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let room = Room::of_form(&app, visit, HOME, &[]);
    room.end(signed_out(&room, form).await)
}

async fn signed_out(room: &Room<'_>, form: Form) -> Answer {
    let visitor = room.visitor().await?;
    room.form(&visitor, form)?;
    let browser = room.visit.browser(room.app).await?;
    sign_out::leave(&room.app.ctx, room.cookie().as_ref(), &browser).await?;
    let jar = unset(room.visit.jar.clone(), &room.app.site, Name::Console);
    let jar = unset(jar, &room.app.site, Name::Session);
    let view = LoggedOutPage { frame: room.frame(None), back: None };
    Ok((jar, page(StatusCode::OK, &view, &[])).into_response())
}

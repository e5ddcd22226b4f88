//! The second factor: enrolled once, shown at each sign-in, and again before acts that reach many.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use url::form_urlencoded::byte_serialize;

use crate::domain::factor::base32;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::console::Visitor;
use crate::flows::factor::enrol::{self, Enrolled, may_have_list, offer};
use crate::flows::factor::factor_of;
use crate::flows::factor::renew_codes::{Renewed, renew_codes};
use crate::flows::factor::show::{Shown, show_factor};
use crate::oidc::parameters::Parameters;
use crate::web::answer::page;
use crate::web::api::problem::Problem;
use crate::web::app::App;
use crate::web::console::view::{
    CodesPage, ConfirmPage, EnrolPage, FactorPage, PermitPage, Picture, Refused, Resumed,
};
use crate::web::console::{Answer, Elsewhere, FACTOR, HOME, Room};
use crate::web::extract::form::Form;
use crate::web::extract::visit::Visit;
use crate::web::pages::change_form::retry;

/// What of a form is carried through the page that asks for a factor again.
const FIELD: &str = "field.";

/// GET `/console/factor`: shows the page that is due.
pub async fn show(State(app): State<App>, visit: Visit) -> Response {
    // No page to come back to: whoever has shown a factor goes on.
    let room = Room { here: None, ..Room::new(&app, visit) };
    let shown = async {
        let visitor = room.visitor().await?;
        due(&room, &visitor, None).await
    };
    room.end(shown.await)
}

/// POST `/console/factor`: a factor is shown.
pub async fn prove(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let room = Room::of_form(&app, visit, HOME, &[]);
    room.end(proved(&room, form).await)
}

/// POST `/console/factor/permit`: a code that gives leave to enrol one.
pub async fn permit(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let room = Room::of_form(&app, visit, HOME, &[]);
    room.end(enrolled(&room, form, Step::Permit).await)
}

/// POST `/console/factor/app`: the first digits of an app.
pub async fn enrol_app(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let room = Room::of_form(&app, visit, HOME, &[]);
    room.end(enrolled(&room, form, Step::App).await)
}

/// POST `/console/factor/list`: a list of codes instead.
pub async fn enrol_list(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let room = Room::of_form(&app, visit, HOME, &[]);
    room.end(enrolled(&room, form, Step::List).await)
}

/// POST `/console/factor/codes`: other codes to stand in for the factor.
pub async fn renew(State(app): State<App>, visit: Visit, form: Form) -> Response {
    let room = Room::of_form(&app, visit, HOME, &[]);
    room.end(renewed(&room, form).await)
}

/// A step of the enrolment.
#[derive(Clone, Copy)]
enum Step {
    Permit,
    App,
    List,
}

/// Shows the factor page to somebody whose act needs a factor that was shown lately. What was typed is kept, and goes on to where
/// it was sent.
pub(super) async fn ask_again(room: &Room<'_>, visitor: &Visitor, form: &Parameters) -> Answer {
    let then = format!("{}{}", room.visit.path, room.suffix());
    let fields = form.under("").filter(|(name, _)| *name != "csrf");
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let resumed = Resumed { seal: seal(room, visitor, &then), then, fields };
    factor_page(room, visitor, None, Some(&resumed)).await
}

/// The problem, for the page that the form was on; but where nothing is missing but a factor that was shown lately, it is asked
/// for instead.
pub(super) async fn or_ask_again(
    room: &Room<'_>,
    visitor: &Visitor,
    form: &Parameters,
    problem: Problem,
) -> Result<Problem, Elsewhere> {
    if problem.is_factor_too_old() {
        return Err(ask_again(room, visitor, form).await?.into());
    }
    Ok(problem)
}

async fn due(room: &Room<'_>, visitor: &Visitor, refused: Option<Refused>) -> Answer {
    if factor_of(&room.app.ctx, visitor.account(), &visitor.roles).await?.is_some() {
        return factor_page(room, visitor, refused, None).await;
    }
    let switch = room.switch();
    let (frame, desk) = (room.frame(Some(&switch)), room.desk(visitor));
    let status = Refused::status(refused.as_ref());
    if !visitor.may_enrol() {
        return Ok(page(status, &PermitPage { frame, desk, refused }, &[]));
    }
    let secret = base32(&offer(&room.app.ctx, visitor).await?);
    let address = app_address(&room.app.site.name, &visitor.person.login, &secret);
    let view = EnrolPage {
        frame,
        desk,
        refused,
        picture: Picture::of(&address),
        groups: groups(&secret),
        list: may_have_list(visitor),
    };
    Ok(page(status, &view, &[]))
}

async fn factor_page(
    room: &Room<'_>,
    visitor: &Visitor,
    refused: Option<Refused>,
    resumed: Option<&Resumed>,
) -> Answer {
    let Some(factor) = factor_of(&room.app.ctx, visitor.account(), &visitor.roles).await? else {
        return Ok(room.go(FACTOR));
    };
    // Another language by a GET would lose what was typed.
    let switch = resumed.is_none().then(|| room.switch());
    let status = match (&refused, resumed) {
        (None, Some(_)) => StatusCode::FORBIDDEN,
        (refused, _) => Refused::status(refused.as_ref()),
    };
    let view = FactorPage {
        frame: room.frame(switch.as_deref()),
        desk: room.desk(visitor),
        refused,
        kind: factor.kind,
        resumed,
    };
    Ok(page(status, &view, &[]))
}

async fn proved(room: &Room<'_>, form: Form) -> Answer {
    let visitor = room.visitor().await?;
    let form = room.form(&visitor, form)?;
    let resumed = resumed(room, &visitor, &form);
    let refused = match show_factor(&room.app.ctx, &visitor, &typed(&form)).await? {
        Shown::Right(cookie) => return Ok(shown(room, &visitor, &cookie, resumed)),
        Shown::Ended => return Ok(room.go(HOME)),
        Shown::Wrong => Refused::Wrong,
        Shown::Throttled { until } => throttled(room, until),
    };
    factor_page(room, &visitor, Some(refused), resumed.as_ref()).await
}

/// On to the page that was asked for, or back to the act that asked.
fn shown(room: &Room<'_>, visitor: &Visitor, cookie: &Secret, resumed: Option<Resumed>) -> Response {
    let jar = room.keep(cookie);
    let Some(resumed) = resumed else {
        return (jar, room.back(visitor.session.wanted.as_ref())).into_response();
    };
    let csrf = Visitor::csrf_of(&room.app.ctx, cookie);
    let desk = view_desk(room, visitor, &csrf);
    let view = ConfirmPage { frame: room.frame(None), desk, resumed: &resumed };
    (jar, page(StatusCode::OK, &view, &[])).into_response()
}

fn view_desk(room: &Room<'_>, visitor: &Visitor, csrf: &Secret) -> super::view::Desk {
    super::view::Desk { csrf: csrf.clone(), is_in: true, ..room.desk(visitor) }
}

async fn enrolled(room: &Room<'_>, form: Form, step: Step) -> Answer {
    let visitor = room.visitor().await?;
    let form = room.form(&visitor, form)?;
    let ctx = &room.app.ctx;
    let outcome = match step {
        Step::Permit => enrol::permit(ctx, &visitor, &typed(&form)).await?,
        Step::App => enrol::enrol_app(ctx, &visitor, &typed(&form)).await?,
        Step::List => enrol::enrol_list(ctx, &visitor).await?,
    };
    match outcome {
        Enrolled::Done { codes, .. } if codes.is_empty() => Ok(room.go(FACTOR)),
        Enrolled::Done { codes, cookie } => Ok(codes_page(room, &visitor, &codes, cookie.as_ref())),
        Enrolled::Ended => Ok(room.go(HOME)),
        Enrolled::Wrong => due(room, &visitor, Some(Refused::Wrong)).await,
        Enrolled::Throttled { until } => due(room, &visitor, Some(throttled(room, until))).await,
    }
}

async fn renewed(room: &Room<'_>, form: Form) -> Answer {
    let desk = room.operator().await?;
    let visitor = &desk.visitor;
    let form = room.form(visitor, form)?;
    Ok(match renew_codes(&room.app.ctx, &desk).await? {
        Renewed::Done { codes, is_list } => {
            let view = CodesPage {
                frame: room.frame(None),
                on: room.way_back(None),
                is_list,
                is_new: true,
                login: &visitor.person.login,
                codes: codes.iter().map(crate::domain::code::printed).collect(),
                desk: room.desk(visitor),
            };
            page(StatusCode::OK, &view, &[])
        }
        Renewed::FactorTooOld => ask_again(room, visitor, &form).await?,
        Renewed::Ended => room.go(HOME),
    })
}

/// The only time that the codes are shown.
fn codes_page(room: &Room<'_>, visitor: &Visitor, codes: &[Secret], cookie: Option<&Secret>) -> Response {
    let csrf = match cookie {
        Some(cookie) => Visitor::csrf_of(&room.app.ctx, cookie),
        None => visitor.csrf(&room.app.ctx),
    };
    let desk = super::view::Desk { csrf, is_in: cookie.is_some(), ..room.desk(visitor) };
    let view = CodesPage {
        frame: room.frame(None),
        on: match cookie {
            Some(_) => room.way_back(visitor.session.wanted.as_ref()),
            None => format!("{FACTOR}{}", room.suffix()),
        },
        is_list: cookie.is_none(),
        is_new: false,
        login: &visitor.person.login,
        codes: codes.iter().map(crate::domain::code::printed).collect(),
        desk,
    };
    let answer = page(StatusCode::OK, &view, &[]);
    match cookie {
        Some(cookie) => (room.keep(cookie), answer).into_response(),
        None => answer,
    }
}

fn typed(form: &Parameters) -> Secret {
    Secret::new(form.one("code").ok().flatten().unwrap_or_default().to_owned())
}

fn throttled(room: &Room<'_>, until: Timestamp) -> Refused {
    let clock = room.language.time(&room.app.site.local(until));
    Refused::Throttled(retry(room.app.ctx.clock.now(), until, &clock).sentence(room.frame(None)))
}

/// The act that waits for a factor, as the page has kept it; none where it did not come from a page of ours.
fn resumed(room: &Room<'_>, visitor: &Visitor, form: &Parameters) -> Option<Resumed> {
    let then = form.one("then").ok().flatten()?.to_owned();
    let sent = Secret::new(form.one("seal").ok().flatten()?.to_owned());
    let sealed = seal(room, visitor, &then);
    let fields = form.under(FIELD).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    sealed.same_as(&sent).then_some(Resumed { then, seal: sealed, fields })
}

/// Only a page of ours says where a form goes.
fn seal(room: &Room<'_>, visitor: &Visitor, then: &str) -> Secret {
    Secret::new(room.app.ctx.secrets.tag("console form goes on", &[&visitor.key, then]))
}

/// What an app reads from the picture: the address that authenticator apps agree on.
fn app_address(name: &str, login: &str, secret: &Secret) -> Secret {
    let plain = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (name, login) = (plain(name), plain(login));
    Secret::new(format!("otpauth://totp/{name}:{login}?secret={}&issuer={name}", secret.expose()))
}

/// As it is typed by hand.
fn groups(secret: &Secret) -> Vec<Secret> {
    let symbols: Vec<char> = secret.expose().chars().collect();
    symbols.chunks(4).map(|group| Secret::new(group.iter().collect())).collect()
}

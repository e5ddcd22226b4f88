//! The audit log at the console: found by who, what, to whom and when, read a page at a time, and exported.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::civil::Date;
use url::form_urlencoded::Serializer;

use crate::domain::audit_chain::{Line, Question};
use crate::domain::reset_order::OrderId;
use crate::domain::territory::{TerritoryCode, TerritoryPath, Uai};
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::{Actor, Origin};
use crate::flows::audit::export::{self, Typed as Words};
use crate::flows::audit::read::{self, Position};
use crate::flows::console::AtDesk;
use crate::flows::unavailable::Unavailable;
use crate::oidc::parameters::Parameters;
use crate::store;
use crate::web::answer::page;
use crate::web::api::cursor;
use crate::web::app::App;
use crate::web::audit_file::{Form as FileForm, file};
use crate::web::console::audit_view::{AuditPage, Bad, Row, Typed};
use crate::web::console::orders::ORDERS;
use crate::web::console::{Answer, PEOPLE, Room, acts, names};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// Where it is.
pub const AUDIT: &str = "/console/audit";

/// Lines on a page.
const PAGE: usize = 50;

/// The longest text of a field, in bytes.
const LONGEST: usize = 200;

/// GET `/console/audit`.
pub async fn show(State(app): State<App>, visit: Visit, origin: Origin, query: Query) -> Response {
    let room = Room::new(&app, visit);
    room.end(shown(&room, origin, query).await)
}

/// POST `/console/audit/export`.
pub async fn export(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let typed = form.0.as_ref().ok().and_then(typed).unwrap_or_default();
    let fields: Vec<_> = typed.fields().into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let room = Room::of_form(&app, visit, AUDIT, &fields);
    room.end(exported(&room, origin, form).await)
}

async fn shown(room: &Room<'_>, origin: Origin, query: Query) -> Answer {
    let desk = room.operator().await?;
    let Ok(query) = query.0 else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let (Some(typed), Ok(cursor)) = (typed(&query), query.one_line("cursor", 1_000)) else {
        return Ok(room.trouble(Trouble::InvalidRequest));
    };
    let ctx = &room.app.ctx;
    let actor = desk.actor(None, origin);
    let question = match question(room.app, &typed).await? {
        Ok(question) => question,
        Err(bad) => {
            let view = Answered { bad: Some(bad), ..Answered::default() };
            return Ok(audit_page(room, &desk, &typed, &view));
        }
    };
    let asked = format!("console audit {question:?}");
    let after: Option<Position> = room.position(&actor, &asked, cursor)?;
    let Ok((lines, next)) = read::list(ctx, &actor, &question, after, PAGE).await? else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    let next = next.and_then(|next| cursor::write(ctx, &actor, &asked, &next));
    let mut told = Told { room, known: HashMap::new() };
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        rows.push(told.row(line).await?);
    }
    Ok(audit_page(room, &desk, &typed, &Answered { rows, next, bad: None }))
}

/// What the question was answered with.
#[derive(Default)]
struct Answered {
    rows: Vec<Row>,
    next: Option<String>,
    bad: Option<Bad>,
}

fn audit_page(room: &Room<'_>, desk: &AtDesk, typed: &Typed, answered: &Answered) -> Response {
    let address = |pairs: &[(&str, &str)]| {
        let asked = typed.fields().into_iter().chain(pairs.iter().copied());
        let mut query = Serializer::new(String::new());
        query.extend_pairs(asked.filter(|(_, value)| !value.is_empty()));
        format!("{AUDIT}?{}", query.finish())
    };
    let switch = address(&[("ui_locales", room.language.other().tag())]);
    let next = answered.next.as_ref().map(|next| {
        let chosen = room.visit.spoken.asked().map_or("", |_| room.language.tag());
        address(&[("cursor", next), ("ui_locales", chosen)])
    });
    let view = AuditPage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        typed,
        bad: answered.bad,
        rows: &answered.rows,
        next: next.as_deref(),
    };
    let status = if answered.bad.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, &view, &[])
}

async fn exported(room: &Room<'_>, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let kind = form.one("format").ok().flatten().and_then(FileForm::named);
    let (Some(typed), Some(kind)) = (typed(&form), kind) else {
        return Ok(room.trouble(Trouble::InvalidRequest));
    };
    let question = match question(room.app, &typed).await? {
        Ok(question) => question,
        Err(bad) => {
            let view = Answered { bad: Some(bad), ..Answered::default() };
            return Ok(audit_page(room, &desk, &typed, &view));
        }
    };
    let actor: Actor = desk.actor(None, origin);
    let place = room.app.begin_file(&actor)?;
    let given = |word| Some(word).filter(|word: &&str| !word.is_empty());
    let object = question.object.as_ref().and(given(typed.about.as_str()));
    let words = Words { actor: given(typed.actor.as_str()), object };
    Ok(match export::export(&room.app.ctx, &actor, &question, words).await? {
        Ok(lines) => file(room.app, place, lines, kind),
        Err(_) => room.trouble(Trouble::NotFound),
    })
}

/// What was typed; none where it is longer than anything is, or not one line.
fn typed(parameters: &Parameters) -> Option<Typed> {
    let field = |name| {
        parameters.one_line(name, LONGEST).ok().map(|value| value.unwrap_or_default().trim().to_owned())
    };
    Some(Typed {
        actor: field("actor")?,
        act: field("act")?,
        about: field("about")?,
        from: field("from")?,
        to: field("to")?,
    })
}

/// What is asked. Of whom nobody knows there are no lines, as of somebody outside the territory.
async fn question(app: &App, typed: &Typed) -> Result<Result<Question, Bad>, Unavailable> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let days = |text: &str, later: i64| match given(text) {
        None => Some(None),
        Some(text) => Some(Some(midnight(app, &text, later)?)),
    };
    let Some(from) = days(&typed.from, 0) else { return Ok(Err(Bad::From)) };
    let Some(to) = days(&typed.to, 1) else { return Ok(Err(Bad::To)) };
    let actor = match given(&typed.actor) {
        Some(text) => Some(read::actor_of(&app.ctx, &text).await?),
        None => None,
    };
    let (object, within) = about(app, &typed.about).await?;
    Ok(Ok(Question { from, to, act: given(&typed.act), actor, object, within }))
}

/// The midnight that begins a day where the deployment is, or the one so many days later.
fn midnight(app: &App, text: &str, later: i64) -> Option<Timestamp> {
    let day: Date = text.parse().ok().filter(|day: &Date| day.to_string() == text)?;
    let day = day.checked_add(jiff::Span::new().days(later)).ok()?;
    let begins = day.to_zoned(app.site.zone.clone()).ok()?;
    Some(Timestamp::from_micros(begins.timestamp().as_microsecond()))
}

/// An object, or a place that the acts rest on: whichever the text names.
async fn about(app: &App, text: &str) -> Result<(Option<String>, Option<TerritoryPath>), Unavailable> {
    if text.is_empty() {
        return Ok((None, None));
    }
    let code =
        Uai::parse(text).map(|uai| TerritoryCode::school(&uai)).or_else(|_| TerritoryCode::parse(text));
    if let Ok(code) = code {
        let found = store::territory::find(&app.ctx.db, &code).await?;
        // Of a place that is not there, no acts either.
        return Ok(found.map_or_else(|| (Some(text.to_owned()), None), |place| (None, Some(place.path))));
    }
    Ok((Some(read::object_of(&app.ctx, text).await?), None))
}

/// Lines in words. Whoever is on a page often is looked up once.
struct Told<'a> {
    room: &'a Room<'a>,
    known: HashMap<String, String>,
}

impl Told<'_> {
    async fn row(&mut self, line: Line) -> Result<Row, Unavailable> {
        let language = self.room.language;
        let place = match &line.territory {
            Some(path) => Some(self.named(path, Named::Place).await?),
            None => None,
        };
        let (about, href) = self.about(&line.object).await?;
        Ok(Row {
            at: language.date_and_time(&self.room.app.site.local(line.at)),
            act: acts::text(language, &line.act),
            who: self.who(&line.actor).await?,
            place,
            about,
            href,
            count: line.count,
            reason: line.reason.unwrap_or_default(),
        })
    }

    async fn who(&mut self, actor: &str) -> Result<String, Unavailable> {
        let language = self.room.language;
        Ok(match actor.split_once(':') {
            Some(("account", _)) => self.named(actor, Named::Person).await?,
            Some(("local", user)) => language.text_with("audit-by-host", &[("user", user)]),
            Some(("client", client)) => language.text_with("audit-by-client", &[("client", client)]),
            _ if actor == "system" => language.text("audit-by-system"),
            _ => actor.to_owned(),
        })
    }

    /// What it was done to, and where the console shows that.
    async fn about(&mut self, object: &str) -> Result<(String, Option<String>), Unavailable> {
        Ok(match object.split_once(':') {
            Some(("account", id)) => {
                (self.named(object, Named::Person).await?, Some(format!("{PEOPLE}/{id}")))
            }
            Some(("order", id)) => (self.named(id, Named::Order).await?, Some(format!("{ORDERS}/{id}"))),
            _ => (object.to_owned(), None),
        })
    }

    async fn named(&mut self, word: &str, what: Named) -> Result<String, Unavailable> {
        if let Some(known) = self.known.get(word) {
            return Ok(known.clone());
        }
        let app = self.room.app;
        let name = match what {
            Named::Person => names::actor(app, word).await?,
            Named::Place => names::place(app, &TerritoryPath::from_stored(word.to_owned())).await?,
            Named::Order => match store::reset_order::find(&app.ctx.db, &OrderId(word.to_owned())).await? {
                Some(record) => {
                    let place = names::place(app, &record.order.population.territory).await?;
                    self.room.language.text_with("audit-order", &[("place", place)])
                }
                None => word.to_owned(),
            },
        };
        self.known.insert(word.to_owned(), name.clone());
        Ok(name)
    }
}

/// What a word names.
#[derive(Clone, Copy)]
enum Named {
    Person,
    Place,
    Order,
}

//! A change is required of several people: whom it would reach, and then the number of them, typed.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::domain::account::AccountId;
use crate::domain::level::Level;
use crate::domain::secret::same_text;
use crate::flows::account::force_change::force_change;
use crate::flows::actor::Origin;
use crate::flows::console::AtDesk;
use crate::flows::people::selection::{Selection, Whom, select};
use crate::oidc::parameters::Parameters;
use crate::web::answer::{page, see_other};
use crate::web::api::problem::Problem;
use crate::web::app::App;
use crate::web::console::factor::or_ask_again;
use crate::web::console::people::Search;
use crate::web::console::view::selection::SelectionPage;
use crate::web::console::{Answer, Elsewhere, PEOPLE, Room, typed_number};
use crate::web::extract::form::Form;
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// Where a selection is checked.
pub const SELECTION: &str = "/console/selection";

/// Where a change is required of it.
pub const REQUIRE: &str = "/console/selection/require";

/// What the form says.
struct Wish {
    search: Search,
    /// None for everybody whom the search finds.
    chosen: Option<Vec<AccountId>>,
    level: Level,
}

impl Wish {
    /// None where it is no form of ours.
    fn read(form: &Parameters) -> Option<Self> {
        let chosen = match form.one("whom").ok()?? {
            "chosen" => Some(form.under("who.").map(|(id, _)| AccountId(id.to_owned())).collect()),
            "found" => None,
            _ => return None,
        };
        let level = form.one("level").ok()??.parse().ok()?;
        let search = Search::read(form)?;
        (chosen.is_some() || search.is_asked()).then_some(Self { search, chosen, level })
    }

    /// Whom it is about, or why that is too many; the selection is empty then.
    async fn select(
        &self,
        room: &Room<'_>,
        desk: &AtDesk,
        origin: Origin,
    ) -> Result<(Selection, Option<Problem>), Elsewhere> {
        let actor = desk.actor(None, origin);
        let place = self.search.place(room, &actor).await?;
        let (chosen, question) = (self.chosen.as_deref(), self.search.question(place.as_ref()));
        let whom = match (chosen, &question) {
            (None, Some(question)) => Whom::Found(question),
            (chosen, _) => Whom::Chosen(chosen.unwrap_or_default()),
        };
        let selected = select(&room.app.ctx, &actor, self.level, whom).await?;
        Ok(match selected {
            Ok(selection) => (selection, None),
            Err(error) => (Selection::default(), Some(error.into())),
        })
    }
}

/// POST `/console/selection`: whom it would reach.
pub async fn check(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let search = form.0.as_ref().ok().and_then(Search::read).unwrap_or_default();
    let room = Room::of_form(&app, visit, PEOPLE, &search.fields());
    let checked = async {
        let (desk, form) = room.posted(form).await?;
        let Some(wish) = Wish::read(&form) else { return Ok(room.trouble(Trouble::InvalidRequest)) };
        let (selection, problem) = wish.select(&room, &desk, origin).await?;
        Ok(check_page(&room, &desk, &wish, &selection, &form, problem.as_ref()))
    };
    room.end(checked.await)
}

/// POST `/console/selection/require`: it is required of them.
pub async fn require(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let search = form.0.as_ref().ok().and_then(Search::read).unwrap_or_default();
    let room = Room::of_form(&app, visit, PEOPLE, &search.fields());
    room.end(required(&room, origin, form).await)
}

async fn required(room: &Room<'_>, origin: Origin, form: Form) -> Answer {
    let (desk, form) = room.posted(form).await?;
    let Some(wish) = Wish::read(&form) else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let (selection, problem) = wish.select(room, &desk, origin.clone()).await?;
    let reason = form.one("reason").ok().flatten();
    let shown = form.one("digest").ok().flatten().unwrap_or_default();
    let problem = problem.or_else(|| {
        if !same_text(&selection.digest(wish.level), shown) {
            return Some(Problem::conflict("selection-changed", "other people are selected now"));
        }
        if reason.is_none_or(|reason| reason.trim().is_empty()) {
            return Some(Problem::senseless("reason-missing", "a change needs a reason"));
        }
        let right = typed_number(&form, "confirmed") == Some(selection.people.len() as u64);
        (!right).then(|| Problem::senseless("not-confirmed", "that is not the number of people"))
    });
    if let Some(problem) = problem {
        return Ok(check_page(room, &desk, &wish, &selection, &form, Some(&problem)));
    }
    let actor = desk.actor(reason.map(str::to_owned), origin);
    match force_change(&room.app.ctx, &actor, wish.level, &selection.logins()).await?.map_err(Problem::from) {
        Ok(count) => Ok(see_other(&wish.search.address(room, &[("required", &count.to_string())]))),
        Err(problem) => {
            let problem = or_ask_again(room, &desk.visitor, &form, problem).await?;
            Ok(check_page(room, &desk, &wish, &selection, &form, Some(&problem)))
        }
    }
}

fn check_page(
    room: &Room<'_>,
    desk: &AtDesk,
    wish: &Wish,
    selection: &Selection,
    form: &Parameters,
    problem: Option<&Problem>,
) -> Response {
    let kept = |name: &str| !matches!(name, "csrf" | "confirmed" | "digest" | "reason" | "ui_locales");
    let fields = form.under("").filter(|(name, _)| kept(name));
    let view = SelectionPage {
        frame: room.frame(None),
        desk: room.desk(&desk.visitor),
        level: wish.level,
        selection,
        digest: selection.digest(wish.level),
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        reason: form.one("reason").ok().flatten().unwrap_or_default(),
        back: wish.search.address(room, &[]),
        refused: problem.map(|problem| problem.told(room.language)),
    };
    page(problem.map_or(StatusCode::OK, Problem::code), &view, &[])
}

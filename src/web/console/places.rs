//! Places: schools with their classes, a class with its pupils and guardians, the slips of all of them.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::domain::account::AccountId;
use crate::domain::jurisdiction::Permission;
use crate::domain::population::Population;
use crate::domain::profile::Profile;
use crate::domain::territory::{TerritoryCode, TerritoryKind};
use crate::flows::account::AccountError;
use crate::flows::actor::{Actor, Origin};
use crate::flows::console::AtDesk;
use crate::flows::hand_over::{HandOver, HandOverError, Which, hand_over, whose};
use crate::flows::people::roll::{LeftOut, Overview, Roll, overview, profiles, roll, roots};
use crate::flows::print_slips::Selection;
use crate::oidc::parameters::Parameters;
use crate::store;
use crate::store::people::Who;
use crate::web::answer::{page, see_other};
use crate::web::api::cursor;
use crate::web::app::App;
use crate::web::console::people::Search;
use crate::web::console::slips::printed_file;
use crate::web::console::view::places::{Below, Omitted, PlacesPage, PrintForm, RollPage, RollRow, Told};
use crate::web::console::{Answer, Elsewhere, Room, names, new_order};
use crate::web::extract::form::{Form, Query};
use crate::web::extract::visit::Visit;
use crate::web::pages::view::Trouble;

/// Where they are.
pub const PLACES: &str = "/console/places";

/// People on a page: a form has room for a box for each.
const PAGE: u32 = 50;

/// What an address says of a place.
#[derive(Clone)]
struct Spot {
    code: TerritoryCode,
    profile: Option<Profile>,
}

impl Spot {
    /// None where it is no place.
    fn read(parameters: &Parameters) -> Option<Self> {
        let code = TerritoryCode::parse(parameters.one("at").ok()??).ok()?;
        let profile = match parameters.one("profile").ok()? {
            Some(profile) => Some(profile.parse().ok()?),
            None => None,
        };
        Some(Self { code, profile })
    }

    /// Who is meant there: of a class, its families.
    fn who(&self) -> Who {
        whose(&self.code, self.profile)
    }

    /// Its address, with more of a query.
    fn address(&self, room: &Room<'_>, more: &[(&str, &str)]) -> String {
        let profile = self.profile.map(|profile| ("profile", profile.as_str()));
        let here: Vec<_> = [("at", self.code.as_str())].into_iter().chain(profile).collect();
        room.address(PLACES, &[&here[..], more].concat())
    }

    /// What a cursor in it is good for.
    fn question(&self) -> String {
        format!("roll {} {}", self.code, self.profile.map(Profile::as_str).unwrap_or_default())
    }
}

/// The address of a class, of a school, or of those of a profile there.
pub(super) fn address(room: &Room<'_>, code: &TerritoryCode, profile: Option<Profile>) -> String {
    Spot { code: code.clone(), profile }.address(room, &[])
}

/// Where somebody of a profile is found: the families of a class together, others by themselves.
pub(super) fn address_of(room: &Room<'_>, code: &TerritoryCode, profile: Profile) -> String {
    let of_family = matches!(profile, Profile::Pupil | Profile::Guardian);
    let is_class = code.kind() == TerritoryKind::Class;
    address(room, code, (!(is_class && of_family)).then_some(profile))
}

/// GET `/console/places`.
pub async fn show(State(app): State<App>, visit: Visit, origin: Origin, query: Query) -> Response {
    let room = Room::new(&app, visit);
    room.end(shown(&room, origin, query).await)
}

async fn shown(room: &Room<'_>, origin: Origin, query: Query) -> Answer {
    let desk = room.operator().await?;
    let actor = desk.actor(None, origin);
    let Ok(query) = query.0 else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    if query.one("at").is_ok_and(|at| at.is_none()) {
        return own_places(room, &desk, &actor).await;
    }
    let Some(spot) = Spot::read(&query) else { return Ok(room.trouble(Trouble::NotFound)) };
    let count = query.one("count").ok().flatten().and_then(|count| count.parse().ok());
    let told = match (query.one("done").ok().flatten(), count) {
        (Some("hand-over" | "all"), Some(count)) => Some(Told::HandedOver(count)),
        (Some("take-back"), Some(count)) => Some(Told::TakenBack(count)),
        _ => None,
    };
    spot_page(room, &desk, &actor, &spot, &query, told).await
}

/// The places of the roles that are held; the page itself, where there is only one.
async fn own_places(room: &Room<'_>, desk: &AtDesk, actor: &Actor) -> Answer {
    let roots = roots(&room.app.ctx, actor).await?;
    if let [only] = roots.as_slice() {
        return Ok(see_other(&address(room, &only.code, None)));
    }
    let mut below = Vec::with_capacity(roots.len());
    for place in roots {
        let name = names::place(room.app, &place.path).await?;
        below.push(Below { name, address: address(room, &place.code, None), counts: None });
    }
    let switch = room.switch();
    let view = PlacesPage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        name: None,
        is_school: false,
        below,
        profiles: Vec::new(),
        next: None,
        print: None,
        order: None,
        told: None,
    };
    Ok(page(StatusCode::OK, &view, &[]))
}

/// The page of a place: of a class or a profile who is there, else what lies below.
async fn spot_page(
    room: &Room<'_>,
    desk: &AtDesk,
    actor: &Actor,
    spot: &Spot,
    query: &Parameters,
    told: Option<Told>,
) -> Answer {
    let ctx = &room.app.ctx;
    let word = |name| query.one_line(name, 300).ok().flatten();
    if spot.who() == Who::Anybody {
        let behind = word("behind").and_then(|code| TerritoryCode::parse(code).ok());
        return match overview(ctx, actor, &spot.code, behind.as_ref()).await? {
            Some(found) => Ok(overview_page(room, desk, spot, found, told)),
            None => Ok(room.trouble(Trouble::NotFound)),
        };
    }
    let from = word("from");
    let after = room.position(actor, &spot.question(), from)?;
    match roll(ctx, actor, &spot.code, spot.who(), after, PAGE).await? {
        Some(found) => roll_page(room, desk, actor, spot, (found, from), told).await,
        None => Ok(room.trouble(Trouble::NotFound)),
    }
}

fn overview_page(
    room: &Room<'_>,
    desk: &AtDesk,
    spot: &Spot,
    found: Overview,
    told: Option<Told>,
) -> Response {
    let (classes, of_profiles) = found.counts.unzip();
    let below = found.below.into_iter().map(|place| Below {
        address: address(room, &place.code, None),
        counts: classes.as_ref().map(|classes| classes.get(&place.path).copied().unwrap_or_default()),
        name: place.name,
    });
    let of_profile = |(profile, counts)| (profile, address(room, &spot.code, Some(profile)), counts);
    let is_school = spot.code.kind() == TerritoryKind::School;
    // Where they could not be counted, they are reached all the same.
    let of_profiles = match of_profiles {
        Some(counted) => counted.into_iter().map(|(profile, counts)| (profile, Some(counts))).collect(),
        None if is_school => Profile::ALL.map(|profile| (profile, None)).into(),
        None => Vec::new(),
    };
    let switch = spot.address(room, &[("ui_locales", room.language.other().tag())]);
    let can = |act| found.may.contains(&act);
    let view = PlacesPage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        name: Some(found.place.name),
        is_school,
        below: below.collect(),
        profiles: of_profiles.into_iter().map(of_profile).collect(),
        next: found.next.map(|next| spot.address(room, &[("behind", next.as_str())])),
        print: can(Permission::PrintSlips).then(|| print_form(room, spot, found.left_out)),
        order: can(Permission::IssueOrder).then(|| new_order::address(room, &spot.code)),
        told,
    };
    page(StatusCode::OK, &view, &[])
}

fn print_form(room: &Room<'_>, spot: &Spot, left_out: Option<LeftOut>) -> PrintForm {
    let profile = spot.profile.map(|profile| ("profile", profile.as_str().to_owned()));
    PrintForm {
        action: room.address("/console/places/print", &[]),
        fields: [("at", spot.code.to_string())].into_iter().chain(profile).collect(),
        what: "print-what",
        pdf: spot.code.kind() >= TerritoryKind::School,
        zip: spot.code.kind() != TerritoryKind::Class,
        omitted: left_out.map(Omitted::of),
        language: room.app.site.slips.language,
    }
}

async fn roll_page(
    room: &Room<'_>,
    desk: &AtDesk,
    actor: &Actor,
    spot: &Spot,
    (found, from): (Roll, Option<&str>),
    told: Option<Told>,
) -> Answer {
    let mut rows = Vec::with_capacity(found.people.seen.len());
    for seen in &found.people.seen {
        let handed = seen.standing.slip.as_ref().and_then(|slip| slip.handed.as_ref());
        let by = match handed {
            Some(handed) => Some(names::actor(room.app, &handed.by).await?),
            None => None,
        };
        rows.push(RollRow::of(room, &found, seen, by));
    }
    let next = found.people.next.as_ref();
    let next = next.and_then(|next| cursor::write(&room.app.ctx, actor, &spot.question(), next));
    let kept = from.map(|from| ("from", from));
    let more: Vec<_> = kept.into_iter().chain([("ui_locales", room.language.other().tag())]).collect();
    let switch = spot.address(room, &more);
    let can = |act| found.may.contains(&act);
    let above = found.place.path.parent().and_then(|above| above.code());
    let above = match above.filter(|_| spot.code.kind() == TerritoryKind::Class) {
        Some(school) => store::territory::find(&room.app.ctx.db, &school).await?,
        None => None,
    };
    let view = RollPage {
        frame: room.frame(Some(&switch)),
        desk: room.desk(&desk.visitor),
        name: found.place.name.clone(),
        school: above.map(|school| school.name),
        profile: spot.profile,
        counts: found.counts,
        rows,
        at: spot.code.to_string(),
        from: from.unwrap_or_default(),
        next: next.map(|next| spot.address(room, &[("from", &next)])),
        print: can(Permission::PrintSlips).then(|| print_form(room, spot, found.left_out)),
        order: can(Permission::IssueOrder).then(|| new_order::address(room, &spot.code)),
        ticks: can(Permission::HandOver),
        require: can(Permission::ForceChange)
            .then(|| Search::among(spot.code.clone(), spot.profile).address(room, &[])),
        told,
    };
    Ok(page(StatusCode::OK, &view, &[]))
}

/// POST `/console/places/print`: the slips of a place, to be kept as a file.
pub async fn print(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let room = Room::of_form(&app, visit, PLACES, &fields_of(&form));
    room.end(printed(&room, origin, form).await)
}

async fn printed(room: &Room<'_>, origin: Origin, form: Form) -> Answer {
    let (desk, form, spot) = posted(room, form).await?;
    let actor = desk.actor(None, origin);
    let Some(place) = store::territory::find(&room.app.ctx.db, &spot.code).await? else {
        return Ok(room.trouble(Trouble::NotFound));
    };
    let population = Population { territory: place.path, profiles: profiles(spot.who()) };
    match printed_file(room, (&desk, &actor), Selection::of(population, None), &form).await? {
        Ok(file) => Ok(file),
        Err(printed) => {
            let operators = printed.operators.len() + printed.elsewhere.len();
            let told = Some(Told::Nobody { others: operators });
            spot_page(room, &desk, &actor, &spot, &Parameters::default(), told).await
        }
    }
}

/// POST `/console/places/slips`: slips are ticked as handed over, or not after all.
pub async fn tick(State(app): State<App>, visit: Visit, origin: Origin, form: Form) -> Response {
    let room = Room::of_form(&app, visit, PLACES, &fields_of(&form));
    room.end(ticked(&room, origin, form).await)
}

async fn ticked(room: &Room<'_>, origin: Origin, form: Form) -> Answer {
    let (desk, form, spot) = posted(room, form).await?;
    let actor = desk.actor(None, origin);
    let accounts: Vec<_> = form.under("who.").map(|(id, _)| AccountId(id.to_owned())).collect();
    let Some(act) = form.one("act").ok().flatten() else { return Ok(room.trouble(Trouble::InvalidRequest)) };
    let (which, handed) = match act {
        "hand-over" => (Which::Accounts(&accounts), true),
        "take-back" => (Which::Accounts(&accounts), false),
        "all" => (Which::Printed, true),
        _ => return Ok(room.trouble(Trouble::InvalidRequest)),
    };
    let wish = HandOver { place: &spot.code, who: spot.who(), which, handed };
    match hand_over(&room.app.ctx, &actor, &wish).await? {
        Ok(count) => {
            let (count, from) = (count.to_string(), form.one_line("from", 300).ok().flatten());
            let kept = from.map(|from| ("from", from)).into_iter();
            let more: Vec<_> = kept.chain([("done", act), ("count", &count)]).collect();
            Ok(see_other(&spot.address(room, &more)))
        }
        Err(HandOverError::UnknownTerritory(_) | HandOverError::NotAllowed(_)) => {
            Ok(room.trouble(Trouble::NotFound))
        }
        Err(HandOverError::Account(error)) => {
            let told = match error {
                AccountError::NotAllowed { refusal, .. } => {
                    let above = names::above(room.app, Some(&refusal)).await?;
                    Told::Refused(refusal, above)
                }
                _ => Told::Unknown,
            };
            let mut shown = spot_page(room, &desk, &actor, &spot, &form, Some(told)).await?;
            *shown.status_mut() = StatusCode::CONFLICT;
            Ok(shown)
        }
    }
}

/// What of a form is in the address of its page.
fn fields_of(form: &Form) -> Vec<(&'static str, &str)> {
    let field = |name| Some((name, form.0.as_ref().ok()?.one(name).ok()??));
    ["at", "profile", "from"].into_iter().filter_map(field).collect()
}

/// A form of ours about a place.
async fn posted(room: &Room<'_>, form: Form) -> Result<(Box<AtDesk>, Parameters, Spot), Elsewhere> {
    let (desk, form) = room.posted(form).await?;
    let spot = Spot::read(&form).ok_or_else(|| room.trouble(Trouble::NotFound))?;
    Ok((desk, form, spot))
}

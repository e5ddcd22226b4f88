//! `ecluse account find`.

use std::iter;

use serde_json::{Value, json};

use crate::cli::instant;
use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::domain::account::Affiliation;
use crate::domain::gate::Closure;
use crate::domain::profile::Profile;
use crate::domain::slip::SlipState;
use crate::domain::territory::TerritoryCode;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::people::search::{LONGEST, Question, Seen, Standing, State, search};
use crate::store;
use crate::store::account::Person;
use crate::store::people::Who;

/// People in a table, where nobody said how many.
const TABLE: u32 = 100;

/// People that are read in one go.
const STEP: u32 = 500;

/// Whom somebody looks for.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The beginning of a name or a login, a class, or the UAI of a school; everybody when absent.
    #[arg(value_name = "QUERY")]
    query: Option<String>,
    /// Only at this place and below it.
    #[arg(long, value_name = "TERRITORY", value_parser = TerritoryCode::parse)]
    territory: Option<TerritoryCode>,
    /// Only people of this profile, such as `National_ELV`.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<Profile>,
    /// Only those whose gate is so: open, closed, or why it is closed, such as ordered.
    #[arg(long, value_name = "STATE", value_parser = State::parse)]
    state: Option<State>,
    /// At most so many; 100 in a table when absent, and all for programs.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Prints the logins alone, one on each line, as --logins of other commands reads them.
    #[arg(long)]
    logins: bool,
}

/// Looks, and prints who was found by name.
pub(super) async fn run(
    ctx: &Context,
    args: Args,
    actor: &Actor,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let typed = args.query.unwrap_or_default();
    if typed.len() > LONGEST || typed.chars().any(char::is_control) {
        return Err(Failure::usage(format_args!(
            "QUERY holds at most {LONGEST} bytes and no control characters"
        )));
    }
    let place = match &args.territory {
        Some(code) => match store::territory::find(&ctx.db, code).await? {
            Some(place) => Some(place.path),
            None => return Err(Failure::refused(format_args!("the territory {code} is not known"))),
        },
        None => None,
    };
    let who = args.profile.map_or(Who::Anybody, Who::Of);
    let question = Question { typed: &typed, place: place.as_ref(), who, state: args.state };
    let is_table = !printer.is_json() && !args.logins;
    let limit = args.limit.or(is_table.then_some(TABLE));
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let (found, goes_on) = all(ctx, actor, &question, limit).await?;
    if args.logins && !printer.is_json() {
        let logins: Vec<_> = found.iter().map(|seen| seen.found.person.login.as_str()).collect();
        printer.data(&logins.join("\n"))?;
    } else {
        printer.answer(&found.iter().map(as_json).collect::<Vec<_>>(), || {
            table(["login", "gate", "slip", "who, and where"], found.iter().map(row))
        })?;
    }
    match found.len() {
        0 => printer.talk("Nobody was found"),
        number if goes_on => {
            printer.talk(format_args!("The first {number}; there are more: --limit NUMBER shows them"));
        }
        _ => {}
    }
    Ok(ExitStatus::Done)
}

/// The first of those who are found, and whether there are more.
async fn all(
    ctx: &Context,
    actor: &Actor,
    question: &Question<'_>,
    limit: usize,
) -> Result<(Vec<Seen>, bool), Failure> {
    let (mut seen, mut after) = (Vec::new(), None);
    while seen.len() < limit {
        let step = u32::try_from(limit - seen.len()).unwrap_or(STEP).min(STEP);
        let Some(people) = search(ctx, actor, question, after, step).await? else { return Ok((seen, false)) };
        seen.extend(people.seen);
        after = people.next;
        if after.is_none() {
            return Ok((seen, false));
        }
    }
    Ok((seen, after.is_some()))
}

fn row(seen: &Seen) -> [String; 4] {
    let person = &seen.found.person;
    let name = format!("{} {}", person.family_name, person.given_name);
    [
        person.login.clone(),
        seen.standing.closure.as_ref().map_or("open", Closure::as_str).to_owned(),
        seen.standing.slip.as_ref().map_or("", slip_word).to_owned(),
        iter::once(name)
            .chain(open(person).into_iter().map(|it| it.path.label()))
            .collect::<Vec<_>>()
            .join(", "),
    ]
}

/// Where somebody is now, each place before what lies below it.
pub(super) fn open(person: &Person) -> Vec<&Affiliation> {
    let mut open: Vec<_> = person.facts.affiliations.iter().filter(|it| it.span.is_open()).collect();
    open.sort_by(|one, other| (&one.path, one.profile).cmp(&(&other.path, other.profile)));
    open
}

const fn slip_word(slip: &SlipState) -> &'static str {
    match slip {
        SlipState { used_at: Some(_), .. } => "used",
        SlipState { handed: Some(_), .. } => "handed over",
        SlipState { .. } => "printed",
    }
}

/// What the old password is worth, where somebody closed the gate.
pub(super) const fn level(closure: Option<&Closure>) -> Option<&'static str> {
    match closure {
        Some(Closure::Ordered { level, .. } | Closure::Individual { level }) => Some(level.as_str()),
        _ => None,
    }
}

fn as_json(seen: &Seen) -> Value {
    person_json(&seen.found.person, &seen.standing)
}

/// Somebody, in the words of the API.
pub(super) fn person_json(person: &Person, Standing { closure, slip, lapsed }: &Standing) -> Value {
    let places =
        open(person).into_iter().map(|it| json!({ "territory": it.path.label(), "profile": it.profile }));
    json!({
        "id": person.facts.account.0,
        "login": person.login,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "places": places.collect::<Vec<_>>(),
        "is_operator": person.facts.is_operator(),
        "state": closure.as_ref().map_or("open", Closure::as_str),
        "level": level(closure.as_ref()),
        "slip_lapsed": lapsed.map(instant::write_utc),
        "slip": slip.as_ref().map(|slip| json!({
            "printed_at": instant::write_utc(slip.printed_at),
            "handed_at": slip.handed.as_ref().map(|handed| instant::write_utc(handed.at)),
            "handed_by": slip.handed.as_ref().map(|handed| &handed.by),
            "used_at": slip.used_at.map(instant::write_utc),
        })),
    })
}

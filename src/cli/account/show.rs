//! `ecluse account show`.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::find::{level, open, person_json};
use crate::cli::audit::list::{HEADER, Told};
use crate::cli::instant;
use crate::cli::names::Names;
use crate::cli::printer::{ExitStatus, Failure, Printer, sheet, table};
use crate::domain::account::WayIn;
use crate::domain::audit_chain::Line;
use crate::domain::gate::Closure;
use crate::domain::slip::SlipState;
use crate::flows::account::unlock::waits_until;
use crate::flows::actor::Actor;
use crate::flows::audit::export::line_json;
use crate::flows::context::Context;
use crate::flows::people::read::{History, Sheet, history as history_of, named, read};
use crate::flows::people::search::{Standing, standing};
use crate::store;

/// Lines of the history that are printed.
const LINES: u32 = 20;

/// Who.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The login, or the id as the audit log has it.
    #[arg(value_name = "LOGIN")]
    login: String,
}

/// Prints what the console has on somebody's page.
pub(super) async fn run(
    ctx: &Context,
    args: &Args,
    actor: &Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let unknown = || Failure::refused(format_args!("no account has the login or the id {:?}", args.login));
    let person = named(ctx, &args.login).await?.ok_or_else(unknown)?;
    let found = read(ctx, actor, &person.facts.account).await?.ok_or_else(unknown)?;
    let standing = standing(ctx, &found.asked.loaded).await?;
    let mut lines = rows(ctx, &found, &standing, zone).await?;
    let mut told = Told::new(ctx, zone);
    let mut history = Vec::new();
    let done = history_of(ctx, actor, &person.facts, None, LINES).await?;
    let done = done.unwrap_or_else(|_| History { lines: Vec::new(), next: None });
    for line in &done.lines {
        history.push(told.row(line).await?);
    }
    printer.answer(&as_json(&found, &standing, &done.lines), || {
        if found.visits.as_ref().is_some_and(Vec::is_empty) {
            lines.push(("signed in", "nowhere".to_owned()));
        }
        format!("{}\n{}", sheet(lines), table(HEADER, history))
    })?;
    if done.next.is_some() {
        let login = &person.login;
        printer.talk(format_args!("More was done before: `ecluse audit list --object {login}`"));
    }
    Ok(ExitStatus::Done)
}

async fn rows(
    ctx: &Context,
    found: &Sheet,
    standing: &Standing,
    zone: &TimeZone,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let person = &found.asked.loaded;
    let at = |instant| instant::write(instant, zone);
    let mut rows = vec![
        ("login", person.login.clone()),
        ("name", person.full_name()),
        ("id", person.facts.account.0.clone()),
        ("gate", gate(standing.closure.as_ref())),
    ];
    if let Some(Closure::Ordered { order, .. }) = &standing.closure {
        let record = store::reset_order::find(&ctx.db, order).await?;
        rows.push((
            "order",
            record.map_or_else(|| order.to_string(), |it| format!("{order}: {}", it.reason)),
        ));
    }
    match (person.facts.way_in, &person.facts.credential) {
        (WayIn::FederatedOnly, _) => rows.push(("password", "none here: signs in elsewhere".to_owned())),
        (WayIn::Local, Some(credential)) => {
            rows.push(("password", format!("chosen {}", at(credential.chosen_at))));
        }
        (WayIn::Local, None) => rows.push(("password", "never chosen".to_owned())),
    }
    if let Some(SlipState { printed_at, handed, used_at }) = &standing.slip {
        let mut said = format!("printed {}", at(*printed_at));
        if let Some(handed) = handed {
            let by = Names::new(ctx).of(&handed.by).await?;
            said = format!("{said}, handed over {} by {by}", at(handed.at));
        }
        if let Some(used) = used_at {
            said = format!("{said}, used {}", at(*used));
        }
        rows.push(("slip", said));
    }
    let waits = waits_until(ctx, person).await?;
    rows.extend(
        waits.map(|until| ("failed", format!("too often: nothing is looked at before {}", at(until)))),
    );
    let lapsed = standing.lapsed.map(|printed| format!("printed {}, opens nothing any more", at(printed)));
    rows.extend(lapsed.map(|said| ("slip", said)));
    rows.extend(
        open(person).iter().map(|it| ("place", format!("{} at {}", it.profile.as_str(), it.path.label()))),
    );
    let roles = found.roles.here.iter();
    rows.extend(roles.map(|held| ("role", format!("{} over {}", held.role.as_str(), held.over.label()))));
    let visits = found.visits.iter().flatten();
    rows.extend(visits.map(|visit| ("signed in", format!("{}, since {}", visit.client, at(visit.since)))));
    Ok(rows)
}

fn gate(closure: Option<&Closure>) -> String {
    match (closure, level(closure)) {
        (None, _) => "open".to_owned(),
        (Some(closure), None) => format!("closed: {}", closure.as_str()),
        (Some(closure), Some(level)) => format!("closed: {}, level {level}", closure.as_str()),
    }
}

fn as_json(found: &Sheet, standing: &Standing, history: &[Line]) -> Value {
    let person = &found.asked.loaded;
    let mut data = person_json(person, standing);
    let order = match &standing.closure {
        Some(Closure::Ordered { order, .. }) => Some(order),
        _ => None,
    };
    let credential = person.facts.credential.as_ref();
    data["order"] = json!(order);
    data["password_chosen_at"] = json!(credential.map(|it| instant::write_utc(it.chosen_at)));
    let roles = found.roles.here.iter();
    data["roles"] =
        roles.map(|held| json!({ "role": held.role.as_str(), "territory": held.over.label() })).collect();
    let visits = found.visits.iter().flatten();
    data["signed_in"] = visits
        .map(|visit| json!({ "name": visit.client, "since": instant::write_utc(visit.since) }))
        .collect();
    data["history"] = history.iter().map(line_json).collect();
    data
}

//! `ecluse reset-order report ID`.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Which, find, place, profiles, record_json, state_word};
use crate::cli::instant;
use crate::cli::names::Names;
use crate::cli::printer::{ExitStatus, Failure, Printer, sheet, table};
use crate::domain::approval::Wish;
use crate::domain::progress::Tally;
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;
use crate::flows::actor::Actor;
use crate::flows::context::Context;
use crate::flows::reset_order::report::{Report, report};

/// Prints what was asked for, by whom, and what came of it, as it was counted last.
pub(super) async fn run(
    ctx: &Context,
    which: &Which,
    actor: &Actor,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let record = find(ctx, &which.id).await?;
    let found = report(ctx, actor, &record.order.id).await?;
    let found = found.ok_or_else(|| Failure::failed("the order vanished"))?;
    let mut names = Names::new(ctx);
    let author = names.of(&found.view.record.author).await?;
    let mut approvers = Vec::with_capacity(found.approved.len());
    for approved in found.approved.iter().filter(|it| it.wish == Wish::Issue) {
        approvers.push(format!("{} on {}", names.of(&approved.by).await?, instant::write(approved.at, zone)));
    }
    printer.answer(&as_json(&found), || as_text(&found, (author, approvers), zone))?;
    if found.view.progress.as_of.is_none() {
        printer.talk("Nobody has been counted yet: a running `ecluse serve` does, and `reset-order close`");
    }
    Ok(ExitStatus::Done)
}

pub(super) fn tally_json(tally: &Tally) -> Value {
    let spared: serde_json::Map<_, _> =
        tally.spared.each().map(|(why, number)| (why.as_str().to_owned(), number.into())).collect();
    json!({ "covered": tally.covered, "bound": tally.bound, "done": tally.done, "printed": tally.printed, "spared": spared })
}

fn as_json(report: &Report) -> Value {
    let view = &report.view;
    let force = view.record.order.state.force();
    let mut data = record_json(&view.record);
    let approved = report
        .approved
        .iter()
        .map(|it| json!({ "wish": it.wish.as_str(), "by": it.by, "at": instant::write_utc(it.at) }));
    data["approved"] = approved.collect();
    data["hardened_at"] = force.and_then(|force| force.hardened_at).map(instant::write_utc).into();
    data["final"] = report.is_final().into();
    data["as_of"] = view.progress.as_of.map(instant::write_utc).into();
    data["progress"] = tally_json(&view.progress.all);
    data["half_after_seconds"] = report.took(50).map(|span| span.as_secs()).into();
    data["nine_tenths_after_seconds"] = report.took(90).map(|span| span.as_secs()).into();
    let schools = view.parts().schools;
    data["schools"] = schools
        .iter()
        .map(|(path, tally)| {
            let mut school = tally_json(tally);
            school["territory"] = written(path).into();
            school
        })
        .collect();
    let told = report.whole.iter().flat_map(|whole| &whole.told);
    data["services"] = told
        .map(|told| {
            json!({
                "client_id": told.client.0,
                "delivered": told.delivered,
                "waiting": told.waiting,
                "failed": told.failed,
                "finished": told.finished,
            })
        })
        .collect();
    data
}

pub(super) fn written(path: &TerritoryPath) -> String {
    path.code().map(|code| code.to_string()).unwrap_or_default()
}

fn as_text(report: &Report, (author, approvers): (String, Vec<String>), zone: &TimeZone) -> String {
    let (view, record) = (&report.view, &report.view.record);
    let at = |instant: Timestamp| instant::write(instant, zone);
    let force = record.order.state.force();
    let all = &view.progress.all;
    let mut rows = vec![
        ("order".to_owned(), record.order.id.to_string()),
        ("state".to_owned(), state_word(record.order.state).to_owned()),
        ("territory".to_owned(), place(record)),
        ("profiles".to_owned(), profiles(record)),
        ("level".to_owned(), record.order.level.as_str().to_owned()),
        ("reason".to_owned(), record.reason.clone()),
        ("asked by".to_owned(), author),
    ];
    let mut row =
        |what: &str, value: Option<String>| rows.extend(value.map(|value| (what.to_owned(), value)));
    row("asked", record.submitted_at.map(at));
    for approver in approvers {
        row("approved by", Some(approver));
    }
    row("in force since", force.map(|force| at(force.since)));
    row("deadline", record.order.deadline.map(at));
    row("deadline passed", force.and_then(|force| force.hardened_at).map(at));
    row("counted", view.progress.as_of.map(at));
    row("final", Some(if report.is_final() { "yes" } else { "no" }.to_owned()));
    row("covered", Some(all.covered.to_string()));
    row("have changed", Some(all.done.to_string()));
    row("must still change", Some(all.bound.to_string()));
    row("of these, with a slip", Some(all.printed.to_string()));
    for (why, number) in all.spared.each() {
        row(&format!("spared: {}", why.as_str()), Some(number.to_string()));
    }
    let span = |percent| report.took(percent).map(|span| format!("{} minutes", span.as_secs() / 60));
    row("half after", span(50));
    row("nine in ten after", span(90));
    let number = |number: u64| number.to_string();
    let schools = view.parts().schools.into_iter().map(|(path, tally)| {
        [written(&path), number(tally.bound), number(tally.printed), number(tally.done)]
    });
    let told = report.whole.iter().flat_map(|whole| &whole.told);
    let told = told.map(|told| {
        [told.client.0.clone(), number(told.delivered), number(told.waiting), number(told.failed)]
    });
    let mut text = sheet(rows);
    for (header, rows) in [
        (["place", "must change", "with a slip", "have changed"], schools.collect::<Vec<_>>()),
        (["service", "took", "wait", "failed"], told.collect()),
    ] {
        if !rows.is_empty() {
            text = format!("{text}\n{}", table(header, rows));
        }
    }
    text
}

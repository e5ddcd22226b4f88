//! `ecluse reset-order`: what an authority orders, from the host.

mod approve;
mod cancel;
mod draft;
mod families;
mod issue;
mod left;
mod list;
mod preview;
mod proposal;
mod report;
mod school;
mod show;
mod submit;

use std::fmt::Write as _;

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::cli::printer::{ExitStatus, Failure, Printer};
use crate::cli::system_user::Acting;
use crate::cli::{instant, open};
use crate::config::layers::Loaded;
use crate::domain::length;
use crate::domain::reset_order::{OrderId, OrderState, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::reset_order::preview::{Counts, Preview};
use crate::store::reset_order::{self, OrderRecord};

use proposal::Whom;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Counts whom an order would cover and spare; writes nothing.
    Preview(Whom),
    /// Writes an order: in force at once, or at --at.
    Issue(issue::Args),
    /// Writes an order without putting it forward: it binds nobody, and nobody is asked.
    Draft(Whom),
    /// Changes what an order says that binds nobody yet; what is not named stays. It is a draft again, unless --submit.
    Edit(draft::EditArgs),
    /// Puts a draft forward, after somebody has read the counts and typed their number.
    Submit(submit::Args),
    /// Lists every order, the newest first.
    List,
    /// Shows one order and how far its people have come.
    Show(Which),
    /// Approves an order that waits for a second person, with --break-glass.
    Approve(approve::Args),
    /// Sends an order that waits for a second person back to whoever wrote it.
    SendBack(approve::Args),
    /// Lifts an order; what was `recover` stays bound at `change`.
    Cancel(cancel::CancelArgs),
    /// Ends the campaign of an order, and counts its people for the last time; its duty stays.
    Close(cancel::Args),
    /// Says who asked for an order, who approved it, and what came of it.
    Report(Which),
    /// Counts how far an order has got in one school, class by class.
    School(school::Args),
    /// Lists who must still choose a new password, as a table without codes.
    Left(left::Args),
    /// Prints the notice for families, in French and English.
    Families(families::Args),
}

/// Which order.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The order's id, or enough of its beginning to tell it apart.
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context(&loaded.config).await?;
    let zone = &loaded.config.display.zone;
    match verb {
        Verb::Preview(whom) => preview::run(&ctx, whom, acting.actor(), zone, printer).await,
        Verb::Issue(args) => issue::run(&ctx, args, acting.actor(), zone, printer).await,
        Verb::Draft(whom) => draft::write(&ctx, whom, acting.actor(), zone, printer).await,
        Verb::Edit(args) => draft::edit(&ctx, args, acting.actor(), zone, printer).await,
        Verb::Submit(args) => submit::run(&ctx, args, acting.actor(), zone, printer).await,
        Verb::List => list::run(&ctx, zone, printer).await,
        Verb::Show(which) => show::run(&ctx, &which, zone, printer).await,
        Verb::Approve(args) => approve::approve(&ctx, args, acting.actor(), printer).await,
        Verb::SendBack(args) => approve::send_back(&ctx, args, acting.actor(), printer).await,
        Verb::Cancel(args) => cancel::cancel(&ctx, args, acting.actor(), printer).await,
        Verb::Close(args) => cancel::close(&ctx, args, acting.actor(), printer).await,
        Verb::Report(which) => report::run(&ctx, &which, &acting.actor(), zone, printer).await,
        Verb::School(args) => school::run(&ctx, args, &acting.actor(), zone, printer).await,
        Verb::Left(args) => left::run(&ctx, args, &acting.actor(), printer).await,
        Verb::Families(args) => families::run(&ctx, loaded, &args, printer).await,
    }
}

/// A bar over the places of a territory, and what moves it.
fn places_bar(printer: &Printer) -> (indicatif::ProgressBar, impl Fn(usize, usize)) {
    let bar = printer.progress(0, "places");
    let drawn = bar.clone();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let told = move |behind, all| {
        drawn.set_length(count(all));
        drawn.set_position(count(behind));
    };
    (bar, told)
}

/// The order that somebody means by its id, or by the beginning of it.
pub(super) async fn find(ctx: &Context, id: &str) -> Result<OrderRecord, Failure> {
    let mut found = reset_order::list(&ctx.db).await?;
    found.retain(|record| record.order.id.0.starts_with(id));
    match (found.pop(), found.is_empty()) {
        (Some(record), true) => Ok(record),
        (Some(_), false) => {
            Err(Failure::usage(format_args!("several orders begin with {id}; write more of the id")))
        }
        (None, _) => Err(Failure::failed(format_args!("there is no order {id}"))),
    }
}

fn state_word(state: OrderState) -> &'static str {
    match state {
        OrderState::AwaitingApproval => "awaiting approval",
        OrderState::Cancelled { .. } => "cancelled",
        OrderState::Closed { .. } => "closed",
        OrderState::Draft => "draft",
        OrderState::InForce(_) => "in force",
        OrderState::Scheduled { .. } => "scheduled",
    }
}

fn place(record: &OrderRecord) -> String {
    record.order.population.territory.code().map(|code| code.to_string()).unwrap_or_default()
}

fn profiles(record: &OrderRecord) -> String {
    let profiles = &record.order.population.profiles;
    if profiles.is_empty() {
        return "everybody".to_owned();
    }
    profiles.iter().map(|profile| profile.as_str()).collect::<Vec<_>>().join(", ")
}

fn record_json(record: &OrderRecord) -> Value {
    let (OrderId(id), exclusions) = (&record.order.id, &record.order.exclusions);
    json!({
        "id": id,
        "state": record.order.state.as_str(),
        "level": record.order.level.as_str(),
        "territory": place(record),
        "profiles": record.order.population.profiles,
        "reason": record.reason,
        "author": record.author,
        "covered": record.covered,
        "submitted_at": record.submitted_at.map(instant::write_utc),
        "yearly": record.repeats,
        "scheduled_at": instant::write_utc(record.scheduled_at),
        "in_force_at": record.order.state.force().map(|force| instant::write_utc(force.since)),
        "clock": record.order.state.force().map(|force| force.clock.0),
        "deadline": record.order.deadline.map(instant::write_utc),
        "code_lifetime_days": record.order.code_lifetime.map(length::in_days),
        "codes_expire_at": instant::write_utc(record.order.codes_expire_at),
        "never_activated": exclusions.never_activated,
        "changed_since": exclusions.changed_since.map(instant::write_utc),
        "reset_by_school_since": exclusions.reset_by_school_since.map(instant::write_utc),
    })
}

/// What a proposal would do, and until when its codes would open the change page.
fn preview_text(previewed: &Preview, zone: &TimeZone) -> String {
    let Preview { order, counts } = previewed;
    let expire = order.codes_expire_at;
    format!(
        "{}codes expire: {}\n{}",
        counts_text(counts),
        instant::write(expire, zone),
        remark(order, expire)
    )
}

/// That codes which expire then leave somebody behind; nothing where they do not.
fn remark(order: &ResetOrder, expire: Timestamp) -> &'static str {
    if order.codes_end_early(expire) {
        "the codes expire before the deadline: whoever has not changed by then needs another slip\n"
    } else {
        ""
    }
}

fn counts_json(counts: &Counts) -> Value {
    json!({
        "covered": counts.covered,
        "bound": counts.bound,
        "done": counts.done,
        "spared": counts.spared.iter().map(|(why, count)| (why.as_str(), *count)).collect::<std::collections::BTreeMap<_, _>>(),
        "chosen_with_old_password": counts.chosen_with_old_password,
        "without_email": counts.without_email,
        "operators_left_out": counts.operators,
        "named_operators": counts.named,
        "told": counts.told.iter().map(|(client, name)| json!({ "client_id": client.0, "name": name })).collect::<Vec<_>>(),
    })
}

fn counts_text(counts: &Counts) -> String {
    let mut rows = vec![
        ["covered".to_owned(), counts.covered.to_string()],
        ["must choose a new password".to_owned(), counts.bound.to_string()],
        ["have chosen one since".to_owned(), counts.done.to_string()],
    ];
    rows.extend(
        counts.spared.iter().map(|(why, count)| [format!("spared: {}", why.as_str()), count.to_string()]),
    );
    if counts.chosen_with_old_password > 0 {
        let what = "bound although changed, with the old password as only proof".to_owned();
        rows.push([what, counts.chosen_with_old_password.to_string()]);
    }
    rows.push(["of those bound, without e-mail".to_owned(), counts.without_email.to_string()]);
    let mut text = crate::cli::printer::table(["people", "count"], rows);
    if !counts.operators.is_empty() {
        text.push_str("operators left out: ");
        text.push_str(&counts.operators.join(", "));
        if counts.more_operators() > 0 {
            let _ = write!(text, " and {} more", counts.more_operators());
        }
        text.push_str(" (include one with --include-operator LOGIN)\n");
    }
    if !counts.named.is_empty() {
        let _ = writeln!(text, "operators reached all the same: {}", counts.named.join(", "));
    }
    if !counts.told.is_empty() {
        let names: Vec<_> = counts.told.iter().map(|(_, name)| name.as_str()).collect();
        let _ = writeln!(text, "services that will be told: {}", names.join(", "));
    }
    text
}

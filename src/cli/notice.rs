//! `ecluse notice`: what relying parties and people have not been told.

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::printer::{ExitStatus, Failure, Printer, table};
use crate::cli::reset_order::find;
use crate::cli::system_user::Acting;
use crate::cli::{instant, open};
use crate::config::layers::Loaded;
use crate::domain::client::ClientId;
use crate::domain::notice::{Cause, NoticeId, Receiver};
use crate::flows::context::Context;
use crate::flows::notices::retry::{Which, given_up as all_given_up, retry, retry_of};
use crate::store;
use crate::store::notice::Listed;

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists what waits to be sent and what was given up, which comes first.
    List(List),
    /// Sends again what was given up, once its receiver is mended.
    Retry(Retry),
}

/// How much.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// At most so many.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
    /// Those of one reset order that were given up, by relying party and reason.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "limit")]
    order: Option<String>,
}

/// Which.
#[derive(Debug, clap::Args)]
#[group(required = true)]
pub(super) struct Retry {
    /// These, as `notice list` names them.
    #[arg(value_name = "NOTICE", conflicts_with_all = ["client", "mail", "order", "all"])]
    notices: Vec<String>,
    /// All to one relying party.
    #[arg(long, value_name = "CLIENT", conflicts_with_all = ["mail", "order", "all"])]
    client: Option<String>,
    /// All mail to people.
    #[arg(long, conflicts_with_all = ["order", "all"])]
    mail: bool,
    /// All of one reset order.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "all")]
    order: Option<String>,
    /// All.
    #[arg(long)]
    all: bool,
}

/// Does it.
pub(super) async fn run(
    loaded: &Loaded,
    verb: Verb,
    acting: Acting,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let ctx = open::context(&loaded.config).await?;
    match verb {
        Verb::List(List { order: Some(order), .. }) => {
            given_up(&ctx, &order, &loaded.config.display.zone, printer).await
        }
        Verb::List(args) => list(&ctx, args.limit, &loaded.config.display.zone, printer).await,
        Verb::Retry(Retry { order: Some(order), .. }) => {
            let order = find(&ctx, &order).await?.order.id;
            let retried = retry_of(&ctx, &acting.actor(), &order).await?.map_err(Failure::refused)?;
            put_back(retried, *printer)
        }
        Verb::Retry(args) => {
            let which = match args.client {
                Some(client) => Which::To(Receiver::Client(ClientId(client))),
                None if args.mail => Which::To(Receiver::Mail),
                None if args.all => Which::All,
                None => Which::These(args.notices.into_iter().map(NoticeId).collect()),
            };
            let retried = retry(&ctx, &acting.actor(), &which).await?.ok_or_else(|| {
                Failure::refused("one of these was not given up: nothing was done")
                    .hint("`ecluse notice list` says where each stands")
            })?;
            put_back(retried, *printer)
        }
    }
}

fn put_back(notices: u64, printer: Printer) -> Result<ExitStatus, Failure> {
    printer.answer(&json!({ "notices": notices }), || notices.to_string())?;
    printer.talk("Put back: a running `ecluse serve` sends them");
    Ok(ExitStatus::Done)
}

async fn given_up(
    ctx: &Context,
    order: &str,
    zone: &TimeZone,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let order = find(ctx, order).await?.order.id;
    let failed = all_given_up(ctx, &Cause::from(&order)).await?;
    let data: Vec<_> = failed
        .iter()
        .map(|failed| {
            json!({
                "client_id": failed.client.0,
                "failure": failed.failure,
                "number": failed.number,
                "given_up_at": instant::write_utc(failed.parked_at),
            })
        })
        .collect();
    printer.answer(&data, || {
        let rows = failed.iter().map(|failed| {
            let at = instant::write(failed.parked_at, zone);
            [failed.client.0.clone(), failed.number.to_string(), at, failed.failure.clone()]
        });
        table(["client", "notices", "given up", "failure"], rows)
    })?;
    if failed.is_empty() {
        printer.talk("No notice of this order was given up");
    }
    Ok(ExitStatus::Done)
}

async fn list(ctx: &Context, limit: u32, zone: &TimeZone, printer: &Printer) -> Result<ExitStatus, Failure> {
    let notices = store::notice::undelivered(&ctx.db, limit).await?;
    let data: Vec<_> = notices
        .iter()
        .map(|notice| {
            json!({
                "id": notice.id.0,
                "to": by(&notice.receiver),
                "client_id": client(&notice.receiver),
                "state": state(notice),
                "written_at": instant::write_utc(notice.written_at),
                "attempts": notice.attempts,
                "next_at": notice.due_at.map(instant::write_utc),
                "failure": notice.failure,
            })
        })
        .collect();
    printer.answer(&data, || {
        let rows = notices.iter().map(|notice| {
            let next = notice.due_at.map(|at| format!(", next {}", instant::write(at, zone)));
            let tries = if notice.attempts == 1 {
                "1 attempt".to_owned()
            } else {
                format!("{} attempts", notice.attempts)
            };
            let failure = notice.failure.as_ref().map(|failure| format!(": {failure}"));
            [
                notice.id.0.clone(),
                client(&notice.receiver).unwrap_or("(mail)").to_owned(),
                state(notice).to_owned(),
                format!(
                    "written {}, {tries}{}{}",
                    instant::write(notice.written_at, zone),
                    next.unwrap_or_default(),
                    failure.unwrap_or_default()
                ),
            ]
        });
        table(["notice", "client", "state", "since when, and why"], rows)
    })?;
    Ok(ExitStatus::Done)
}

fn client(receiver: &Receiver) -> Option<&str> {
    match receiver {
        Receiver::Client(client) => Some(&client.0),
        Receiver::Mail => None,
    }
}

const fn by(receiver: &Receiver) -> &'static str {
    match receiver {
        Receiver::Client(_) => "client",
        Receiver::Mail => "mail",
    }
}

const fn state(notice: &Listed) -> &'static str {
    if notice.parked_at.is_some() { "given up" } else { "waiting" }
}

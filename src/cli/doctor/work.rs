//! Work that programs do by themselves: whether somebody does it.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::report::Report;
use crate::cli::instant;
use crate::domain::reset_order::OrderState;
use crate::store;
use crate::store::db::Db;

/// What is due is done within a second, orders within a minute; a receiver that does not answer is not due in between.
const LATE: Duration = Duration::from_mins(5);

pub(super) async fn notices(db: &Db, report: &mut Report) {
    match store::notice::backlog(db).await {
        Ok(backlog) if backlog.overdue > LATE => report.wrong(
            "notices",
            format_args!("one is due for {} s, and nobody sends it", backlog.overdue.as_secs()),
            "look whether any program serves, and what its log says of notices",
        ),
        Ok(backlog) if backlog.sessions.parked > 0 => report.warning(
            "notices",
            format_args!(
                "relying parties were not told of {} sessions that are over",
                backlog.sessions.parked
            ),
            "see `ecluse notice list`, mend, and send them again by `ecluse notice retry`",
        ),
        Ok(backlog) => report.ok("notices", format_args!("{} wait", backlog.sessions.waiting)),
        Err(error) => report.failed("notices", error.into()),
    }
}

pub(super) async fn orders(db: &Db, zone: &TimeZone, report: &mut Report) {
    let (book, now) = match store::reset_order::book_and_time(db).await {
        Ok(read) => read,
        Err(error) => return report.failed("orders", error.into()),
    };
    let due = book.orders.iter().find_map(|order| match order.state {
        OrderState::Scheduled { at } if now > at.plus(LATE) => Some(at),
        _ => None,
    });
    match due {
        Some(at) => report.warning(
            "orders",
            format_args!("one binds since {} and was given no number", instant::write(at, zone)),
            "look whether any program serves, and what its log says of housekeeping",
        ),
        None => report.ok("orders", "none is overdue"),
    }
}

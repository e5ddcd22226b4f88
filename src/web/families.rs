//! What families are told of an order.

use crate::domain::level::Level;
use crate::paper::letter::{FamilyNotice, LetterError};
use crate::store::reset_order::OrderRecord;
use crate::web::app::Site;
use crate::web::pages::text::Language;

/// A title, and what follows it, in a language. The sign-in address is written out, to be typed: a notice with a link that leads
/// to a password field is what thieves send.
pub fn family_notice(
    site: &Site,
    issuer: &str,
    language: Language,
    place: &str,
    record: &OrderRecord,
) -> Result<(String, Vec<String>), LetterError> {
    let order = &record.order;
    let written = |at| language.date_and_time(&site.local(at));
    let since = order.state.force().map_or(record.scheduled_at, |force| force.since);
    let deadline = order.deadline.map(written);
    let address = format!("{issuer}/login");
    let notice = site.slips.letter(language)?.family_notice(&FamilyNotice {
        service: &site.name,
        place,
        address: &address,
        since: &written(since),
        deadline: deadline.as_deref(),
        expires: &written(order.codes_expire_at),
        by_code: order.level == Level::Recover,
    });
    Ok(notice)
}

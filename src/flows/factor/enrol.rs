//! A second factor is enrolled: an app that was shown a secret, or a list of codes.

use std::time::Duration;

use crate::domain::event::Act;
use crate::domain::factor::{
    Kind, LISTED_CODES, Purpose, RECOVERY_CODES, SECRET_BYTES, accepted_step, read_spare, seal_name,
};
use crate::domain::secret::{Secret, SecretBytes};
use crate::domain::timestamp::Timestamp;
use crate::flows::console::{ConsoleSession, Visitor};
use crate::flows::context::Context;
use crate::flows::factor::{Written, book, factor_throttle_key, spare_codes, spare_tag, write};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::still_passes;
use crate::store::ephemeral::{Claim, Writes};

/// The kind of the claims that hold an app's secret, sealed, between the page that shows it and the code that confirms it.
const OFFER: &str = "factor_offer";

/// How long a secret that was shown waits for its first code.
const OFFERED_FOR: Duration = Duration::from_mins(10);

/// What came of it.
pub enum Enrolled {
    /// It is enrolled. These codes are shown once.
    Done {
        /// Codes that stand in for it, or are all there is of it.
        codes: Vec<Secret>,
        /// The session's new cookie, where the factor was shown with it.
        cookie: Option<Secret>,
    },
    /// The digits are not those of the app.
    Wrong,
    /// Too many were wrong; nothing was compared.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
    /// There is no leave to enrol, a factor is there already, or something changed meanwhile: look again.
    Ended,
}

/// The secret that an app is to be shown; the same one until it is confirmed or too old, so that a page may be loaded again.
/// Whoever asks has seen that the visitor may enrol.
pub async fn offer(ctx: &Context, visitor: &Visitor) -> Result<SecretBytes, Unavailable> {
    let name = seal_name(visitor.account());
    if let Some(sealed) = ctx.ephemeral.get::<String>(OFFER, &visitor.key).await? {
        return opened(ctx, &name, &sealed);
    }
    let secret = SecretBytes::new(ctx.random.bytes::<SECRET_BYTES>().to_vec());
    let sealed = ctx.secrets.sealer.seal(&name, &secret, ctx.random.bytes());
    let sealed = sealed.map_err(|error| Unavailable::Broken(error.to_string()))?;
    ctx.ephemeral.put(OFFER, &visitor.key, &sealed, visitor.now.plus(OFFERED_FOR)).await?;
    Ok(secret)
}

/// Enrols an app with the first digits that it shows, and shows it with them.
pub async fn enrol_app(ctx: &Context, visitor: &Visitor, typed: &Secret) -> Result<Enrolled, Unavailable> {
    let account = visitor.account();
    let offered = ctx.ephemeral.get::<String>(OFFER, &visitor.key).await?;
    let Some(sealed) = offered.filter(|_| visitor.may_enrol()) else { return Ok(Enrolled::Ended) };
    if let Some(until) = book(ctx, account).await? {
        return Ok(Enrolled::Throttled { until });
    }
    let secret = opened(ctx, &seal_name(account), &sealed)?;
    let Some(step) = accepted_step(&secret, typed, visitor.now, None) else { return Ok(Enrolled::Wrong) };
    let cookie = Secret::from_random(ctx.random.bytes());
    let mut writes = Writes::under_order_lock();
    let codes = enrolment(ctx, visitor, Kind::Totp, Some((&sealed, step)), RECOVERY_CODES, &mut writes);
    writes.push(Claim::take(OFFER, &visitor.key));
    writes.extend(visitor.renewed(ctx, &cookie)?);
    writes.push(Claim::Refund { key: factor_throttle_key(account), now: visitor.now });
    done(ctx, writes, codes, Some(cookie)).await
}

/// Enrols a list of codes, for whoever may have one. It is not shown with this: one of its codes is asked for next, so that
/// nobody goes on without having kept them.
pub async fn enrol_list(ctx: &Context, visitor: &Visitor) -> Result<Enrolled, Unavailable> {
    if !visitor.may_enrol() || !may_have_list(visitor) {
        return Ok(Enrolled::Ended);
    }
    let mut writes = Writes::under_order_lock();
    let codes = enrolment(ctx, visitor, Kind::List, None, LISTED_CODES, &mut writes);
    writes.push(Claim::remove(OFFER, &visitor.key));
    done(ctx, writes, codes, None).await
}

/// Whether a list of codes would do.
pub fn may_have_list(visitor: &Visitor) -> bool {
    Kind::List.is_for(visitor.roles.iter().map(|held| held.role))
}

/// Types a code that gives leave to enrol. It works once; whether it did is the database's to say.
pub async fn permit(ctx: &Context, visitor: &Visitor, typed: &Secret) -> Result<Enrolled, Unavailable> {
    let account = visitor.account();
    if let Some(until) = book(ctx, account).await? {
        return Ok(Enrolled::Throttled { until });
    }
    let Some(code) = read_spare(typed) else { return Ok(Enrolled::Wrong) };
    let tag = spare_tag(ctx, account, &code);
    let permitted = ConsoleSession { may_enrol: true, ..visitor.session.clone() };
    let mut writes = Writes::under_order_lock();
    writes.extend(still_passes(&visitor.pass));
    writes.push(store::factor::use_code(account, &tag, Purpose::Enrolment, visitor.now));
    writes.push(visitor.keep(ctx, &permitted)?);
    writes.push(Claim::Refund { key: factor_throttle_key(account), now: visitor.now });
    done(ctx, writes, Vec::new(), None).await
}

/// In a batch: the factor with its codes. Of two at once one is undone.
fn enrolment(
    ctx: &Context,
    visitor: &Visitor,
    kind: Kind,
    app: Option<(&str, i64)>,
    count: usize,
    writes: &mut Writes,
) -> Vec<Secret> {
    let (account, now) = (visitor.account(), visitor.now);
    let codes = spare_codes(ctx, count);
    writes.extend(still_passes(&visitor.pass));
    if !may_have_list(visitor) {
        writes.push(store::factor::forget_list(account));
    }
    writes.push(store::factor::enrol(&ctx.new_id(now), account, kind, app, now));
    writes.push(store::factor::forget_codes(account));
    writes.extend(
        codes.iter().map(|code| {
            store::factor::add_code(account, &spare_tag(ctx, account, code), Purpose::Factor, None)
        }),
    );
    writes.push(ctx.audit_own(now, account, Act::FactorEnrol));
    codes
}

async fn done(
    ctx: &Context,
    writes: Writes,
    codes: Vec<Secret>,
    cookie: Option<Secret>,
) -> Result<Enrolled, Unavailable> {
    Ok(match write(ctx, writes).await? {
        Written::Done => Enrolled::Done { codes, cookie },
        Written::UsedBefore => Enrolled::Wrong,
        Written::Changed => Enrolled::Ended,
    })
}

fn opened(ctx: &Context, name: &str, sealed: &str) -> Result<SecretBytes, Unavailable> {
    ctx.secrets.sealer.open(name, sealed).map_err(|error| Unavailable::Broken(error.to_string()))
}

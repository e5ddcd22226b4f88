//! A second factor is shown.

use crate::domain::event::Act;
use crate::domain::factor::{Kind, Purpose, accepted_step, read_spare, seal_name};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::console::Visitor;
use crate::flows::context::Context;
use crate::flows::factor::{Written, book, factor_of, factor_throttle_key, spare_tag, write};
use crate::flows::unavailable::Unavailable;
use crate::store::account::still_passes;
use crate::store::db::Statement;
use crate::store::ephemeral::{Claim, Writes};
use crate::store::factor::{Factor, use_code, use_step};

/// What came of it.
pub enum Shown {
    /// It is the right one: the session goes on under another cookie.
    Right(Secret),
    /// It is not, or it was used before.
    Wrong,
    /// Too many were wrong; nothing was compared.
    Throttled {
        /// When the next one may be shown.
        until: Timestamp,
    },
    /// The session ended meanwhile, or there is no factor to show: look again.
    Ended,
}

/// Shows a factor: the digits of an app, or a spare code. Each counts once, and the last word on that is the database's.
pub async fn show_factor(ctx: &Context, visitor: &Visitor, typed: &Secret) -> Result<Shown, Unavailable> {
    let account = visitor.account();
    let Some(factor) = factor_of(ctx, account, &visitor.roles).await? else { return Ok(Shown::Ended) };
    if let Some(until) = book(ctx, account).await? {
        return Ok(Shown::Throttled { until });
    }
    let Some(used) = used_up(ctx, visitor, &factor, typed)? else { return Ok(Shown::Wrong) };
    let cookie = Secret::from_random(ctx.random.bytes());
    let mut writes = Writes::under_order_lock();
    writes.extend(still_passes(&visitor.pass));
    writes.extend(used);
    writes.extend(visitor.renewed(ctx, &cookie)?);
    writes.push(Claim::Refund { key: factor_throttle_key(account), now: visitor.now });
    Ok(match write(ctx, writes).await? {
        Written::Done => Shown::Right(cookie),
        Written::UsedBefore => Shown::Wrong,
        Written::Changed => Shown::Ended,
    })
}

/// In a batch: what was typed is used up by it. None where it is wrong.
fn used_up(
    ctx: &Context,
    visitor: &Visitor,
    factor: &Factor,
    typed: &Secret,
) -> Result<Option<Vec<Statement>>, Unavailable> {
    let account = visitor.account();
    if let Some(code) = read_spare(typed) {
        let tag = spare_tag(ctx, account, &code);
        let mut used = vec![use_code(account, &tag, Purpose::Factor, visitor.now)];
        if factor.kind == Kind::Totp {
            used.push(ctx.audit_own(visitor.now, account, Act::FactorRecovery));
        }
        return Ok(Some(used));
    }
    let Some(sealed) = &factor.sealed else { return Ok(None) };
    let secret = ctx.secrets.sealer.open(&seal_name(account), sealed);
    let secret = secret.map_err(|error| Unavailable::Broken(error.to_string()))?;
    let step = accepted_step(&secret, typed, visitor.now, factor.last_step);
    Ok(step.map(|step| vec![use_step(&factor.id, step)]))
}

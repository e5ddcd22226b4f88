//! The codes that stand in for a second factor are replaced, before they are used up or because somebody may have seen them.

use crate::domain::event::Act;
use crate::domain::factor::{Kind, LISTED_CODES, Purpose, RECOVERY_CODES};
use crate::domain::jurisdiction::FACTOR_AGE;
use crate::domain::secret::Secret;
use crate::flows::console::AtDesk;
use crate::flows::context::Context;
use crate::flows::factor::{Written, factor_of, spare_codes, spare_tag, write};
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::still_passes;
use crate::store::ephemeral::Writes;

/// What came of it.
pub enum Renewed {
    /// These, shown once; those before them are dead.
    Done {
        /// The codes.
        codes: Vec<Secret>,
        /// Whether they are all there is of the factor.
        is_list: bool,
    },
    /// The factor was not shown lately: whoever finds a console open takes no codes away.
    FactorTooOld,
    /// There is no factor, or something changed meanwhile: look again.
    Ended,
}

/// Gives new codes, and ends the old ones in the same batch.
pub async fn renew_codes(ctx: &Context, desk: &AtDesk) -> Result<Renewed, Unavailable> {
    let visitor = &desk.visitor;
    let (account, now) = (visitor.account(), visitor.now);
    if visitor.session.factor_at.is_none_or(|at| now.since(at) > FACTOR_AGE) {
        return Ok(Renewed::FactorTooOld);
    }
    let Some(factor) = factor_of(ctx, account, &visitor.roles).await? else { return Ok(Renewed::Ended) };
    let is_list = factor.kind == Kind::List;
    let codes = spare_codes(ctx, if is_list { LISTED_CODES } else { RECOVERY_CODES });
    let mut writes = Writes::under_order_lock();
    // A factor that was taken away meanwhile has raised the number.
    writes.extend(still_passes(&visitor.pass));
    writes.push(store::factor::forget_codes(account));
    writes.extend(
        codes.iter().map(|code| {
            store::factor::add_code(account, &spare_tag(ctx, account, code), Purpose::Factor, None)
        }),
    );
    writes.push(ctx.audit_own(now, account, Act::FactorRenew));
    Ok(match write(ctx, writes).await? {
        Written::Done => Renewed::Done { codes, is_list },
        Written::UsedBefore | Written::Changed => Renewed::Ended,
    })
}

//! What became of a password lately, as its owner is told: from what is durable, so also where no mail reaches anybody.

use crate::domain::account::{AccountId, WayIn};
use crate::domain::gate::Evidence;
use crate::domain::population::Exclusion;
use crate::domain::reset_order::{Force, OrderId, ResetOrder};
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::ask;
use crate::flows::context::Context;
use crate::flows::interaction::advance::{OrderedBy, ordered_by};
use crate::flows::unavailable::Unavailable;
use crate::store;

/// What became of a password lately.
#[derive(Default)]
pub struct PasswordHistory {
    /// When the one in use was chosen.
    pub chosen_at: Option<Timestamp>,
    /// When somebody else last asked for another one.
    pub reset: Option<Reset>,
}

/// Somebody else asked for another password.
pub enum Reset {
    /// An authority, of many people.
    Ordered(OrderedBy),
    /// Whoever is in charge of the account, or gave a new code.
    Individual {
        /// When.
        at: Timestamp,
    },
}

/// Reads it.
pub async fn password_history(ctx: &Context, account: &AccountId) -> Result<PasswordHistory, Unavailable> {
    let Some(asked) = ask(ctx, account).await? else { return Ok(PasswordHistory::default()) };
    let evidence = &asked.evidence;
    let chosen_at = evidence.facts().credential.map(|credential| credential.chosen_at);
    let order = last_order(evidence);
    let by_hand = store::audit::last_reset(&ctx.db, account).await?;
    let reset = match (order, by_hand) {
        (Some((_, since)), Some(at)) if at >= since => Some(Reset::Individual { at }),
        (Some((order, _)), _) => ordered_by(ctx, evidence.book(), &order).await?.map(Reset::Ordered),
        (None, at) => at.map(|at| Reset::Individual { at }),
    };
    Ok(PasswordHistory { chosen_at, reset })
}

/// The last order that asked this person for another password.
fn last_order(evidence: &Evidence) -> Option<(OrderId, Timestamp)> {
    if evidence.facts().way_in == WayIn::FederatedOnly {
        return None;
    }
    let asked = evidence.book().orders.iter().filter_map(|order| {
        let force = order.state.force()?;
        asked_for_another(evidence, order, force).then(|| (order.id.clone(), force.since))
    });
    asked.max_by_key(|(_, since)| *since)
}

fn asked_for_another(evidence: &Evidence, order: &ResetOrder, force: Force) -> bool {
    let facts = evidence.facts();
    let Some(binding) = order.reaches(facts, facts.now) else { return false };
    match order.spares(facts, binding, evidence.book(), facts.now) {
        None => true,
        // Spared by the very password that was chosen because of it.
        Some(Exclusion::ChangedSince | Exclusion::ResetBySchool) => {
            facts.credential.is_some_and(|credential| credential.chosen_at >= force.since)
        }
        Some(_) => false,
    }
}

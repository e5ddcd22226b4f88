//! Somebody who failed too often may try again at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::account::AccountId;
use crate::domain::event::Act;
use crate::domain::jurisdiction::Permission;
use crate::domain::timestamp::Timestamp;
use crate::flows::account::{AccountError, Deed, act_on, has_password_here};
use crate::flows::actor::Actor;
use crate::flows::change_password::change_throttle_key;
use crate::flows::context::Context;
use crate::flows::log_in::{known_throttle_key, login_throttle_key};
use crate::flows::unavailable::Unavailable;
use crate::store::account::Person;
use crate::store::ephemeral::Claim;

/// Forgets the failures of every counter that an account has. Whoever guesses begins anew as well: it is for somebody who
/// stands at the desk.
pub async fn unlock(
    ctx: &Context,
    actor: &Actor,
    logins: &[String],
) -> Result<Result<usize, AccountError>, Unavailable> {
    let deed = Deed { permission: Permission::Unlock, act: Act::AccountUnlock, check: has_password_here };
    act_on(ctx, actor, &deed, logins, |person, _| {
        counters(ctx, person).into_iter().map(|key| Claim::Clear { key }.into()).collect()
    })
    .await
}

/// Until when nothing that somebody types as a password is looked at, because of failures; none where it is.
pub async fn waits_until(ctx: &Context, person: &Person) -> Result<Option<Timestamp>, Unavailable> {
    let mut latest = None;
    for counter in counters(ctx, person) {
        let waits = ctx.ephemeral.throttle_waits(&counter, ctx.clock.now(), &ctx.settings.throttle).await?;
        latest = latest.max(waits);
    }
    Ok(latest)
}

/// Those of these people who have to wait before anything that they type as a password is looked at.
pub async fn waiting<'a>(
    ctx: &Context,
    people: impl IntoIterator<Item = &'a Person>,
) -> Result<BTreeSet<AccountId>, Unavailable> {
    let whose: BTreeMap<_, _> = people
        .into_iter()
        .flat_map(|person| counters(ctx, person).map(|key| (key, &person.facts.account)))
        .collect();
    let keys: Vec<_> = whose.keys().cloned().collect();
    let waiting = ctx.ephemeral.throttle_waiting(&keys, ctx.clock.now(), &ctx.settings.throttle).await?;
    Ok(waiting.iter().filter_map(|key| whose.get(key)).map(|account| (*account).clone()).collect())
}

fn counters(ctx: &Context, person: &Person) -> [String; 3] {
    let account = &person.facts.account;
    [
        login_throttle_key(ctx, person.login_name.as_str()),
        known_throttle_key(account),
        change_throttle_key(account),
    ]
}

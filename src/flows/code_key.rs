//! The keys under which one-time codes are derived.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::domain::account::AccountId;
use crate::domain::code::{CodeKey, Issue, LiveCode, derive};
use crate::domain::reset_order::{OrderBook, OrderId};
use crate::domain::secret::{Secret, SecretBytes};
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// More orders than have codes at once.
const MOST: usize = 256;

/// The keys of orders that were opened before. A key never changes until it is destroyed, and looking it up each time
/// would tell, by the time it takes, who is under which order.
#[derive(Default)]
pub struct OrderKeys(RwLock<HashMap<OrderId, SecretBytes>>);

impl OrderKeys {
    fn get(&self, order: &OrderId) -> Option<SecretBytes> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(order).cloned()
    }

    fn keep(&self, order: &OrderId, key: &SecretBytes) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST {
            keys.clear();
        }
        keys.insert(order.clone(), key.clone());
    }

    /// Forgets the keys whose codes have expired.
    pub fn forget_expired(&self, book: &OrderBook, now: Timestamp) {
        let alive = |order: &OrderId| book.find(order).is_some_and(|order| now < order.codes_expire_at);
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|order, _| alive(order));
    }
}

/// The opened key; none once an order's codes have expired and its key was destroyed.
pub async fn code_key(ctx: &Context, key: &CodeKey) -> Result<Option<SecretBytes>, Unavailable> {
    let id = match key {
        CodeKey::Deployment => return Ok(Some(ctx.secrets.code_key.clone())),
        CodeKey::Order(id) => id,
    };
    if let Some(opened) = ctx.order_keys.get(id) {
        return Ok(Some(opened));
    }
    let Some(sealed) = store::reset_order::sealed_code_key(&ctx.db, id).await? else { return Ok(None) };
    let opened = ctx.secrets.sealer.open(&seal_name(id), &sealed);
    let opened = opened.map_err(|error| Unavailable::Broken(format!("code key of order {id}: {error}")))?;
    ctx.order_keys.keep(id, &opened);
    Ok(Some(opened))
}

/// The code that is alive for an account.
pub async fn live_code_secret(
    ctx: &Context,
    account: &AccountId,
    live: &LiveCode,
) -> Result<Option<Secret>, Unavailable> {
    Ok(code_key(ctx, &live.key).await?.and_then(|key| derive(&key, account, live.issue)))
}

/// Whether what somebody typed is the code that is alive. Where none is, it is compared with one that nobody was given, so
/// that the answer takes as long.
pub async fn is_live_code(
    ctx: &Context,
    typed: &Secret,
    login: &str,
    live: Option<&(AccountId, LiveCode)>,
) -> Result<bool, Unavailable> {
    let right = match live {
        Some((account, live)) => live_code_secret(ctx, account, live).await?,
        None => None,
    };
    let nobodys = |login: &str| {
        let account = AccountId(format!("nobody: {login}"));
        derive(&ctx.secrets.code_key, &account, Issue { epoch: 0, number: 0 })
    };
    let (is_given, compared) = match right {
        Some(right) => (true, Some(right)),
        None => (false, nobodys(login)),
    };
    let same = compared.is_some_and(|compared| compared.same_as(typed));
    Ok(same && is_given)
}

/// What an order's code key is sealed under the name of, so that it opens for no other order.
pub fn seal_name(order: &OrderId) -> String {
    format!("code key of order {order}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::territory::{TerritoryCode, TerritoryPath};
    use crate::flows::test_context::TestContext;
    use crate::store::db::{Batch, q};
    use crate::store::territory::Territory;

    #[tokio::test]
    async fn an_orders_key_is_read_once_and_forgotten_when_its_codes_have_expired() {
        let test = TestContext::new().await;
        let ctx = &test.ctx;
        let code = TerritoryCode::parse("ministry:fr").unwrap();
        let ministry = Territory { code, path: TerritoryPath::root(), name: "Ministère".to_owned() };
        let put = store::territory::put(&ministry, None, ctx.clock.now());
        let account = q!(
            "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, way_in, number,
                 code_issue, created_at, updated_at)
             VALUES ('a', 'test', 'a', 'a', 'a', 'A', 'A', 'local', 1, 1, now_us(), now_us())"
        );
        let place = q!(
            "INSERT INTO affiliation (account_id, path, profile, began) VALUES ('a', $1, 'National_ELV', 0)",
            TerritoryPath::root().as_str()
        );
        ctx.db.run(Batch::plain(vec![put, account, place])).await.unwrap();
        let id = test.order("ministry:fr", None).await;
        let (account, key) = (AccountId("a".to_owned()), CodeKey::Order(id.clone()));
        let live = LiveCode { key, issue: Issue { epoch: 0, number: 1 }, expires_at: ctx.clock.now() };
        let code = live_code_secret(ctx, &account, &live).await.unwrap().unwrap();
        ctx.db.run(Batch::plain(vec![q!("UPDATE reset_order SET sealed_code_key = NULL")])).await.unwrap();
        let live = (account, live);
        assert!(is_live_code(ctx, &code, "a", Some(&live)).await.unwrap(), "nothing was read");
        assert!(!is_live_code(ctx, &code, "a", None).await.unwrap());

        let (book, now) = store::reset_order::book_and_time(&ctx.db).await.unwrap();
        ctx.order_keys.forget_expired(&book, now);
        assert!(is_live_code(ctx, &code, "a", Some(&live)).await.unwrap());
        ctx.order_keys.forget_expired(&book, book.find(&id).unwrap().codes_expire_at);
        assert!(!is_live_code(ctx, &code, "a", Some(&live)).await.unwrap());
    }
}

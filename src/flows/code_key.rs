//! The keys under which one-time codes are derived.

use crate::domain::account::AccountId;
use crate::domain::code::{CodeKey, LiveCode, derive};
use crate::domain::reset_order::OrderId;
use crate::domain::secret::{Secret, SecretBytes};
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// The opened key; none once an order's codes have expired and its key was destroyed.
pub async fn code_key(ctx: &Context, key: &CodeKey) -> Result<Option<SecretBytes>, Unavailable> {
    match key {
        CodeKey::Deployment => Ok(Some(ctx.secrets.code_key.clone())),
        CodeKey::Order(id) => {
            let Some(sealed) = store::reset_order::sealed_code_key(&ctx.db, id).await? else {
                return Ok(None);
            };
            let opened = ctx.secrets.sealer.open(&seal_name(id), &sealed);
            opened.map(Some).map_err(|error| Unavailable::Broken(format!("code key of order {id}: {error}")))
        }
    }
}

/// The code that is alive for an account.
pub async fn live_code_secret(
    ctx: &Context,
    account: &AccountId,
    live: &LiveCode,
) -> Result<Option<Secret>, Unavailable> {
    Ok(code_key(ctx, &live.key).await?.and_then(|key| derive(&key, account, live.issue)))
}

/// What an order's code key is sealed under the name of, so that it opens for no other order.
pub fn seal_name(order: &OrderId) -> String {
    format!("code key of order {order}")
}

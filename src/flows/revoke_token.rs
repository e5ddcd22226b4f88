//! A client gives a token back (RFC 7009).

use crate::domain::client::Client;
use crate::domain::secret::Secret;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::db::Batch;

/// Revokes a token of this client: an access token alone, a refresh token with its whole family. Whether there was one
/// is not told.
pub async fn revoke_token(ctx: &Context, client: &Client, token: &Secret) -> Result<(), Unavailable> {
    let hash = token.hash();
    let now = ctx.clock.now();
    if let Some(holding) = store::grant::find_access_token(&ctx.db, &hash).await?
        && holding.grant.client == client.id
    {
        ctx.commit(Batch::plain(vec![store::grant::revoke_access_token(&hash)])).await?;
    }
    if let Some(holding) = store::grant::find_refresh_token(&ctx.db, &hash).await?
        && holding.grant.client == client.id
    {
        ctx.commit(Batch::plain(vec![store::grant::revoke(&holding.grant.id, now)])).await?;
    }
    Ok(())
}

//! Which client is at the token, introspection or revocation endpoint.

use crate::domain::client::Client;
use crate::flows::context::Context;
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::oidc::client_assertion::{AssertionError, SingleUse};
use crate::oidc::client_authentication::{ClientAuthenticationError, ClientCredentials};
use crate::oidc::parameters::Parameters;
use crate::store;
use crate::store::db::Batch;

/// Authenticates the client of a request by its header or form. An assertion is used up with that, before the request is
/// looked at and whatever becomes of it: one that was seen with a request that failed opens nothing with another.
pub async fn authenticate_client(
    ctx: &Context,
    authorization: Option<&str>,
    form: &Parameters,
) -> Result<Result<Client, ClientAuthenticationError>, Unavailable> {
    let credentials = match ClientCredentials::read(authorization, form) {
        Ok(credentials) => credentials,
        Err(error) => return Ok(Err(error)),
    };
    let Some(client) = store::client::find(&ctx.db, credentials.client_id()).await? else {
        return Ok(Err(ClientAuthenticationError::Unknown));
    };
    let verified = match credentials.verify(&client, &ctx.settings.issuer, ctx.clock.now()) {
        Ok(Some(assertion)) => spend(ctx, &client, &assertion).await?,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(ClientAuthenticationError::Assertion(why)) = &verified {
        tracing::warn!(client = client.id.0, %why, "client assertion refused");
    }
    Ok(verified.map(|()| client))
}

/// Of two uses at once, on whichever replicas, the row of one is there first.
async fn spend(
    ctx: &Context,
    client: &Client,
    assertion: &SingleUse,
) -> Result<Result<(), ClientAuthenticationError>, Unavailable> {
    ctx.steps.at(Step::AssertionVerified).await;
    let spent = store::used_assertion::spend(&client.id, &assertion.jti_hash, assertion.expires_at);
    let first = ctx.commit(Batch::plain(vec![spent])).await?;
    Ok(if first { Ok(()) } else { Err(AssertionError::Replayed.into()) })
}

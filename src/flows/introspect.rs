//! Whether a token is good now. The immediate door: a resource server that asks here learns of an order with its next
//! request.

use crate::domain::client::Client;
use crate::domain::secret::Secret;
use crate::flows::ask_gate::{AccessToken, Asked, RefreshToken, ask};
use crate::flows::bearer::is_alive;
use crate::flows::context::Context;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;
use crate::oidc::introspection::{ActiveToken, Introspection};
use crate::oidc::token::TokenType;
use crate::store::grant::Holding;

/// Introspects. A client sees its own tokens; a registered resource server sees the access tokens of all. What is not
/// active is not explained (RFC 7662 section 2.2).
pub async fn introspect(
    ctx: &Context,
    client: &Client,
    token: &Secret,
) -> Result<Introspection, Unavailable> {
    let hash = token.hash();
    let access = ask(ctx, &AccessToken(&hash)).await?;
    let is_access = access.is_some();
    let found = match access {
        Some(asked) => Some(asked),
        None => ask(ctx, &RefreshToken(&hash)).await?,
    };
    let sees = |asked: &Asked<Holding>| {
        asked.loaded.grant.client == client.id || (client.resource_server && is_access)
    };
    let Some(asked) = found.filter(sees).filter(is_alive) else { return Ok(Introspection::Inactive) };
    ctx.meters.decided(Door::Introspection, &asked.verdict);
    let grant = &asked.loaded.grant;
    let good = asked.verdict.is_ok()
        && asked.loaded.rotated_at.is_none()
        && grant.authentication.stands(&asked.evidence);
    if !good {
        return Ok(Introspection::Inactive);
    }
    Ok(Introspection::Active(ActiveToken {
        scope: grant.scope.clone(),
        client_id: grant.client.clone(),
        token_type: is_access.then_some(TokenType::Bearer),
        exp: asked.loaded.expires_at,
        iat: asked.loaded.issued_at,
        // In the sector of whoever asks: two sectors must not learn that they know the same person.
        sub: ctx.subject(&client.sector, &grant.authentication.account),
        iss: ctx.settings.issuer.clone(),
    }))
}

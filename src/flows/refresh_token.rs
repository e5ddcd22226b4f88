//! A refresh token becomes a new access token.

use crate::domain::client::{AuthMethod, Client};
use crate::domain::event::{Act, AuditLine};
use crate::domain::grant::Grant;
use crate::domain::scope::ScopeSet;
use crate::domain::secret::Secret;
use crate::flows::ask_gate::{Asked, RefreshToken, ask};
use crate::flows::context::Context;
use crate::flows::exchange_code::shut;
use crate::flows::meters::Door;
use crate::flows::step::Step;
use crate::flows::tokens::{Minted, respond};
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::oidc::token::{TokenError, TokenResponse, narrow};
use crate::store;
use crate::store::account::still_passes;
use crate::store::db::Batch;
use crate::store::grant::Holding;

/// Refreshes. A public client's token is exchanged for the next one, and one that comes back revokes its family; a
/// confidential client keeps its token, which is worth nothing without the client's secret (RFC 9700 section 2.2.2).
pub async fn refresh_token(
    ctx: &Context,
    client: &Client,
    token: &Secret,
    scope: Option<&ScopeSet>,
) -> Result<Result<TokenResponse, TokenError>, Unavailable> {
    let hash = token.hash();
    for _ in 0..TRIES {
        let asked = ask(ctx, &RefreshToken(&hash)).await?;
        let Some(asked) = asked.filter(|asked| asked.loaded.grant.client == client.id) else {
            return Ok(Err(TokenError::RefreshTokenUnknown));
        };
        if asked.loaded.rotated_at.is_some() {
            return revoke_family(ctx, client, &asked.loaded.grant).await.map(Err);
        }
        let scope = match check(&asked, scope) {
            Ok(scope) => scope,
            Err(error) => return Ok(Err(error)),
        };
        ctx.meters.decided(Door::Refresh, &asked.verdict);
        let pass = match asked.verdict {
            Ok(pass) => pass,
            // Neither consumed nor rotated: it is suspended, and dead once the password has changed.
            Err(closure) => return Ok(Err(shut(&closure))),
        };
        if !asked.loaded.grant.authentication.stands(&asked.evidence) {
            return Ok(Err(TokenError::GrantEnded));
        }
        ctx.steps.at(Step::RefreshDecided).await;
        let now = asked.evidence.facts().now;
        // A nonce belongs to the request that it was sent with (OIDC Core section 12.2).
        let grant = Grant { scope, nonce: None, ..asked.loaded.grant };
        let rotates = client.auth_method == AuthMethod::None;
        let minted = Minted::draw(ctx, rotates);
        let mut batch = Vec::from(still_passes(&pass));
        batch.push(store::grant::is_alive(&grant.id));
        batch.push(store::grant::add_access_token(
            &minted.access,
            &grant,
            now,
            now.plus(ctx.settings.access_token),
        ));
        if let Some(next) = &minted.refresh {
            batch.push(store::grant::rotate(&hash, now));
            batch.push(store::grant::add_refresh_token(next, &grant.id, now));
        }
        if ctx.commit(Batch::under_order_lock(batch)).await? {
            return respond(ctx, client, &grant, minted, now).map(Ok);
        }
    }
    Err(Unavailable::Contended)
}

/// What has to hold before the gate is worth asking.
fn check(asked: &Asked<Holding>, scope: Option<&ScopeSet>) -> Result<ScopeSet, TokenError> {
    let holding = &asked.loaded;
    if holding.grant.revoked_at.is_some() || holding.grant.authentication.is_over(&asked.evidence) {
        return Err(TokenError::GrantEnded);
    }
    if holding.expires_at <= asked.evidence.facts().now {
        return Err(TokenError::RefreshTokenUnknown);
    }
    narrow(&holding.grant.scope, scope.cloned())
}

async fn revoke_family(ctx: &Context, client: &Client, grant: &Grant) -> Result<TokenError, Unavailable> {
    let now = ctx.clock.now();
    let line =
        AuditLine::new(format!("client:{}", client.id.0), Act::RefreshReuse, format!("grant:{}", grant.id.0));
    ctx.commit(Batch::plain(vec![store::grant::revoke(&grant.id, now), ctx.audit(now, &line)])).await?;
    Ok(TokenError::RefreshTokenReused)
}

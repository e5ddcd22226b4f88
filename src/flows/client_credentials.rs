//! A client is given a token for itself (RFC 6749 section 4.4): it acts for the account of an operator, whose roles bound it
//! and whose gate is its own.

use crate::domain::account::AccountId;
use crate::domain::client::Client;
use crate::domain::event::{Act, AuditLine};
use crate::domain::gate::GatePass;
use crate::domain::grant::{Authentication, Grant, GrantId};
use crate::domain::scope::ScopeSet;
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::ask;
use crate::flows::context::Context;
use crate::flows::exchange_code::shut;
use crate::flows::meters::Door;
use crate::flows::step::Step;
use crate::flows::tokens::Minted;
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::oidc::token::{TokenError, TokenResponse, TokenType, narrow};
use crate::store;
use crate::store::db::Batch;

/// Gives an access token and nothing else: who can prove itself again needs no refresh token, and nobody signed in.
pub async fn client_credentials(
    ctx: &Context,
    client: &Client,
    scope: Option<ScopeSet>,
) -> Result<Result<TokenResponse, TokenError>, Unavailable> {
    let Some(operator) = &client.operator else { return Ok(Err(TokenError::GrantTypeNotRegistered)) };
    let scope = match narrow(&client.scopes, scope) {
        Ok(scope) => scope,
        Err(error) => return Ok(Err(error)),
    };
    let lifetime = ctx.settings.client_token;
    for _ in 0..TRIES {
        let Some(asked) = ask(ctx, operator).await? else { return Ok(Err(TokenError::GrantEnded)) };
        ctx.meters.decided(Door::ClientCredentials, &asked.verdict);
        let pass = match asked.verdict {
            Ok(pass) => pass,
            Err(closure) => return Ok(Err(shut(&closure))),
        };
        ctx.steps.at(Step::ClientCredentialsDecided).await;
        let now = asked.evidence.facts().now;
        let grant = grant(ctx, client, &pass, scope.clone(), now, now.plus(lifetime));
        let minted = Minted::draw(ctx, false);
        let mut batch = store::grant::mint(&pass, &grant, None, now);
        batch.push(store::grant::add_access_token(&minted.access, &grant, now, grant.expires_at));
        batch.push(ctx.audit(now, &line(client, operator)));
        if ctx.commit(Batch::under_order_lock(batch)).await? {
            return Ok(Ok(TokenResponse {
                access_token: minted.access,
                token_type: TokenType::Bearer,
                expires_in: lifetime.as_secs(),
                scope,
                id_token: None,
                refresh_token: None,
            }));
        }
    }
    Err(Unavailable::Contended)
}

fn grant(
    ctx: &Context,
    client: &Client,
    pass: &GatePass,
    scope: ScopeSet,
    now: Timestamp,
    expires_at: Timestamp,
) -> Grant {
    Grant {
        id: GrantId(ctx.new_id(now)),
        client: client.id.clone(),
        scope,
        nonce: None,
        sid: None,
        authentication: Authentication::of_client(client, pass, now),
        expires_at,
        revoked_at: None,
    }
}

fn line(client: &Client, operator: &AccountId) -> AuditLine {
    AuditLine::new(format!("client:{}", client.id.0), Act::ClientToken, format!("account:{}", operator.0))
}

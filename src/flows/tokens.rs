//! What an exchange or a refresh hands out.

use crate::domain::account::AccountId;
use crate::domain::client::Client;
use crate::domain::grant::Grant;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::oidc::id_token::IdToken;
use crate::oidc::subject;
use crate::oidc::token::{TokenResponse, TokenType};

/// Bearer values that were drawn and are about to be stored.
pub struct Minted {
    /// The access token.
    pub access: Secret,
    /// The refresh token.
    pub refresh: Option<Secret>,
}

impl Minted {
    /// Draws the values.
    pub fn draw(ctx: &Context, refresh: bool) -> Self {
        Self {
            access: Secret::from_random(ctx.random.bytes()),
            refresh: refresh.then(|| Secret::from_random(ctx.random.bytes())),
        }
    }
}

impl Context {
    /// The subject by which the clients of a sector know an account.
    pub fn subject(&self, sector: &str, account: &AccountId) -> String {
        subject::pairwise(&self.secrets.pairwise_salt, sector, account)
    }
}

/// The response of the token endpoint for what was stored.
pub fn respond(
    ctx: &Context,
    client: &Client,
    grant: &Grant,
    minted: Minted,
    now: Timestamp,
) -> Result<TokenResponse, Unavailable> {
    let id_token = match &grant.sid {
        Some(sid) if grant.scope.contains(Scope::Openid) => {
            Some(id_token(ctx, client, grant, sid, &minted.access, now)?)
        }
        _ => None,
    };
    Ok(TokenResponse {
        access_token: minted.access,
        token_type: TokenType::Bearer,
        expires_in: ctx.settings.access_token.as_secs(),
        scope: ScopeSet::clone(&grant.scope),
        id_token,
        refresh_token: minted.refresh,
    })
}

fn id_token(
    ctx: &Context,
    client: &Client,
    grant: &Grant,
    sid: &str,
    access: &Secret,
    now: Timestamp,
) -> Result<Secret, Unavailable> {
    let authentication = &grant.authentication;
    let token = IdToken {
        issuer: &ctx.settings.issuer,
        subject: &ctx.subject(&client.sector, &authentication.account),
        client_id: &client.id,
        issued_at: now,
        lifetime: ctx.settings.access_token,
        authenticated_at: authentication.authenticated_at,
        nonce: grant.nonce.as_deref(),
        sid,
        access_token: access,
    };
    let keys = ctx.keys();
    let signed = token.sign(keys.signer(client.id_token_signed_response_alg));
    signed.map_err(|error| Unavailable::Broken(error.to_string()))
}

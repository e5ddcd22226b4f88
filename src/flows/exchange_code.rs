//! An authorization code becomes a grant with tokens.

use crate::domain::client::Client;
use crate::domain::event::{Act, AuditLine};
use crate::domain::gate::{Closure, GatePass};
use crate::domain::grant::{Grant, GrantId};
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::timestamp::Timestamp;
use crate::flows::ask_gate::ask;
use crate::flows::browser::{SESSION, held};
use crate::flows::context::Context;
use crate::flows::interaction::finish::{CODE, CodeClaim};
use crate::flows::meters::Door;
use crate::flows::step::Step;
use crate::flows::tokens::{Minted, respond};
use crate::flows::unavailable::{TRIES, Unavailable};
use crate::oidc::pkce::{self, CodeVerifier};
use crate::oidc::token::{TokenError, TokenResponse};
use crate::store;
use crate::store::db::{Batch, BatchError};
use crate::store::ephemeral::{Claim, Committed, Writes};

/// What a client presents with a code.
pub struct Presented {
    /// The code.
    pub code: Secret,
    /// The redirect URI of the authorization request.
    pub redirect_uri: String,
    /// The PKCE verifier.
    pub code_verifier: Option<CodeVerifier>,
}

/// Exchanges a code. The claim leaves the ephemeral store with the batch that mints, so that an exchange that could not be
/// decided can be tried again. The code's hash is a unique key of the grant: of two exchanges at once the second finds the
/// grant of the first, and a store that repeated the claim still lets it through once at most.
pub async fn exchange_code(
    ctx: &Context,
    client: &Client,
    presented: Presented,
) -> Result<Result<TokenResponse, TokenError>, Unavailable> {
    let hash = presented.code.hash();
    let Some(claim) = ctx.ephemeral.get::<CodeClaim>(CODE, &hash).await? else {
        return reused(ctx, client, &hash).await.map(Err);
    };
    let exchanged = match check(client, &claim, &presented) {
        Ok(()) => decide(ctx, client, &claim, &hash).await?,
        Err(error) => Err(error),
    };
    if exchanged.is_err() {
        // A code that was refused is used up: nobody may try what else belongs to it.
        ctx.ephemeral.remove(CODE, &hash).await?;
    }
    Ok(exchanged)
}

async fn decide(
    ctx: &Context,
    client: &Client,
    claim: &CodeClaim,
    hash: &str,
) -> Result<Result<TokenResponse, TokenError>, Unavailable> {
    for _ in 0..TRIES {
        let session: Option<Session> = held(ctx, SESSION, &claim.sid).await?;
        let asked = ask(ctx, &claim.authentication.account).await?;
        let Some(asked) = asked.filter(|_| session.is_some()) else {
            return Ok(Err(TokenError::GrantEnded));
        };
        if claim.authentication.is_over(&asked.evidence) {
            return Ok(Err(TokenError::GrantEnded));
        }
        ctx.meters.decided(Door::Exchange, &asked.verdict);
        let pass = match asked.verdict {
            Ok(pass) => pass,
            Err(closure) => return Ok(Err(shut(&closure))),
        };
        if !claim.authentication.stands(&asked.evidence) {
            return Ok(Err(TokenError::GrantEnded));
        }
        ctx.steps.at(Step::ExchangeDecided).await;
        let now = asked.evidence.facts().now;
        let grant = grant(ctx, claim, now);
        match mint(ctx, pass, &grant, claim, hash, now).await? {
            Exchanged::Minted(minted) => return respond(ctx, client, &grant, minted, now).map(Ok),
            Exchanged::Reused => return reused(ctx, client, hash).await.map(Err),
            Exchanged::Changed => {}
        }
    }
    Err(Unavailable::Contended)
}

/// What a closed gate is called at the token endpoint. No page opens the gate of a disabled account, so that the signal
/// would send its owner in a circle.
pub fn shut(closure: &Closure) -> TokenError {
    match closure {
        Closure::Disabled => TokenError::GrantEnded,
        Closure::Compromised
        | Closure::Expired
        | Closure::Individual { .. }
        | Closure::NotActivated
        | Closure::Ordered { .. }
        | Closure::RulesTightened => TokenError::PasswordChangeRequired,
    }
}

fn check(client: &Client, claim: &CodeClaim, presented: &Presented) -> Result<(), TokenError> {
    if claim.client != client.id {
        return Err(TokenError::CodeUnknown);
    }
    if claim.redirect_uri != presented.redirect_uri {
        return Err(TokenError::RedirectUriDiffers);
    }
    pkce::verify(claim.code_challenge.as_ref(), presented.code_verifier.as_ref())?;
    Ok(())
}

enum Exchanged {
    Minted(Minted),
    Reused,
    Changed,
}

fn grant(ctx: &Context, claim: &CodeClaim, now: Timestamp) -> Grant {
    Grant {
        id: GrantId(ctx.new_id(now)),
        client: claim.client.clone(),
        scope: claim.scope.clone(),
        nonce: claim.nonce.clone(),
        sid: Some(claim.sid.clone()),
        authentication: claim.authentication.clone(),
        expires_at: now.plus(ctx.settings.refresh_token),
        revoked_at: None,
    }
}

async fn mint(
    ctx: &Context,
    pass: GatePass,
    grant: &Grant,
    claim: &CodeClaim,
    code_hash: &str,
    now: Timestamp,
) -> Result<Exchanged, Unavailable> {
    let minted = Minted::draw(ctx, grant.is_offline());
    let mut writes = Writes::under_order_lock();
    writes.extend(store::grant::mint(&pass, grant, Some(code_hash), now));
    writes.push(store::session::has_not_ended(&claim.sid));
    writes.push(store::grant::add_access_token(
        &minted.access,
        grant,
        now,
        now.plus(ctx.settings.access_token),
    ));
    if let Some(refresh) = &minted.refresh {
        writes.push(store::grant::add_refresh_token(refresh, &grant.id, now));
    }
    writes.push(Claim::remove(CODE, code_hash));
    match ctx.ephemeral.commit(&ctx.db, writes).await {
        // The code that should be gone is used up by the grant's key.
        Ok(Committed::Whole | Committed::ClaimsLost) => Ok(Exchanged::Minted(minted)),
        Err(BatchError::Unique { .. }) => Ok(Exchanged::Reused),
        Err(BatchError::Unmet { .. }) => Ok(Exchanged::Changed),
        Err(error @ (BatchError::Busy | BatchError::Db(_))) => Err(Unavailable::Db(error.into())),
    }
}

/// A code that comes back was seen by two: what the first was given is revoked (RFC 6749 section 4.1.2).
async fn reused(ctx: &Context, client: &Client, hash: &str) -> Result<TokenError, Unavailable> {
    match store::grant::find_by_code(&ctx.db, hash).await? {
        Some((grant, owner)) if owner == client.id => {
            let now = ctx.clock.now();
            let line = AuditLine::new(
                format!("client:{}", client.id.0),
                Act::CodeReuse,
                format!("grant:{}", grant.0),
            );
            ctx.commit(Batch::plain(vec![store::grant::revoke(&grant, now), ctx.audit(now, &line)])).await?;
            Ok(TokenError::CodeReused)
        }
        _ => Ok(TokenError::CodeUnknown),
    }
}

//! The end of an interaction: an authorization code, or the relying party's notice.

use serde::{Deserialize, Serialize};

use crate::domain::client::ClientId;
use crate::domain::grant::Authentication;
use crate::domain::scope::ScopeSet;
use crate::domain::secret::Secret;
use crate::flows::browser::{Browser, SESSION};
use crate::flows::context::Context;
use crate::flows::interaction::Opened;
use crate::flows::interaction::advance::{Ready, forget_notice, remember_notice};
use crate::flows::step::Step;
use crate::flows::unavailable::Unavailable;
use crate::oidc::authorize_response::{AuthorizeError, RedirectAnswer};
use crate::oidc::pkce::CodeChallenge;
use crate::store;
use crate::store::account::still_passes;
use crate::store::ephemeral::{Claim, Writes};

/// The kind of [`CodeClaim`]s in the ephemeral store.
pub const CODE: &str = "code";

/// A claim for tokens, kept in the ephemeral store under the hash of the authorization code.
#[derive(Clone, Serialize, Deserialize)]
pub struct CodeClaim {
    /// To whom it was given.
    pub client: ClientId,
    /// Where it was sent, byte for byte (RFC 6749 section 4.1.3).
    pub redirect_uri: String,
    /// The PKCE challenge, absent only for a client registered without.
    pub code_challenge: Option<CodeChallenge>,
    /// To be repeated in the ID token.
    pub nonce: Option<String>,
    /// What was granted.
    pub scope: ScopeSet,
    /// The session.
    pub sid: String,
    /// Whose sign-in.
    pub authentication: Authentication,
}

/// How the end went.
pub enum Answer {
    /// Back to the relying party.
    Redirect(RedirectAnswer),
    /// What was decided upon has changed: look again.
    Again,
}

/// Mints the code, if the gate that was open still is, and ends the interaction with it: of two tabs that resume, one
/// gets the code. The code is a claim in the ephemeral store: whoever takes it out asks the gate again.
pub async fn finish(
    ctx: &Context,
    opened: &Opened,
    browser: &Browser,
    ready: Ready,
) -> Result<Answer, Unavailable> {
    let (Some(request), Ok(pass)) = (&opened.interaction.request, ready.asked.verdict) else {
        return Ok(Answer::Again);
    };
    ctx.steps.at(Step::CodeDecided).await;
    let now = ready.asked.evidence.facts().now;
    let code = Secret::from_random(ctx.random.bytes());
    let claim = CodeClaim {
        client: request.client_id.clone(),
        redirect_uri: request.return_address.redirect_uri().to_owned(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        scope: request.scopes.clone(),
        sid: ready.sid,
        authentication: ready.authentication,
    };
    let mut writes = Writes::under_order_lock();
    writes.extend(still_passes(&pass));
    writes.push(store::session::has_not_ended(&claim.sid));
    writes.extend(opened.interaction.used());
    if let Some(session) = &browser.session {
        let seen = crate::domain::session::Session { seen_at: now, ..session.clone() };
        let expires_at = session.authenticated_at.plus(ctx.settings.session.absolute);
        // A session that was ended in between must not come back to life by being renewed.
        writes.push(Claim::renew(SESSION, &session.sid, &seen, expires_at)?);
    }
    writes.push(Claim::put(CODE, code.hash(), &claim, now.plus(ctx.settings.code))?);
    writes.extend(forget_notice(opened, browser));
    if !ctx.commit_claims(writes).await? {
        return Ok(Answer::Again);
    }
    Ok(Answer::Redirect(RedirectAnswer::code(&request.return_address, &code, ctx.settings.issuer.as_str())))
}

/// Tells the relying party that a change is required, once; it comes back with `prompt=change_password`.
pub async fn notify(
    ctx: &Context,
    opened: &Opened,
    browser: &Browser,
) -> Result<Option<RedirectAnswer>, Unavailable> {
    if !opened.interaction.take(ctx).await? {
        return Ok(None);
    }
    remember_notice(ctx, opened, browser).await?;
    Ok(opened.answer_error(ctx, &AuthorizeError::PasswordChangeRequired))
}

//! Signing out.

use crate::domain::client::Client;
use crate::domain::event::Act;
use crate::domain::session::Session;
use crate::flows::browser::{Browser, session_ends};
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::oidc::end_session::{LogoutError, LogoutRequest};
use crate::oidc::id_token_hint::IdTokenHint;
use crate::store;
use crate::store::ephemeral::Writes;

/// What a request to sign out means for this browser.
#[derive(Default)]
pub struct SignOut {
    /// Whose session ends, by login; none when nobody is signed in.
    pub login: Option<String>,
    /// Whether the request shows that the session's own relying party asks, so that nobody need be asked.
    pub confirmed: bool,
    /// Who asks.
    pub client: Option<Client>,
    /// Where to go then, registered byte for byte.
    pub return_to: Option<String>,
}

/// Reads a request to sign out against the browser's session and the client's registration.
pub async fn who_signs_out(
    ctx: &Context,
    browser: &Browser,
    request: &LogoutRequest,
) -> Result<Result<SignOut, LogoutError>, Unavailable> {
    let hint = match &request.id_token_hint {
        None => None,
        Some(hint) => match IdTokenHint::read(hint, &ctx.keys(), &ctx.settings.issuer) {
            Ok(hint) => Some(hint),
            Err(error) => return Ok(Err(error.into())),
        },
    };
    let client = match request.client_id(hint.as_ref()) {
        Err(error) => return Ok(Err(error)),
        Ok(None) => None,
        Ok(Some(id)) => match store::client::find(&ctx.db, id).await? {
            Some(client) => Some(client),
            None => return Ok(Err(LogoutError::ClientUnknown)),
        },
    };
    let return_to = match client.as_ref().map(|client| request.return_to(client)).transpose() {
        Ok(return_to) => return_to.flatten(),
        Err(error) => return Ok(Err(error)),
    };
    let mut outcome = SignOut { login: None, confirmed: false, client, return_to };
    if let Some(session) = &browser.session {
        outcome.login = Some(login_of(ctx, session).await?);
        if let (Some(hint), Some(client)) = (&hint, &outcome.client) {
            outcome.confirmed = hint.speaks_of(&session.sid, &ctx.subject(&client.sector, &session.account));
        }
    }
    Ok(Ok(outcome))
}

/// The login of a session's account, for the question whether it is to end.
pub async fn login_of(ctx: &Context, session: &Session) -> Result<String, Unavailable> {
    let person = store::account::find(&ctx.db, &session.account).await?;
    Ok(person.map(|person| person.login).unwrap_or_default())
}

/// Ends the browser's session, and with it the grants that were not to outlive it. Done twice it is done once. Once it is
/// written down, a claim that could not be removed opens nothing any more.
pub async fn sign_out(ctx: &Context, browser: &Browser) -> Result<(), Unavailable> {
    let now = ctx.clock.now();
    let mut writes = Writes::plain();
    writes.extend(browser.forget());
    writes.extend(browser.end_unseen(ctx, now));
    if let Some(session) = &browser.session {
        writes.extend(session_ends(ctx, session, now));
        writes.push(ctx.audit_own(now, &session.account, Act::SignOut));
    }
    ctx.commit_weighed(writes).await?;
    ctx.notices_written.notify_one();
    Ok(())
}

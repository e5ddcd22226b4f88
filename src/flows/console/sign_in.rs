//! Signing in to the console: a request to ourselves, and the code that comes back.

use url::form_urlencoded::Serializer;

use crate::domain::secret::{Secret, same_text};
use crate::flows::ask_gate::ask;
use crate::flows::console::destination::Destination;
use crate::flows::console::{CALLBACK, CLIENT_ID, CONSOLE, ConsoleSession, client};
use crate::flows::context::Context;
use crate::flows::exchange_code::{Presented, exchange_code};
use crate::flows::unavailable::Unavailable;
use crate::oidc::endpoints;
use crate::oidc::pkce::CodeVerifier;
use crate::store;
use crate::store::ephemeral::{Claim, Writes};

/// The kind of the claims that hold the [`Destination`] of a sign-in that has begun, under the hash of its cookie.
const WANTED: &str = "console_wanted";

/// A sign-in that begins.
pub struct Begun {
    /// What the browser keeps until it comes back.
    pub cookie: Secret,
    /// Where it goes.
    pub location: String,
}

/// What came back.
pub struct Returned {
    /// The code.
    pub code: Secret,
    /// The state that was sent with the request.
    pub state: String,
}

/// Somebody who signed in.
pub struct Entered {
    /// The cookie of their session.
    pub cookie: Secret,
    /// Where they were going; none for the first page.
    pub wanted: Option<Destination>,
}

/// Begins. State, nonce and verifier are made from the cookie, so that whoever has not the cookie can finish nothing. Where it
/// ends is kept here: it is no part of what goes round by the browser, where somebody else could put another.
pub async fn begin(
    ctx: &Context,
    ui_locales: Option<&str>,
    wanted: Option<&Destination>,
) -> Result<Begun, Unavailable> {
    let cookie = Secret::from_random(ctx.random.bytes());
    if let Some(wanted) = wanted {
        let expires_at = ctx.clock.now().plus(ctx.settings.interaction);
        ctx.ephemeral.put(WANTED, &cookie.hash(), wanted, expires_at).await?;
    }
    let mut query = Serializer::new(String::new());
    query
        .append_pair("client_id", CLIENT_ID)
        .append_pair("redirect_uri", &endpoints::at(&ctx.settings.issuer, CALLBACK))
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("state", made(ctx, "state", &cookie).expose())
        .append_pair("nonce", made(ctx, "nonce", &cookie).expose())
        .append_pair("code_challenge", &made(ctx, "verifier", &cookie).hash())
        .append_pair("code_challenge_method", "S256");
    if let Some(locales) = ui_locales {
        query.append_pair("ui_locales", locales);
    }
    Ok(Begun { cookie, location: format!("{}?{}", endpoints::AUTHORIZE, query.finish()) })
}

/// Ends: the code is exchanged as everybody's is, and what it was exchanged for is what the session rests on. None where the
/// browser did not begin it, or the code is good for nothing.
pub async fn finish(
    ctx: &Context,
    cookie: &Secret,
    returned: Returned,
) -> Result<Option<Entered>, Unavailable> {
    if !same_text(made(ctx, "state", cookie).expose(), &returned.state) {
        return Ok(None);
    }
    let Some(verifier) = CodeVerifier::parse(made(ctx, "verifier", cookie).expose()) else { return Ok(None) };
    let hash = returned.code.hash();
    let presented = Presented {
        code: returned.code,
        redirect_uri: endpoints::at(&ctx.settings.issuer, CALLBACK),
        code_verifier: Some(verifier),
    };
    if exchange_code(ctx, &client(&ctx.settings.issuer), presented).await?.is_err() {
        return Ok(None);
    }
    let Some((grant, _)) = store::grant::find_by_code(&ctx.db, &hash).await? else { return Ok(None) };
    let Some(asked) = ask(ctx, &grant).await? else { return Ok(None) };
    let nonce = asked.loaded.grant.nonce.as_deref().unwrap_or_default();
    if !same_text(made(ctx, "nonce", cookie).expose(), nonce) {
        return Ok(None);
    }
    let now = asked.evidence.facts().now;
    let ends_at = asked.loaded.grant.authentication.authenticated_at.plus(ctx.settings.session.absolute);
    let wanted: Option<Destination> = ctx.ephemeral.take(WANTED, &cookie.hash()).await?;
    let session = ConsoleSession {
        grant,
        opened_at: now,
        seen_at: now,
        factor_at: None,
        may_enrol: false,
        wanted: wanted.clone(),
    };
    let kept = Secret::from_random(ctx.random.bytes());
    let mut writes = Writes::plain();
    writes.push(Claim::put(CONSOLE, kept.hash(), &session, ends_at)?);
    ctx.commit_claims(writes).await?;
    Ok(Some(Entered { cookie: kept, wanted }))
}

fn made(ctx: &Context, what: &str, cookie: &Secret) -> Secret {
    Secret::new(ctx.secrets.tag("console sign-in", &[what, cookie.expose()]))
}

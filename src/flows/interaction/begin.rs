//! A relying party's request arrives.

use crate::domain::client::Client;
use crate::flows::browser::Browser;
use crate::flows::context::Context;
use crate::flows::find_client::find_client;
use crate::flows::interaction::advance::{Next, advance};
use crate::flows::interaction::finish::{Answer, finish};
use crate::flows::interaction::{Begun, Interaction, Opened};
use crate::flows::unavailable::Unavailable;
use crate::oidc::authorize::{AuthorizationRequest, PageError, Prompt, Refusal, client_id};
use crate::oidc::authorize_response::RedirectAnswer;
use crate::oidc::parameters::Parameters;

/// Begins an interaction that no relying party asked for.
pub async fn begin_alone(ctx: &Context, browser: &Browser) -> Result<Begun, Unavailable> {
    if browser.is_new() {
        ctx.hash_pool.admit()?;
    }
    Interaction::unstored(ctx, None).store(ctx).await
}

/// How a request was received.
pub enum Received {
    /// It could be answered at once.
    Answered(RedirectAnswer),
    /// Pages are needed: on to the interaction.
    Begun(Box<Begun>),
    /// Nothing in it can be trusted: a page here, no redirect.
    Refused(PageError),
}

/// Whether the browser's cookies can be relied on to be there: a form posted from another site comes without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A navigation that carries them.
    Get,
    /// A cross-site form: whoever is signed in shows only after a redirect to ourselves.
    Post,
}

/// Validates the request before anything is stored or asked, then answers or begins an interaction.
pub async fn receive(
    ctx: &Context,
    parameters: &Parameters,
    browser: &Browser,
    arrival: Arrival,
) -> Result<Received, Unavailable> {
    let id = match client_id(parameters) {
        Ok(id) => id,
        Err(error) => return Ok(Received::Refused(error)),
    };
    let Some(client) = find_client(ctx, &id).await? else {
        return Ok(Received::Refused(PageError::ClientUnknown));
    };
    let told = |to, error| Ok(Received::Answered(RedirectAnswer::error(to, error, &ctx.settings.issuer)));
    match AuthorizationRequest::read(parameters, &client, &ctx.keys(), &ctx.settings.issuer) {
        Ok(request) => go_on(ctx, request, client, browser, arrival).await,
        Err(Refusal::Page(error)) => Ok(Received::Refused(error)),
        Err(Refusal::Redirect { to, error }) => told(&to, &error),
    }
}

async fn go_on(
    ctx: &Context,
    request: AuthorizationRequest,
    client: Client,
    browser: &Browser,
    arrival: Arrival,
) -> Result<Received, Unavailable> {
    if arrival == Arrival::Post {
        return Ok(Received::Begun(Box::new(Interaction::unstored(ctx, Some(request)).store(ctx).await?)));
    }
    // Asked once without storing anything: most requests with a session, and all silent ones, end here.
    let silent = request.asks(Prompt::None);
    let opened = Opened { interaction: Interaction::unstored(ctx, Some(request)), client: Some(client) };
    match advance(ctx, &opened, browser).await? {
        Next::Finish(ready) => match finish(ctx, &opened, browser, *ready).await? {
            Answer::Redirect(answer) => Ok(Received::Answered(answer)),
            Answer::Again => Ok(Received::Begun(Box::new(opened.interaction.store(ctx).await?))),
        },
        Next::Error(error) if silent => Ok(opened
            .answer_error(ctx, &error)
            .map_or(Received::Refused(PageError::RedirectUriMissing), Received::Answered)),
        Next::LogIn if browser.is_new() => {
            ctx.hash_pool.admit()?;
            Ok(Received::Begun(Box::new(opened.interaction.store(ctx).await?)))
        }
        Next::LogIn | Next::Change(_) | Next::Error(_) | Next::Notify => {
            Ok(Received::Begun(Box::new(opened.interaction.store(ctx).await?)))
        }
    }
}

//! Somebody gives up on the provider's pages.

use crate::flows::browser::Browser;
use crate::flows::context::Context;
use crate::flows::interaction::Opened;
use crate::flows::interaction::advance::{Next, advance};
use crate::flows::unavailable::Unavailable;
use crate::oidc::authorize_response::{AuthorizeError, RedirectAnswer};

/// Ends the interaction. The relying party learns that the change was declined where that is what was declined, and
/// comes back with nothing by itself. None when nobody asked, or the interaction was over.
pub async fn cancel(
    ctx: &Context,
    opened: &Opened,
    browser: &Browser,
) -> Result<Option<RedirectAnswer>, Unavailable> {
    let error = match advance(ctx, opened, browser).await? {
        Next::Change(_) | Next::Notify => AuthorizeError::PasswordChangeDeclined,
        Next::LogIn | Next::Finish(_) | Next::Error(_) => AuthorizeError::AccessDenied,
    };
    if !opened.interaction.take(ctx).await? {
        return Ok(None);
    }
    Ok(opened.answer_error(ctx, &error))
}

//! The own account page: who is signed in, so that the password can be changed by choice.

use crate::domain::gate::Closure;
use crate::flows::ask_gate::ask;
use crate::flows::browser::Browser;
use crate::flows::context::Context;
use crate::flows::interaction::advance::ChangePage;
use crate::flows::meters::Door;
use crate::flows::unavailable::Unavailable;

/// Who is at the account page.
pub enum Visitor {
    /// Signed in, with what the change page has to say.
    SignedIn(Box<ChangePage>),
    /// Nobody: sign in first.
    Nobody,
}

/// Says who is at the account page.
pub async fn visit_account(ctx: &Context, browser: &Browser) -> Result<Visitor, Unavailable> {
    let Some(session) = &browser.session else { return Ok(Visitor::Nobody) };
    let Some(asked) = ask(ctx, &session.account).await? else {
        return Ok(Visitor::Nobody);
    };
    ctx.meters.decided(Door::Account, &asked.verdict);
    let closure = asked.verdict.as_ref().err().cloned();
    let admitted = closure.as_ref().is_none_or(Closure::admits_old_password);
    if !admitted || !session.stands(&asked.evidence, ctx.settings.session) {
        return Ok(Visitor::Nobody);
    }
    let until = asked.evidence.facts().now.plus(ctx.settings.pending_change);
    Ok(Visitor::SignedIn(Box::new(ChangePage::of(ctx, asked, closure, false, until).await?)))
}

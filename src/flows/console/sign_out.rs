//! Leaving the console.

use crate::domain::secret::Secret;
use crate::flows::browser::Browser;
use crate::flows::console::{CONSOLE, ConsoleSession};
use crate::flows::context::Context;
use crate::flows::sign_out::sign_out;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::ephemeral::{Claim, Writes};

/// Ends the console's session, what it rests on, and the browser's session at the provider: whoever leaves a desk means all of
/// it. That the grant is dead is written with the durable data, so that a session which could not be removed opens nothing.
pub async fn leave(ctx: &Context, cookie: Option<&Secret>, browser: &Browser) -> Result<(), Unavailable> {
    if let Some(key) = cookie.map(Secret::hash) {
        let mut writes = Writes::plain();
        if let Some(session) = ctx.ephemeral.get::<ConsoleSession>(CONSOLE, &key).await? {
            writes.push(store::grant::revoke(&session.grant, ctx.clock.now()));
        }
        writes.push(Claim::remove(CONSOLE, key));
        ctx.commit_weighed(writes).await?;
    }
    sign_out(ctx, browser).await
}

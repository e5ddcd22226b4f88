//! Who asks at the authorization endpoint: a registered relying party, or the console.

use crate::domain::client::{Client, ClientId};
use crate::flows::console;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;

/// The client of this id. The console is known here and nowhere else: it has no secret, and no business at the token endpoint.
pub async fn find_client(ctx: &Context, id: &ClientId) -> Result<Option<Client>, Unavailable> {
    if id.0 == console::CLIENT_ID {
        return Ok(Some(console::client(&ctx.settings.issuer)));
    }
    Ok(store::client::find(&ctx.db, id).await?)
}

//! Which client is at the token, introspection or revocation endpoint.

use crate::domain::client::Client;
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::oidc::client_authentication::{ClientAuthenticationError, ClientCredentials};
use crate::oidc::parameters::Parameters;
use crate::store;

/// Authenticates the client of a request by its header or form.
pub async fn authenticate_client(
    ctx: &Context,
    authorization: Option<&str>,
    form: &Parameters,
) -> Result<Result<Client, ClientAuthenticationError>, Unavailable> {
    let credentials = match ClientCredentials::read(authorization, form) {
        Ok(credentials) => credentials,
        Err(error) => return Ok(Err(error)),
    };
    let Some(client) = store::client::find(&ctx.db, credentials.client_id()).await? else {
        return Ok(Err(ClientAuthenticationError::Unknown));
    };
    Ok(credentials.verify(&client).map(|()| client))
}

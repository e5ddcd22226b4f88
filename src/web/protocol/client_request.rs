//! What the endpoints for clients begin with: a form, and a client that authenticates itself by it or by a header.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::domain::client::Client;
use crate::flows::authenticate_client::authenticate_client;
use crate::flows::unavailable::Unavailable;
use crate::oidc::client_authentication::ClientAuthenticationError;
use crate::oidc::parameters::{ParameterError, Parameters};
use crate::web::app::App;
use crate::web::extract::form::Form;

/// The client and its form, or what is wrong with either in the words of the endpoint.
pub async fn read<E>(
    app: &App,
    headers: &HeaderMap,
    form: Form,
) -> Result<Result<(Client, Parameters), E>, Unavailable>
where
    E: From<ParameterError> + From<ClientAuthenticationError>,
{
    let form = match form.0 {
        Ok(form) => form,
        Err(error) => return Ok(Err(error.into())),
    };
    let client = authenticate_client(&app.ctx, authorization(headers), &form).await?;
    Ok(client.map(|client| (client, form)).map_err(E::from))
}

/// The `Authorization` header; one that is not ASCII reads as a scheme nobody knows.
pub fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"))
}

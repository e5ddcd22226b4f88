//! What the standards say: text in, typed request or typed error out. Pure, like `domain`.

pub mod authorize;
pub mod authorize_response;
pub mod bearer;
pub mod client_assertion;
pub mod client_authentication;
pub mod discovery;
pub mod end_session;
pub mod endpoints;
pub mod error_answer;
pub mod id_token;
pub mod id_token_hint;
pub mod introspection;
pub mod jws;
pub mod keys;
pub mod logout_token;
pub mod parameters;
pub mod pkce;
pub mod presented_token;
pub mod signal;
pub mod subject;
pub mod token;
pub mod userinfo;

#[cfg(test)]
pub(crate) mod test_client;

#[cfg(test)]
mod tests;

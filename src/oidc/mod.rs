//! What the standards say: text in, typed request or typed error out. Pure, like `domain`.

pub mod authorize;
pub mod authorize_response;
pub mod client_authentication;
pub mod endpoints;
pub mod error_answer;
pub mod parameters;
pub mod pkce;
pub mod signal;
pub mod token;

#[cfg(test)]
pub(crate) mod test_client;

//! The endpoints of OpenID Connect and OAuth: read by `oidc`, decided by a flow, answered here.

pub mod authorize;
pub mod client_request;
pub mod discovery;
pub mod introspect;
pub mod logout;
pub mod revoke;
pub mod token;
pub mod userinfo;

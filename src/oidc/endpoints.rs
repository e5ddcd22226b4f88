//! Where everything is. The router, discovery and the signal take the paths from here, so they cannot disagree.

/// The authorization endpoint.
pub const AUTHORIZE: &str = "/authorize";
/// The token endpoint.
pub const TOKEN: &str = "/token";
/// The userinfo endpoint.
pub const USERINFO: &str = "/userinfo";
/// The introspection endpoint (RFC 7662).
pub const INTROSPECT: &str = "/introspect";
/// The revocation endpoint (RFC 7009).
pub const REVOKE: &str = "/revoke";
/// The public keys (RFC 7517).
pub const JWKS: &str = "/jwks";
/// RP-initiated logout.
pub const LOGOUT: &str = "/logout";
/// The metadata, as OpenID Connect Discovery names it.
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
/// The same metadata, as RFC 8414 names it.
pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The page for developers about the signal.
pub const PASSWORD_CHANGE_REQUIRED: &str = "/errors/password_change_required";
/// The page for developers about a user who gave up.
pub const PASSWORD_CHANGE_DECLINED: &str = "/errors/password_change_declined";

/// The absolute address of a path at an issuer, which may be written with or without a final slash.
pub fn at(issuer: &str, path: &str) -> String {
    format!("{}{path}", issuer.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_slash_of_the_issuer_is_not_doubled() {
        for issuer in ["https://op.example", "https://op.example/"] {
            assert_eq!(at(issuer, TOKEN), "https://op.example/token");
        }
    }
}

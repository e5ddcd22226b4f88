//! The client that the tests of this floor speak for.

use crate::domain::client::Client;
use crate::domain::secret::Secret;

/// Its secret.
pub(crate) const SECRET: &str = "a-secret-of-a-test";

/// A confidential client with every scope, one redirect URI that has a query, and PKCE.
pub(crate) fn client() -> Client {
    serde_json::from_value(serde_json::json!({
        "client_id": "portal",
        "client_name": "Portail",
        "ecluse_sector": "portal.example",
        "ecluse_client_secret_sha256": Secret::new(SECRET.to_owned()).hash(),
        "redirect_uris": ["https://portal.example/cb?from=op", "https://portal.example/other"],
        "post_logout_redirect_uris": ["https://portal.example/bye"],
        "scope": "openid profile email ent offline_access",
    }))
    .unwrap()
}

//! The metadata of the provider (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2): what this provider does
//! and nothing else, each list taken from where it is decided.

use serde::Serialize;

use super::authorize::Prompt;
use super::endpoints;
use super::id_token::ACR_PASSWORD;
use super::userinfo::UserInfo;
use crate::domain::client::{AuthMethod, GrantType, SigningAlgorithm};
use crate::domain::scope::Scope;

/// The document at both well-known addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the names and types are those of the document")]
pub struct ProviderMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    service_documentation: String,
    scopes_supported: [&'static str; 13],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [GrantType; 3],
    acr_values_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [SigningAlgorithm; 3],
    token_endpoint_auth_methods_supported: [AuthMethod; 4],
    token_endpoint_auth_signing_alg_values_supported: [SigningAlgorithm; 3],
    introspection_endpoint_auth_methods_supported: [AuthMethod; 4],
    introspection_endpoint_auth_signing_alg_values_supported: [SigningAlgorithm; 3],
    revocation_endpoint_auth_methods_supported: [AuthMethod; 4],
    revocation_endpoint_auth_signing_alg_values_supported: [SigningAlgorithm; 3],
    code_challenge_methods_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    ui_locales_supported: [&'static str; 2],
    authorization_response_iss_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    /// Said because it means true when it is left out.
    request_uri_parameter_supported: bool,
}

impl ProviderMetadata {
    /// The claims of an ID token that userinfo does not repeat.
    const ID_TOKEN_CLAIMS: [&'static str; 10] =
        ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"];

    /// The document of the provider at `issuer`.
    pub fn new(issuer: &str) -> Self {
        let at = |path| endpoints::at(issuer, path);
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at(endpoints::AUTHORIZE),
            token_endpoint: at(endpoints::TOKEN),
            userinfo_endpoint: at(endpoints::USERINFO),
            jwks_uri: at(endpoints::JWKS),
            introspection_endpoint: at(endpoints::INTROSPECT),
            revocation_endpoint: at(endpoints::REVOKE),
            end_session_endpoint: at(endpoints::LOGOUT),
            service_documentation: at(endpoints::PASSWORD_CHANGE_REQUIRED),
            scopes_supported: Scope::ALL.map(Scope::as_str),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: GrantType::ALL,
            acr_values_supported: [ACR_PASSWORD],
            subject_types_supported: ["pairwise"],
            id_token_signing_alg_values_supported: SigningAlgorithm::ALL,
            token_endpoint_auth_methods_supported: AuthMethod::ALL,
            token_endpoint_auth_signing_alg_values_supported: SigningAlgorithm::ALL,
            introspection_endpoint_auth_methods_supported: AuthMethod::ALL,
            introspection_endpoint_auth_signing_alg_values_supported: SigningAlgorithm::ALL,
            revocation_endpoint_auth_methods_supported: AuthMethod::ALL,
            revocation_endpoint_auth_signing_alg_values_supported: SigningAlgorithm::ALL,
            code_challenge_methods_supported: ["S256"],
            prompt_values_supported: Prompt::ADVERTISED.map(Prompt::as_str),
            claim_types_supported: ["normal"],
            claims_supported: UserInfo::CLAIMS.into_iter().chain(Self::ID_TOKEN_CLAIMS).collect(),
            ui_locales_supported: ["fr", "en"],
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use openidconnect::ProviderMetadataWithLogout;

    use super::*;

    #[test]
    fn a_relying_party_of_another_make_reads_it() {
        let json = serde_json::to_string(&ProviderMetadata::new("https://op.example")).unwrap();
        let read: ProviderMetadataWithLogout = serde_json::from_str(&json).unwrap();
        assert_eq!(read.issuer().as_str(), "https://op.example");
        assert_eq!(read.token_endpoint().unwrap().as_str(), "https://op.example/token");
        assert_eq!(
            read.additional_metadata().end_session_endpoint.as_ref().unwrap().as_str(),
            "https://op.example/logout"
        );
        assert_eq!(read.request_uri_parameter_supported(), Some(false));
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let said = serde_json::to_value(ProviderMetadata::new("https://op.example")).unwrap();
        let expected = [
            (
                "scopes_supported",
                serde_json::json!([
                    "openid",
                    "profile",
                    "email",
                    "ent",
                    "offline_access",
                    "orders:read",
                    "orders:issue",
                    "orders:approve",
                    "people:read",
                    "people:act",
                    "slips:print",
                    "roles:grant",
                    "audit:read"
                ]),
            ),
            (
                "grant_types_supported",
                serde_json::json!(["authorization_code", "refresh_token", "client_credentials"]),
            ),
            (
                "token_endpoint_auth_signing_alg_values_supported",
                serde_json::json!(["RS256", "ES256", "EdDSA"]),
            ),
            ("id_token_signing_alg_values_supported", serde_json::json!(["RS256", "ES256", "EdDSA"])),
            (
                "token_endpoint_auth_methods_supported",
                serde_json::json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]),
            ),
            (
                "prompt_values_supported",
                serde_json::json!(["none", "login", "select_account", "change_password"]),
            ),
            ("acr_values_supported", serde_json::json!(["urn:ecluse:acr:password"])),
            ("authorization_response_iss_parameter_supported", serde_json::json!(true)),
            ("backchannel_logout_supported", serde_json::json!(true)),
            ("backchannel_logout_session_supported", serde_json::json!(true)),
            ("request_parameter_supported", serde_json::json!(false)),
        ];
        for (member, value) in expected {
            assert_eq!(said[member], value, "{member}");
        }
    }
}

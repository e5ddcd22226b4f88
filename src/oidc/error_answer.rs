//! The error of an endpoint that answers in JSON (RFC 6749 section 5.2).

use serde::Serialize;

use super::signal;

/// What to answer: status, challenge and body. Whoever sends it adds `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The value of `WWW-Authenticate`, which every 401 has (RFC 9110 section 15.5.2).
    pub www_authenticate: Option<String>,
    /// The body; absent where RFC 6750 section 3.1 wants no error code.
    pub body: Option<ErrorBody>,
}

/// The members of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// The code.
    pub error: &'static str,
    /// For the developer who reads it; ASCII.
    pub error_description: String,
    /// The discriminator, if a password change is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<String>,
    /// The same for libraries that hide `error_uri`.
    #[serde(rename = "ecluse_interaction", skip_serializing_if = "Option::is_none")]
    pub interaction: Option<&'static str>,
}

impl ErrorBody {
    /// An error without more to say.
    pub fn plain(error: &'static str, error_description: String) -> Self {
        Self { error, error_description, error_uri: None, interaction: None }
    }

    /// The same with the signal that the password must change.
    pub fn password_change_required(error: &'static str, issuer: &str) -> Self {
        Self {
            error,
            error_description: signal::DESCRIPTION.to_owned(),
            error_uri: Some(signal::required_uri(issuer)),
            interaction: Some(signal::INTERACTION),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_of_the_signal_has_its_name() {
        let body =
            serde_json::to_value(ErrorBody::password_change_required("invalid_grant", "https://op.example"))
                .unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "error": "invalid_grant",
                "error_description": "password_change_required: the user must change their password at the provider",
                "error_uri": "https://op.example/errors/password_change_required",
                signal::INTERACTION_MEMBER: "password_change_required",
            })
        );
        let plain = serde_json::to_value(ErrorBody::plain("invalid_grant", "no".to_owned())).unwrap();
        assert_eq!(plain, serde_json::json!({"error": "invalid_grant", "error_description": "no"}));
    }
}

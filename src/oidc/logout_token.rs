//! The logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4): a session is over.

use std::time::Duration;

use serde::Serialize;

use super::jws::{SigningError, SigningKey};
use crate::domain::client::ClientId;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// The `typ`: no other token of the same keys can be taken for one.
pub const TYP: &str = "logout+jwt";

/// How long a receiver may take it for fresh: two minutes at most are recommended.
const LIFETIME: Duration = Duration::from_mins(2);

/// What a logout token is made from.
#[derive(Clone, Copy)]
pub struct LogoutToken<'a> {
    /// This provider.
    pub issuer: &'a str,
    /// The person, as the client's sector knows them.
    pub subject: &'a str,
    /// The client.
    pub client_id: &'a ClientId,
    /// Now.
    pub issued_at: Timestamp,
    /// The same whenever the same notice is sent.
    pub jti: &'a str,
    /// The session that is over, as the ID token named it.
    pub sid: &'a str,
}

/// There is no `nonce`: it is prohibited, so that nobody takes it for an ID token.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a ClientId,
    iat: i64,
    exp: i64,
    jti: &'a str,
    sid: &'a str,
    events: Events,
}

/// One event.
#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Nothing,
}

/// An empty object.
#[derive(Serialize)]
struct Nothing {}

impl LogoutToken<'_> {
    /// Signs it with the key of the client's algorithm.
    pub fn sign(&self, key: &SigningKey) -> Result<Secret, SigningError> {
        let claims = Claims {
            iss: self.issuer,
            sub: self.subject,
            aud: self.client_id,
            iat: self.issued_at.seconds(),
            exp: self.issued_at.plus(LIFETIME).seconds(),
            jti: self.jti,
            sid: self.sid,
            events: Events { logout: Nothing {} },
        };
        key.sign(TYP, &claims)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::client::SigningAlgorithm;

    #[test]
    fn it_says_what_the_specification_asks_and_no_more() {
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let token = LogoutToken {
            issuer: "https://op.example",
            subject: "subject",
            client_id: &ClientId("portal".to_owned()),
            issued_at: Timestamp::from_seconds(1_767_225_600),
            jti: "jti",
            sid: "sid",
        };
        let signed = token.sign(&key).unwrap();
        let part = |place: usize| -> Value {
            let part = signed.expose().split('.').nth(place).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(part(0), json!({ "alg": "ES256", "typ": "logout+jwt", "kid": key.kid() }));
        let expected = json!({
            "iss": "https://op.example", "sub": "subject", "aud": "portal", "iat": 1_767_225_600,
            "exp": 1_767_225_720, "jti": "jti", "sid": "sid",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(part(1), expected);
    }
}

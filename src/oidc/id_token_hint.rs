//! An ID token that comes back as a hint: at the authorization endpoint (OpenID Connect Core section 3.1.2.1) or at
//! logout (RP-Initiated Logout section 2). It proves that this provider once told this client about this person;
//! expired ones are good enough, forged ones are not.

use jsonwebtoken::decode_header;
use thiserror::Error;

use super::id_token::{IdTokenClaims, TYP};
use super::jws::verify;
use super::keys::KeyRing;
use crate::domain::client::ClientId;

/// What a hint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The person, as the client's sector knows them.
    pub subject: String,
    /// The client it was given to.
    pub client_id: ClientId,
    /// The session of then.
    pub sid: String,
}

/// Why a hint is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdTokenHintError {
    /// The signature is wrong, the issuer is another, or claims are missing.
    #[error("the token was not made by this provider")]
    Forged,
    /// It is signed with a key that is not published: forged, or older than the keys that are kept.
    #[error("the key of the token is not published")]
    KeyUnknown,
    /// It is no ID token: another text, another type of token, or without a signature.
    #[error("this is no ID token")]
    NotIdToken,
}

impl IdTokenHint {
    /// Verifies a hint: key and algorithm are ours and belong together, the issuer is this provider. Whom it was given
    /// to and whether that fits the request is for the caller to compare.
    pub fn read(hint: &str, keys: &KeyRing, issuer: &str) -> Result<Self, IdTokenHintError> {
        let header = decode_header(hint).map_err(|_| IdTokenHintError::NotIdToken)?;
        if header.typ.as_deref() != Some(TYP) {
            return Err(IdTokenHintError::NotIdToken);
        }
        let kid = header.kid.ok_or(IdTokenHintError::NotIdToken)?;
        let jwk = keys.find(&kid).ok_or(IdTokenHintError::KeyUnknown)?;
        let claims: IdTokenClaims = verify(hint, jwk).map_err(|_| IdTokenHintError::Forged)?;
        if claims.iss != issuer {
            return Err(IdTokenHintError::Forged);
        }
        Ok(Self { subject: claims.sub, client_id: claims.aud, sid: claims.sid })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;
    use crate::domain::client::SigningAlgorithm;
    use crate::oidc::jws::SigningKey;
    use crate::oidc::keys::KeyState;

    const ISSUER: &str = "https://op.example";

    fn ring() -> KeyRing {
        // Another test of this process may have done it already; either way the provider is there.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let keys = SigningAlgorithm::ALL.map(|alg| (KeyState::Active, SigningKey::generate(alg).unwrap()));
        KeyRing::new(keys.into()).ok().unwrap()
    }

    /// Long expired.
    fn claims() -> serde_json::Value {
        json!({
            "iss": ISSUER, "sub": "subject", "aud": "portal", "exp": 1, "iat": 0, "auth_time": 0, "sid": "sid",
            "acr": "a", "amr": ["pwd"], "at_hash": "h",
        })
    }

    #[test]
    fn our_own_tokens_are_read_however_old() {
        let ring = ring();
        for algorithm in SigningAlgorithm::ALL {
            let token = ring.signer(algorithm).sign(TYP, &claims()).unwrap();
            let hint = IdTokenHint::read(token.expose(), &ring, ISSUER).unwrap();
            assert_eq!(
                (hint.subject.as_str(), hint.client_id.0.as_str(), hint.sid.as_str()),
                ("subject", "portal", "sid")
            );
        }
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let ring = ring();
        let key = ring.signer(SigningAlgorithm::Es256);
        let good = key.sign(TYP, &claims()).unwrap();
        let parts: Vec<_> = good.expose().split('.').collect();
        let encoded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut other = claims();
        other["sub"] = "other".into();
        let header = |alg: &str| encoded(json!({"alg": alg, "typ": "JWT", "kid": key.kid()}));
        let modified = format!("{}.{}.{}", parts[0], encoded(other), parts[2]);
        let unsigned = format!("{}.{}.", header("none"), parts[1]);
        let stripped = format!("{}.{}.", parts[0], parts[1]);
        let confused = format!("{}.{}.{}", header("RS256"), parts[1], parts[2]);
        let stranger = SigningKey::generate(SigningAlgorithm::Es256).unwrap().sign(TYP, &claims()).unwrap();
        let logout = key.sign("logout+jwt", &claims()).unwrap();
        let elsewhere = {
            let mut claims = claims();
            claims["iss"] = "https://evil.example".into();
            key.sign(TYP, &claims).unwrap()
        };
        let table = [
            ("", IdTokenHintError::NotIdToken),
            ("a.b.c", IdTokenHintError::NotIdToken),
            (&unsigned, IdTokenHintError::NotIdToken),
            (logout.expose(), IdTokenHintError::NotIdToken),
            (stranger.expose(), IdTokenHintError::KeyUnknown),
            (&modified, IdTokenHintError::Forged),
            (&stripped, IdTokenHintError::Forged),
            (&confused, IdTokenHintError::Forged),
            (elsewhere.expose(), IdTokenHintError::Forged),
        ];
        for (hint, error) in table {
            assert_eq!(IdTokenHint::read(hint, &ring, ISSUER), Err(error), "{hint}");
        }
    }
}

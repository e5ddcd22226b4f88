//! What the introspection endpoint tells (RFC 7662 section 2.2).

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::token::TokenType;
use crate::domain::client::ClientId;
use crate::domain::scope::ScopeSet;
use crate::domain::timestamp::Timestamp;

/// The answer about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// The token is good now.
    Active(ActiveToken),
    /// It is not, or the one who asks may not know. Why is never told: unknown, expired, withdrawn, another client's,
    /// or the gate is closed.
    Inactive,
}

/// What is told of a good token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActiveToken {
    /// What it is good for.
    pub scope: ScopeSet,
    /// To whom it was given.
    pub client_id: ClientId,
    /// How it is used; absent for a refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
    /// When it ends.
    #[serde(serialize_with = "numeric_date")]
    pub exp: Timestamp,
    /// When it was given.
    #[serde(serialize_with = "numeric_date")]
    pub iat: Timestamp,
    /// Whom it speaks for: the subject in the sector of the client that asks, so that two services do not learn from
    /// each other's tokens that they know the same person.
    pub sub: String,
    /// This provider.
    pub iss: String,
}

impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'a> {
            active: bool,
            #[serde(flatten)]
            token: &'a ActiveToken,
        }
        match self {
            Self::Active(token) => Members { active: true, token }.serialize(serializer),
            Self::Inactive => {
                let mut members = serializer.serialize_map(Some(1))?;
                members.serialize_entry("active", &false)?;
                members.end()
            }
        }
    }
}

/// RFC 7519 section 2.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn numeric_date<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(instant.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_token_is_told_in_one_member() {
        assert_eq!(serde_json::to_string(&Introspection::Inactive).unwrap(), r#"{"active":false}"#);
    }

    #[test]
    fn a_good_token_is_told_in_the_members_of_the_rfc() {
        let token = ActiveToken {
            scope: "openid ent".parse().unwrap(),
            client_id: ClientId("portal".to_owned()),
            token_type: Some(TokenType::Bearer),
            exp: Timestamp::from_seconds(700),
            iat: Timestamp::from_seconds(100),
            sub: "s".to_owned(),
            iss: "https://op.example".to_owned(),
        };
        assert_eq!(
            serde_json::to_value(Introspection::Active(token)).unwrap(),
            serde_json::json!({
                "active": true, "scope": "openid ent", "client_id": "portal", "token_type": "Bearer", "exp": 700,
                "iat": 100, "sub": "s", "iss": "https://op.example",
            })
        );
    }
}

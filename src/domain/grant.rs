//! What a relying party was given: a grant, and the codes and tokens that hang from it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::account::{AccountId, AccountNumber};
use super::client::ClientId;
use super::gate::{Evidence, GatePass};
use super::reset_order::OrderClock;
use super::session::Session;
use super::timestamp::Timestamp;

/// Identifies a grant: a `UUIDv7` as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(pub String);

/// When and under which numbers somebody signed in. Codes, grants and tokens inherit it from the session and never draw
/// it anew, so that one number ends them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// Who.
    pub account: AccountId,
    /// The account number of the session.
    pub number: AccountNumber,
    /// The deployment's epoch of the session.
    pub epoch: i64,
    /// The order clock of the session.
    pub clock: OrderClock,
    /// The session.
    pub sid: String,
    /// When the person proved who they are.
    pub authenticated_at: Timestamp,
}

impl Authentication {
    /// What the gate's pass and the session agree on. None if the session was another account's, or of another account
    /// number, than the one that the gate let through.
    pub fn of(session: &Session, pass: &GatePass) -> Option<Self> {
        let agree = session.account == *pass.account()
            && session.number == pass.number()
            && session.epoch == pass.epoch();
        agree.then(|| Self {
            account: session.account.clone(),
            number: session.number,
            epoch: session.epoch,
            clock: session.clock,
            sid: session.sid.clone(),
            authenticated_at: session.authenticated_at,
        })
    }

    /// Whether nothing ended it since: no change, force or restore, and no belief that the password was stolen.
    pub fn stands(&self, evidence: &Evidence) -> bool {
        let facts = evidence.facts();
        self.account == facts.account
            && self.number == facts.number
            && self.epoch == facts.epoch
            && !evidence.predates_recovery(self.clock)
    }
}

/// A claim for tokens, kept in the ephemeral store under the hash of the authorization code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeClaim {
    /// To whom it was given.
    pub client: ClientId,
    /// Where it was sent, byte for byte (RFC 6749 section 4.1.3).
    pub redirect_uri: String,
    /// The S256 challenge (RFC 7636), absent only for a client registered without PKCE.
    pub code_challenge: Option<String>,
    /// To be repeated in the ID token.
    pub nonce: Option<String>,
    /// What was granted.
    pub scope: BTreeSet<String>,
    /// Whose sign-in.
    pub authentication: Authentication,
}

/// A grant as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which one.
    pub id: GrantId,
    /// To whom.
    pub client: ClientId,
    /// What.
    pub scope: BTreeSet<String>,
    /// To be repeated in the first ID token.
    pub nonce: Option<String>,
    /// Whose sign-in.
    pub authentication: Authentication,
    /// After this instant no refresh token of the family works, however often it was rotated.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Grant {
    /// Whether the family outlives the session it came from (`offline_access`, OIDC Core section 11).
    pub fn is_offline(&self) -> bool {
        self.scope.contains("offline_access")
    }
}

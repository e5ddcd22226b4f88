//! What a relying party was given: a grant, and the codes and tokens that hang from it.

use serde::{Deserialize, Serialize};

use super::account::{AccountId, AccountNumber};
use super::client::{AuthMethod, Client, ClientId};
use super::gate::{Evidence, GatePass};
use super::order_clock::OrderClock;
use super::scope::{Scope, ScopeSet};
use super::session::Session;
use super::timestamp::Timestamp;

/// Identifies a grant: a `UUIDv7` as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(pub String);

/// When and under which numbers somebody signed in, or a client proved itself that acts for an account. Codes, grants and
/// tokens inherit it and never draw it anew, so that one number ends them all.
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
    /// When the person proved who they are.
    pub authenticated_at: Timestamp,
    /// When a second factor was shown, if one was.
    pub factor_at: Option<Timestamp>,
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
            authenticated_at: session.authenticated_at,
            factor_at: None,
        })
    }

    /// What a client proved that acts for the account which the gate let through: each time anew, since it has no session.
    /// Its key is a second factor, which nobody can read out to somebody else as a secret can be.
    pub fn of_client(client: &Client, pass: &GatePass, now: Timestamp) -> Self {
        Self {
            account: pass.account().clone(),
            number: pass.number(),
            epoch: pass.epoch(),
            clock: pass.clock(),
            authenticated_at: now,
            factor_at: (client.auth_method == AuthMethod::PrivateKeyJwt).then_some(now),
        }
    }

    /// Whether it is over for good: the password it was made with was replaced since, or the deployment restored. What
    /// merely waits behind a closed gate is not; its holder is told that a change is required, and this one's is not,
    /// because no change would help it.
    pub fn is_over(&self, evidence: &Evidence) -> bool {
        let facts = evidence.facts();
        let replaced =
            facts.credential.is_some_and(|credential| credential.chosen_at > self.authenticated_at);
        replaced || self.epoch != facts.epoch
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

/// A grant as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which one.
    pub id: GrantId,
    /// To whom.
    pub client: ClientId,
    /// What.
    pub scope: ScopeSet,
    /// To be repeated in the first ID token.
    pub nonce: Option<String>,
    /// The session that it came from, as the relying party knows it; none of a client that acts for itself.
    pub sid: Option<String>,
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
        self.scope.contains(Scope::OfflineAccess)
    }
}

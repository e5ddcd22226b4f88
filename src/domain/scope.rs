//! What a relying party may ask to be told, and what a program may ask to do in an operator's name.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A scope this provider knows (RFC 6749 section 3.3, OpenID Connect Core section 5.4). Everything else is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Makes the request an OpenID Connect request; gives `sub` and nothing about the person.
    Openid,
    /// The names and the login.
    Profile,
    /// The e-mail address, where there is one.
    Email,
    /// Profiles, schools and classes under the names of the SDET.
    Ent,
    /// A refresh token.
    OfflineAccess,
    /// To act through the operator API.
    Api(ApiScope),
}

/// What a token opens of the operator API. It opens nothing by itself: the roles of the account that it speaks for bound
/// every act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiScope {
    /// Reset orders, their previews and their progress.
    OrdersRead,
    /// Writing, changing and cancelling reset orders.
    OrdersIssue,
    /// Approving what another operator put forward.
    OrdersApprove,
    /// People, and the state of their gates.
    PeopleRead,
    /// Acts on people: forcing a change, unlocking, ending sessions, disabling.
    PeopleAct,
    /// Codes, on slips and in lists.
    SlipsPrint,
    /// Roles, given and taken.
    RolesGrant,
    /// The audit log.
    AuditRead,
}

impl ApiScope {
    /// Every scope of the operator API.
    pub const ALL: [Self; 8] = [
        Self::OrdersRead,
        Self::OrdersIssue,
        Self::OrdersApprove,
        Self::PeopleRead,
        Self::PeopleAct,
        Self::SlipsPrint,
        Self::RolesGrant,
        Self::AuditRead,
    ];

    /// What it is for, in the document of the API.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::OrdersRead => "See reset orders, their previews and their progress",
            Self::OrdersIssue => "Write, change and cancel reset orders",
            Self::OrdersApprove => "Approve what another operator put forward",
            Self::PeopleRead => "See people and the state of their gates",
            Self::PeopleAct => "Force a change, unlock, end sessions, disable",
            Self::SlipsPrint => "Issue and print codes",
            Self::RolesGrant => "Give and take roles",
            Self::AuditRead => "Read the audit log",
        }
    }

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrdersRead => "orders:read",
            Self::OrdersIssue => "orders:issue",
            Self::OrdersApprove => "orders:approve",
            Self::PeopleRead => "people:read",
            Self::PeopleAct => "people:act",
            Self::SlipsPrint => "slips:print",
            Self::RolesGrant => "roles:grant",
            Self::AuditRead => "audit:read",
        }
    }
}

impl Scope {
    /// Every scope, in the order in which sets are written.
    pub const ALL: [Self; 13] = [
        Self::Openid,
        Self::Profile,
        Self::Email,
        Self::Ent,
        Self::OfflineAccess,
        Self::Api(ApiScope::OrdersRead),
        Self::Api(ApiScope::OrdersIssue),
        Self::Api(ApiScope::OrdersApprove),
        Self::Api(ApiScope::PeopleRead),
        Self::Api(ApiScope::PeopleAct),
        Self::Api(ApiScope::SlipsPrint),
        Self::Api(ApiScope::RolesGrant),
        Self::Api(ApiScope::AuditRead),
    ];

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Ent => "ent",
            Self::OfflineAccess => "offline_access",
            Self::Api(scope) => scope.as_str(),
        }
    }
}

/// The text is none of the scopes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown scope {0:?}; known are {known}", known = Scope::ALL.map(Scope::as_str).join(", "))]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    /// Compares byte for byte: scopes are case-sensitive.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

/// A set of scopes, written as RFC 6749 section 3.3 writes it: separated by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// The known scopes in a text; the unknown ones are left out, as RFC 6749 section 3.3 allows and OpenID Connect
    /// Core section 3.1.2.1 asks.
    pub fn known_in(text: &str) -> Self {
        text.split(' ').filter_map(|word| word.parse().ok()).collect()
    }

    /// Whether the scope is in the set.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The scopes, in the order in which sets are written.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether there is something in it, and nothing but scopes of the operator API.
    pub fn is_for_api(&self) -> bool {
        !self.0.is_empty() && self.iter().all(|scope| matches!(scope, Scope::Api(_)))
    }

    /// Whether every scope of this set is in `other` too.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The scopes that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).copied().collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for ScopeSet {
    type Err = UnknownScope;

    /// Unlike [`ScopeSet::known_in`], refuses unknown scopes: for registrations and stored sets.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = UnknownScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ScopeSet> for String {
    fn from(set: ScopeSet) -> Self {
        set.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_written_in_one_order_and_reads_back() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        let set: ScopeSet = "ent openid  ent".parse().unwrap();
        assert_eq!(set.to_string(), "openid ent");
        assert_eq!(serde_json::from_str::<ScopeSet>(r#""openid ent""#).unwrap(), set);
        assert_eq!("openid phone".parse::<ScopeSet>(), Err(UnknownScope("phone".to_owned())));
    }

    #[test]
    fn a_request_may_name_scopes_nobody_knows() {
        assert_eq!(ScopeSet::known_in("phone openid OPENID").to_string(), "openid");
        assert_eq!(ScopeSet::known_in("").to_string(), "");
    }

    #[test]
    fn what_is_for_the_api_alone() {
        for (text, is) in [("orders:read audit:read", true), ("orders:read openid", false), ("", false)] {
            assert_eq!(ScopeSet::known_in(text).is_for_api(), is, "{text}");
        }
    }
}

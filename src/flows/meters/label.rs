//! The words under which things are counted.

use crate::domain::gate::{Closure, GatePass};
use crate::domain::level::Level;

macro_rules! labels {
    ($(#[$about:meta])* $name:ident { $($(#[$says:meta])* $kind:ident => $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$says])* $kind,)* }

        impl $name {
            /// Each of them, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// What it is called.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }
        }
    };
}

labels! {
    /// Where something is given, or found good.
    Door {
        /// The own account page.
        Account => "account",
        /// The operator API.
        Api => "api",
        /// What a session gets at the authorization endpoint.
        Authorize => "authorize",
        /// The change of a password.
        Change => "change",
        /// A client's own credentials for a token.
        ClientCredentials => "client_credentials",
        /// The console.
        Console => "console",
        /// An authorization code for tokens.
        Exchange => "exchange",
        /// Introspection.
        Introspection => "introspection",
        /// A refresh token for an access token.
        Refresh => "refresh",
        /// A right password or code.
        SignIn => "sign_in",
        /// Userinfo.
        Userinfo => "userinfo",
    }
}

labels! {
    /// What the gate says: open, or the closure, with the level where it is an order's.
    Decision {
        /// It is open.
        Open => "open",
        /// Found in a leaked list, or reported.
        Compromised => "compromised",
        /// The account was disabled.
        Disabled => "disabled",
        /// Older than the maximum lifetime.
        Expired => "expired",
        /// Forced for one account.
        Individual => "individual",
        /// No password was chosen yet.
        NotActivated => "not_activated",
        /// An order at level `change`.
        OrderedChange => "ordered_change",
        /// An order at level `recover`.
        OrderedRecover => "ordered_recover",
        /// Weak under today's rules.
        RulesTightened => "rules_tightened",
    }
}

labels! {
    /// How a sign-in ended.
    SignIn {
        /// With a session.
        SignedIn => "signed_in",
        /// At the change page.
        MustChange => "must_change",
        /// With "incorrect".
        Refused => "refused",
        /// By the throttle.
        Throttled => "throttled",
        /// It could not be decided.
        Unavailable => "unavailable",
    }
}

labels! {
    /// How sending one notice ended.
    Notified {
        /// The relying party took it.
        Delivered => "delivered",
        /// It may work another time.
        Failed => "failed",
        /// The relying party will never take it.
        Refused => "refused",
    }
}

impl Decision {
    pub(super) const fn of(verdict: &Result<GatePass, Closure>) -> Self {
        match verdict {
            Ok(_) => Self::Open,
            Err(Closure::Compromised) => Self::Compromised,
            Err(Closure::Disabled) => Self::Disabled,
            Err(Closure::Expired) => Self::Expired,
            Err(Closure::Individual { .. }) => Self::Individual,
            Err(Closure::NotActivated) => Self::NotActivated,
            Err(Closure::Ordered { level: Level::Change, .. }) => Self::OrderedChange,
            Err(Closure::Ordered { level: Level::Recover, .. }) => Self::OrderedRecover,
            Err(Closure::RulesTightened) => Self::RulesTightened,
        }
    }
}

//! Logout that a relying party asks for (OpenID Connect RP-Initiated Logout 1.0). Whatever is wrong is shown on a page:
//! there is no error that goes back by redirect.

use thiserror::Error;

use super::authorize_response::append;
use super::id_token_hint::{IdTokenHint, IdTokenHintError};
use super::parameters::{ParameterError, Parameters};
use crate::domain::client::{Client, ClientId};

/// What a relying party says when it sends somebody to sign out. It has no `Debug`: the hint names a person.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// An ID token about the person, not yet verified.
    pub id_token_hint: Option<String>,
    /// The languages the user reads, best first (BCP 47).
    pub ui_locales: Vec<String>,
    client_id: Option<ClientId>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// Why a sign-out leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogoutError {
    /// No client has this name.
    #[error("no client has this client_id")]
    ClientUnknown,
    /// The hint was given to another client than the one named.
    #[error("id_token_hint was not given to the client that client_id names")]
    ClientsDiffer,
    /// The hint is none.
    #[error("id_token_hint: {0}")]
    Hint(#[from] IdTokenHintError),
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] ParameterError),
    /// Nobody says whose address it is.
    #[error("post_logout_redirect_uri needs an id_token_hint or a client_id")]
    RedirectWithoutClient,
    /// The address is not one of the client's, byte for byte.
    #[error("post_logout_redirect_uri is not registered for this client")]
    RedirectNotRegistered,
}

impl LogoutRequest {
    /// The request's own members again, for the form of the confirmation page.
    pub fn members(&self) -> Vec<(&'static str, String)> {
        let client_id = self.client_id.as_ref().map(|id| id.0.clone());
        let members = [
            ("client_id", client_id),
            ("post_logout_redirect_uri", self.post_logout_redirect_uri.clone()),
            ("state", self.state.clone()),
            ("id_token_hint", self.id_token_hint.clone()),
            ("ui_locales", (!self.ui_locales.is_empty()).then(|| self.ui_locales.join(" "))),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The request as a query, for a form that has to be sent round to get the browser's cookies.
    pub fn query(&self) -> String {
        let mut address = String::new();
        for (name, value) in self.members() {
            append(&mut address, name, &value);
        }
        address.trim_start_matches('?').to_owned()
    }

    /// Reads a query or a form.
    pub fn read(parameters: &Parameters) -> Result<Self, LogoutError> {
        let owned =
            |name, longest| parameters.one_line(name, longest).map(|value| value.map(ToOwned::to_owned));
        Ok(Self {
            id_token_hint: owned("id_token_hint", 8192)?,
            ui_locales: parameters
                .one("ui_locales")?
                .unwrap_or_default()
                .split_ascii_whitespace()
                .take(16)
                .map(ToOwned::to_owned)
                .collect(),
            client_id: owned("client_id", 128)?.map(ClientId),
            post_logout_redirect_uri: owned("post_logout_redirect_uri", 2000)?,
            state: owned("state", 4096)?,
        })
    }

    /// Who asks: the client of the hint and the one that is named must be the same. None if neither is given; then
    /// nobody can be sent anywhere afterwards.
    pub fn client_id<'a>(
        &'a self,
        hint: Option<&'a IdTokenHint>,
    ) -> Result<Option<&'a ClientId>, LogoutError> {
        let client_id = match (hint.map(|hint| &hint.client_id), &self.client_id) {
            (Some(hinted), Some(named)) if hinted != named => return Err(LogoutError::ClientsDiffer),
            (Some(hinted), _) => Some(hinted),
            (None, named) => named.as_ref(),
        };
        if client_id.is_none() && self.post_logout_redirect_uri.is_some() {
            return Err(LogoutError::RedirectWithoutClient);
        }
        Ok(client_id)
    }

    /// Where to go afterwards, with the `state` and nothing else added: an address that this client registered, byte
    /// for byte. None if the request names no address.
    pub fn return_to(&self, client: &Client) -> Result<Option<String>, LogoutError> {
        let Some(uri) = &self.post_logout_redirect_uri else { return Ok(None) };
        if !client.may_return_after_logout_to(uri) {
            return Err(LogoutError::RedirectNotRegistered);
        }
        let mut location = uri.clone();
        if let Some(state) = &self.state {
            append(&mut location, "state", state);
        }
        Ok(Some(location))
    }
}

impl IdTokenHint {
    /// Whether the hint speaks of who is signed in: of this session, or of the same person. If not, or without a hint,
    /// the user is asked before being signed out (RP-Initiated Logout section 2): any page can link here.
    pub fn speaks_of(&self, sid: &str, subject: &str) -> bool {
        self.sid == sid || self.subject == subject
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::test_client::client;

    const BYE: &str = "post_logout_redirect_uri=https%3A%2F%2Fportal.example%2Fbye";

    fn read(query: &str) -> LogoutRequest {
        LogoutRequest::read(&Parameters::parse(query).unwrap()).ok().unwrap()
    }

    fn hint(client: &str) -> IdTokenHint {
        IdTokenHint {
            subject: "subject".to_owned(),
            client_id: ClientId(client.to_owned()),
            sid: "sid".to_owned(),
        }
    }

    #[test]
    fn who_asks() {
        let hint = hint("portal");
        let portal = ClientId("portal".to_owned());
        let table = [
            ("", None, Ok(None)),
            ("state=s", None, Ok(None)),
            ("client_id=portal", None, Ok(Some(&portal))),
            ("", Some(&hint), Ok(Some(&portal))),
            ("client_id=portal", Some(&hint), Ok(Some(&portal))),
            ("client_id=other", Some(&hint), Err(LogoutError::ClientsDiffer)),
            (BYE, None, Err(LogoutError::RedirectWithoutClient)),
        ];
        for (query, hint, outcome) in table {
            assert_eq!(read(query).client_id(hint), outcome, "{query}");
        }
    }

    #[test]
    fn where_to_go_afterwards() {
        let to = |query: &str| read(query).return_to(&client());
        assert_eq!(to("state=s"), Ok(None));
        assert_eq!(to(BYE), Ok(Some("https://portal.example/bye".to_owned())));
        assert_eq!(
            to(&format!("{BYE}&state=a+b")),
            Ok(Some("https://portal.example/bye?state=a%20b".to_owned()))
        );
        for other in ["%3Fx%3D1", "%2F", "%23"] {
            assert_eq!(to(&format!("{BYE}{other}")), Err(LogoutError::RedirectNotRegistered), "{other}");
        }
        let redirect = "post_logout_redirect_uri=https%3A%2F%2Fportal.example%2Fother";
        assert_eq!(to(redirect), Err(LogoutError::RedirectNotRegistered));
    }

    #[test]
    fn of_whom_a_hint_speaks() {
        let hint = hint("portal");
        assert!(hint.speaks_of("sid", "other"));
        assert!(hint.speaks_of("other", "subject"));
        assert!(!hint.speaks_of("other", "other"));
    }

    #[test]
    fn what_is_refused() {
        let error = |query: &str| LogoutRequest::read(&Parameters::parse(query).unwrap()).err();
        assert_eq!(error("state=a&state=b"), Some(ParameterError::Repeated("state").into()));
        assert_eq!(error("state=a%0A"), Some(ParameterError::Control("state").into()));
    }
}

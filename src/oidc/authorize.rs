//! The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).
//!
//! It is read in two stages. Until the client and its redirect URI are trusted, whatever is wrong is shown on a page
//! here and nobody is redirected anywhere ([`PageError`]). After that the relying party is told ([`AuthorizeError`]).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::authorize_response::{AuthorizeError, ReturnAddress, read_state};
use super::id_token_hint::{IdTokenHint, IdTokenHintError};
use super::keys::KeyRing;
use super::parameters::{ParameterError, Parameters};
use super::pkce::CodeChallenge;
use crate::domain::client::{Client, ClientId};
use crate::domain::scope::{Scope, ScopeSet};

/// The longest `nonce` that is taken, in bytes. It is kept as long as the grant.
const MAX_NONCE: usize = 512;

/// A request that passed every check, as an interaction keeps it until its answer. It has no `Debug`: the hints name
/// a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub return_address: ReturnAddress,
    /// What is asked for and may be given: known scopes the client is registered for, `openid` always among them.
    pub scopes: ScopeSet,
    /// Goes into the ID token as it came.
    pub nonce: Option<String>,
    /// What the verifier at the token endpoint has to match.
    pub code_challenge: Option<CodeChallenge>,
    /// What the user must be asked, without repetitions.
    pub prompts: Vec<Prompt>,
    /// How old the authentication may be.
    pub max_age: Option<Duration>,
    /// The login to offer on the sign-in page.
    pub login_hint: Option<String>,
    /// Whom the relying party expects. What its hint said, not its text: that is long, and anyone's to choose.
    pub expected: Option<Expected>,
    /// The languages the user reads, best first (BCP 47), not yet matched with those there are.
    pub ui_locales: Vec<String>,
}

/// What an `id_token_hint` said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// The person of this subject, as the hint's client knows them.
    Subject(String),
    /// Nobody knows: the token's key is not published any more.
    TooOld,
}

/// What the user is to be asked, whatever the session says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Change the password: the way back of a relying party that showed its own notice.
    ChangePassword,
    /// Consent. Accepted because OpenID Connect Core section 11 makes clients send it with `offline_access`; the
    /// administrator's registration is the consent here and there is no page to show.
    Consent,
    /// Sign in, though a session exists.
    Login,
    /// Ask nothing: answer at once or fail.
    None,
    /// Choose an account. A browser holds one session, so this shows the sign-in page, where any account can be named.
    SelectAccount,
}

impl Prompt {
    /// The values that discovery lists. `consent` is not among them, because no page honours it.
    pub const ADVERTISED: [Self; 4] = [Self::None, Self::Login, Self::SelectAccount, Self::ChangePassword];

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangePassword => "change_password",
            Self::Consent => "consent",
            Self::Login => "login",
            Self::None => "none",
            Self::SelectAccount => "select_account",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::ChangePassword, Self::Consent, Self::Login, Self::None, Self::SelectAccount]
            .into_iter()
            .find(|prompt| prompt.as_str() == text)
    }
}

/// Why a request is answered by a page and not by a redirect.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// No `client_id`.
    #[error("client_id is missing")]
    ClientIdMissing,
    /// No such client.
    #[error("no client has this client_id")]
    ClientUnknown,
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] ParameterError),
    /// No `redirect_uri`. It is never guessed from the registration.
    #[error("redirect_uri is missing")]
    RedirectUriMissing,
    /// The redirect URI is not one of the client's, byte for byte.
    #[error("redirect_uri is not registered for this client")]
    RedirectUriNotRegistered,
}

/// Why a request is refused, and who may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The person in front of the browser, nobody else.
    Page(PageError),
    /// The relying party.
    Redirect {
        /// Where it listens.
        to: ReturnAddress,
        /// What it is told.
        error: AuthorizeError,
    },
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

/// The client a request speaks for, to be looked up before [`AuthorizationRequest::read`].
pub fn client_id(parameters: &Parameters) -> Result<ClientId, PageError> {
    parameters.one("client_id")?.map(|id| ClientId(id.to_owned())).ok_or(PageError::ClientIdMissing)
}

impl AuthorizationRequest {
    /// Reads the request of the client that [`client_id`] named. A hint is held against this provider's keys.
    pub fn read(
        parameters: &Parameters,
        client: &Client,
        keys: &KeyRing,
        issuer: &str,
    ) -> Result<Self, Refusal> {
        let to = ReturnAddress::of(parameters, client)?;
        Self::check(parameters, client, &to, keys, issuer).map_err(|error| Refusal::Redirect { to, error })
    }

    /// The checks, in the order in which they answer.
    fn check(
        parameters: &Parameters,
        client: &Client,
        to: &ReturnAddress,
        keys: &KeyRing,
        issuer: &str,
    ) -> Result<Self, AuthorizeError> {
        check_state(parameters)?;
        check_no_request_object(parameters)?;
        check_response_type(parameters)?;
        check_response_mode(parameters)?;
        Ok(Self {
            client_id: client.id.clone(),
            return_address: to.clone(),
            scopes: scopes(parameters, client)?,
            nonce: nonce(parameters)?,
            code_challenge: code_challenge(parameters, client)?,
            prompts: prompts(parameters)?,
            max_age: max_age(parameters)?,
            login_hint: login_hint(parameters)?,
            expected: expected(parameters, keys, issuer)?,
            ui_locales: ui_locales(parameters)?,
        })
    }

    /// Asks again, of a request that was stored, what a changed registration could answer otherwise. The scopes shrink
    /// to what the client may still have.
    pub fn recheck(mut self, client: &Client) -> Result<Self, Refusal> {
        if self.client_id != client.id {
            return Err(PageError::ClientUnknown.into());
        }
        if !self.return_address.is_registered(client) {
            return Err(PageError::RedirectUriNotRegistered.into());
        }
        self.scopes = self.scopes.intersection(&client.scopes);
        let error = if client.pkce_required && self.code_challenge.is_none() {
            AuthorizeError::ChallengeMissing
        } else if !self.scopes.contains(Scope::Openid) {
            AuthorizeError::ScopeWithoutOpenid
        } else {
            return Ok(self);
        };
        Err(Refusal::Redirect { to: self.return_address, error })
    }

    /// Whether the request carries this `prompt` value.
    pub fn asks(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }
}

/// RFC 6749 section 4.1.1: `state` goes back as it came, so it must be one that can.
fn check_state(parameters: &Parameters) -> Result<(), AuthorizeError> {
    read_state(parameters)?;
    Ok(())
}

/// OpenID Connect Core sections 6.1 and 6.2: a request object that is not read must be refused by its own code.
fn check_no_request_object(parameters: &Parameters) -> Result<(), AuthorizeError> {
    if parameters.one("request")?.is_some() {
        return Err(AuthorizeError::RequestObject);
    }
    if parameters.one("request_uri")?.is_some() {
        return Err(AuthorizeError::RequestUri);
    }
    Ok(())
}

/// RFC 6749 section 3.1.1: the code flow alone; the others put tokens into addresses (RFC 9700 section 2.1.2).
fn check_response_type(parameters: &Parameters) -> Result<(), AuthorizeError> {
    match parameters.one("response_type")? {
        Some("code") => Ok(()),
        Some(_) => Err(AuthorizeError::ResponseTypeUnsupported),
        None => Err(AuthorizeError::ResponseTypeMissing),
    }
}

/// OAuth 2.0 Multiple Response Type Encoding Practices section 2.1.
fn check_response_mode(parameters: &Parameters) -> Result<(), AuthorizeError> {
    match parameters.one("response_mode")? {
        Some("query") | None => Ok(()),
        Some(_) => Err(AuthorizeError::ResponseMode),
    }
}

/// RFC 6749 section 3.3 and OpenID Connect Core section 3.1.2.1: scopes nobody knows, and those the client is not
/// registered for, are ignored. The token response says what was given.
fn scopes(parameters: &Parameters, client: &Client) -> Result<ScopeSet, AuthorizeError> {
    let asked = ScopeSet::known_in(parameters.one("scope")?.unwrap_or_default());
    let given = asked.intersection(&client.scopes);
    if given.contains(Scope::Openid) { Ok(given) } else { Err(AuthorizeError::ScopeWithoutOpenid) }
}

/// OpenID Connect Core section 15.5.2: optional in the code flow, opaque, and unchanged in the ID token.
fn nonce(parameters: &Parameters) -> Result<Option<String>, AuthorizeError> {
    Ok(parameters.one_line("nonce", MAX_NONCE)?.map(ToOwned::to_owned))
}

/// RFC 7636 sections 4.3 and 4.4.1, RFC 9700 section 2.1.1: required unless the client is registered without.
fn code_challenge(parameters: &Parameters, client: &Client) -> Result<Option<CodeChallenge>, AuthorizeError> {
    match (parameters.one("code_challenge")?, parameters.one("code_challenge_method")?) {
        (None, None) if !client.pkce_required => Ok(None),
        (None, _) => Err(AuthorizeError::ChallengeMissing),
        (Some(challenge), Some("S256")) => {
            CodeChallenge::parse(challenge).map(Some).ok_or(AuthorizeError::ChallengeMalformed)
        }
        (Some(_), _) => Err(AuthorizeError::ChallengeNotS256),
    }
}

/// OpenID Connect Core section 3.1.2.1; for unknown values Initiating User Registration section 4.1.
fn prompts(parameters: &Parameters) -> Result<Vec<Prompt>, AuthorizeError> {
    let mut prompts = Vec::new();
    for word in parameters.one("prompt")?.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        let prompt = Prompt::parse(word).ok_or(AuthorizeError::PromptUnknown)?;
        if !prompts.contains(&prompt) {
            prompts.push(prompt);
        }
    }
    if prompts.len() > 1 && prompts.contains(&Prompt::None) {
        return Err(AuthorizeError::PromptNoneCombined);
    }
    Ok(prompts)
}

/// OpenID Connect Core section 3.1.2.1. More seconds than 32 bits hold (136 years) ask for nothing more than that.
fn max_age(parameters: &Parameters) -> Result<Option<Duration>, AuthorizeError> {
    let Some(text) = parameters.one("max_age")? else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AuthorizeError::MaxAge);
    }
    Ok(Some(Duration::from_secs(text.parse::<u32>().unwrap_or(u32::MAX).into())))
}

/// OpenID Connect Core section 3.1.2.1: a hint that is of no use is ignored, not refused.
fn login_hint(parameters: &Parameters) -> Result<Option<String>, AuthorizeError> {
    let useful = |hint: &&str| hint.chars().count() <= 128 && !hint.chars().any(char::is_control);
    Ok(parameters.one("login_hint")?.filter(useful).map(ToOwned::to_owned))
}

/// OpenID Connect Core section 3.1.2.1. One whose key is not published any more may have been ours, and is not held against
/// the relying party.
fn expected(
    parameters: &Parameters,
    keys: &KeyRing,
    issuer: &str,
) -> Result<Option<Expected>, AuthorizeError> {
    let Some(hint) = parameters.one_line("id_token_hint", 8192)? else { return Ok(None) };
    match IdTokenHint::read(hint, keys, issuer) {
        Ok(hint) => Ok(Some(Expected::Subject(hint.subject))),
        Err(IdTokenHintError::KeyUnknown) => Ok(Some(Expected::TooOld)),
        Err(IdTokenHintError::Forged | IdTokenHintError::NotIdToken) => Err(AuthorizeError::IdTokenHint),
    }
}

/// OpenID Connect Core section 3.1.2.1: a wish, separated by spaces, which never fails. Only as much is kept as an answer
/// could use: the longest tag that is in use (RFC 5646 section 4.4.1) has 35 characters. `acr_values` is a wish as well, and
/// there is one context only, so that nothing of it is kept.
fn ui_locales(parameters: &Parameters) -> Result<Vec<String>, AuthorizeError> {
    parameters.one("acr_values")?;
    let tag =
        |word: &&str| (1..=35).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic());
    let tags = parameters.one("ui_locales")?.unwrap_or_default().split(' ').filter(tag);
    Ok(tags.take(8).map(ToOwned::to_owned).collect())
}

#[cfg(test)]
mod tests;

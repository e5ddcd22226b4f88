//! The relying party's side of OpenID Connect: ask, believe the answer or not, refresh, sign out.
//!
//! All of it is plain `openidconnect`. The one thing that is particular to Écluse is [`Refusal::read`], which
//! recognises the provider's signal that the password must be changed first.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreGenderClaim, CoreIdToken,
};
use openidconnect::{
    AccessToken, AdditionalClaims, AsyncHttpClient, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, DiscoveryError, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IssuerUrl, LanguageTag, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    SubjectIdentifier, TokenResponse, UserInfoClaims, UserInfoError,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

/// What a relying party knows before it has met its provider.
pub struct Registration {
    /// The provider, exactly as its ID tokens name it.
    pub issuer: IssuerUrl,
    /// The name this relying party is registered under.
    pub client_id: ClientId,
    /// The secret printed at registration.
    pub client_secret: ClientSecret,
    /// Where the provider sends the browser back to; registered byte for byte.
    pub redirect_uri: RedirectUrl,
    /// Where the provider sends the browser after a sign-out; registered as well.
    pub signed_out_uri: PostLogoutRedirectUrl,
    /// What is asked for, beyond `openid`.
    pub scopes: &'static [&'static str],
}

/// The provider, seen from here. Discovery is done at the first need, so that either may be started first.
pub struct Provider {
    registration: Registration,
    http: Http,
    known: Mutex<Option<Arc<Known>>>,
}

/// What discovery taught: endpoints and verification keys.
struct Known {
    client: Client,
    end_session: Option<EndSessionUrl>,
    keys: JwkSet,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// One request under way. It lies in the browser's own session, is found again by its `state`, and is moved out
/// when the answer comes: whatever the answer is, none of its three secrets is ever used a second time.
pub struct Transaction {
    /// Ties the answer to this browser (RFC 6749 section 10.12).
    pub state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Everything the provider may put on the redirect URI (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Deserialize)]
pub struct Answer {
    /// Which request this answers.
    pub state: Option<String>,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    error_uri: Option<String>,
}

/// Somebody who signed in. The ID token is kept because a sign-out names it.
#[derive(Clone)]
pub struct Identity {
    /// Who signed in, when, and where; verified when it came.
    pub id_token: CoreIdToken,
    /// What userinfo says about the person.
    pub person: Person,
    subject: SubjectIdentifier,
    // The session at the provider, by which a logout token names it.
    sid: Option<String>,
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
}

impl Identity {
    /// Whether a logout token that names this person, or this session, or both, means this sign-in.
    pub fn is_of(&self, sub: Option<&str>, sid: Option<&str>) -> bool {
        sub.is_none_or(|sub| sub == self.subject.as_str())
            && sid.is_none_or(|sid| Some(sid) == self.sid.as_deref())
    }
}

/// The claims of scopes `profile`, `email` and `ent`.
pub type Person = UserInfoClaims<EntClaims, CoreGenderClaim>;

/// The claims of scope `ent`, under their SDET names.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct EntClaims {
    /// Who the person is at school: `National_ELV` for a pupil, and so on.
    #[serde(rename = "ENTPersonProfils")]
    pub profiles: Vec<String>,
    /// The UAI codes of the person's schools.
    #[serde(rename = "ENTPersonStructRattachUAI")]
    pub schools: Vec<String>,
    /// A pupil's classes, written `UAI$CLASS`.
    #[serde(rename = "ENTEleveClasses")]
    pub classes: Vec<String>,
    /// A teacher's classes, written `UAI$CLASS`.
    #[serde(rename = "ENTAuxEnsClasses")]
    pub classes_taught: Vec<String>,
}
impl AdditionalClaims for EntClaims {}

/// Why nobody was signed in, or why a token was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The person has to choose a new password at the provider before anything else.
    #[error("the password must be changed first")]
    ChangeRequired,
    /// The person was asked to, and gave up. Sending the browser again would trap it.
    #[error("the password change was declined")]
    ChangeDeclined,
    /// No request of this browser has that `state`: an old page, or somebody else's answer.
    #[error("this answer belongs to no request of this browser")]
    UnknownState,
    /// The answer does not come from the provider that was asked (mix-up, RFC 9207).
    #[error("this answer comes from another provider")]
    WrongIssuer,
    /// Any other refusal of the provider, by its code.
    #[error("the provider refused: {code}")]
    Refused {
        /// The standard error code.
        code: String,
        /// The provider's words for developers; empty if it gave none.
        description: String,
    },
    /// The provider answered, but what it said does not hold.
    #[error("the provider's answer does not hold: {0}")]
    NotBelieved(String),
    /// The provider could not be reached.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
}

impl Provider {
    /// The provider of this registration. Nothing is sent yet; fails if the machine has no usable TLS.
    pub fn new(registration: Registration) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            // A provider's endpoints answer by themselves: following a redirect would carry tokens elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self { registration, http: Http(http), known: Mutex::new(None) })
    }

    /// What this relying party is registered as.
    pub fn registration(&self) -> &Registration {
        &self.registration
    }

    /// The provider's key of this name. One that is not known yet may have come since: it is looked for once more.
    pub async fn key(&self, kid: &str) -> Result<Option<Jwk>, Refusal> {
        if let Some(key) = self.known().await?.keys.find(kid) {
            return Ok(Some(key.clone()));
        }
        *self.known.lock().await = None;
        Ok(self.known().await?.keys.find(kid).cloned())
    }

    /// A fresh authorization request: the address to send the browser to, and what to remember meanwhile.
    ///
    /// `prompt` is `change_password` for somebody who read this service's own notice and agreed.
    pub async fn ask(&self, prompt: Option<&str>) -> Result<(Url, Transaction), Refusal> {
        let known = self.known().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = known
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge)
            // The pages of this service are French; so are the provider's, for somebody who comes from here.
            .add_ui_locale(LanguageTag::new("fr".to_owned()))
            .add_scopes(self.registration.scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        if let Some(prompt) = prompt {
            request = request.add_prompt(CoreAuthPrompt::Extension(prompt.to_owned()));
        }
        let (url, state, nonce) = request.url();
        Ok((url, Transaction { state, nonce, verifier }))
    }

    /// Turns the answer on the redirect URI into a person, or says why not.
    ///
    /// The caller has found `transaction` by the answer's `state`. `iss` is checked before anything else is
    /// read, on refusals as on successes.
    pub async fn conclude(&self, answer: Answer, transaction: Transaction) -> Result<Identity, Refusal> {
        if answer.iss.as_deref() != Some(self.registration.issuer.as_str()) {
            return Err(Refusal::WrongIssuer);
        }
        if let Some(code) = answer.error {
            return Err(Refusal::read(&code, answer.error_description, answer.error_uri));
        }
        let Some(code) = answer.code else {
            return Err(Refusal::NotBelieved("neither a code nor an error".to_owned()));
        };

        let known = self.known().await?;
        let tokens = known
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(Refusal::not_believed)?
            .set_pkce_verifier(transaction.verifier)
            .request_async(&self.http)
            .await?;
        let id_token = tokens.id_token().cloned().ok_or(Refusal::NotBelieved("no ID token".to_owned()))?;
        let subject = self.verify(&id_token, &transaction.nonce).await?;
        Ok(Identity {
            person: self.person(&subject, tokens.access_token()).await?,
            subject,
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned(),
            sid: sid(&id_token),
            id_token,
        })
    }

    /// New tokens for somebody who is signed in.
    ///
    /// This is how a service learns, without a browser, that a sign-in no longer holds: on
    /// [`Refusal::ChangeRequired`] it ends its own session.
    pub async fn refresh(&self, identity: &Identity) -> Result<Identity, Refusal> {
        let Some(refresh_token) = &identity.refresh_token else {
            return Err(Refusal::NotBelieved("no refresh token was given".to_owned()));
        };
        let known = self.known().await?;
        let tokens = known
            .client
            .exchange_refresh_token(refresh_token)
            .map_err(Refusal::not_believed)?
            .request_async(&self.http)
            .await?;
        Ok(Identity {
            access_token: tokens.access_token().clone(),
            // A provider that does not rotate sends none: the old one stays good (RFC 6749 section 6).
            refresh_token: tokens.refresh_token().or(identity.refresh_token.as_ref()).cloned(),
            ..identity.clone()
        })
    }

    /// Somebody who is signed in, with what userinfo says now.
    pub async fn look_up(&self, identity: &Identity) -> Result<Identity, Refusal> {
        let person = self.person(&identity.subject, &identity.access_token).await?;
        Ok(Identity { person, ..identity.clone() })
    }

    /// Where to send the browser so that the provider's session ends too (RP-Initiated Logout 1.0).
    ///
    /// `None` if the provider offers no such page. The ID token proves who asks, so the provider need not ask
    /// the person again.
    pub async fn sign_out_url(&self, identity: &Identity) -> Result<Option<Url>, Refusal> {
        let known = self.known().await?;
        Ok(known.end_session.clone().map(|end_session| {
            LogoutRequest::from(end_session)
                .set_id_token_hint(&identity.id_token)
                .set_client_id(self.registration.client_id.clone())
                .set_post_logout_redirect_uri(self.registration.signed_out_uri.clone())
                .http_get_url()
        }))
    }

    /// Checks signature, issuer, audience, expiry and nonce (all of it is the library's work) and says whom the
    /// token is about.
    async fn verify(&self, id_token: &CoreIdToken, nonce: &Nonce) -> Result<SubjectIdentifier, Refusal> {
        let known = self.known().await?;
        let claims = match id_token.claims(&known.client.id_token_verifier(), nonce) {
            // The provider has rotated its keys since discovery: look once more, and only once.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                *self.known.lock().await = None;
                id_token.claims(&self.known().await?.client.id_token_verifier(), nonce)
            }
            verdict => verdict,
        };
        Ok(claims.map_err(Refusal::not_believed)?.subject().clone())
    }

    /// The claims of a person, insisting that they are about the subject of the ID token: an access token that
    /// was swapped must not bring somebody else's name.
    async fn person(
        &self,
        subject: &SubjectIdentifier,
        access_token: &AccessToken,
    ) -> Result<Person, Refusal> {
        let known = self.known().await?;
        let request = known
            .client
            .user_info(access_token.clone(), Some(subject.clone()))
            .map_err(Refusal::not_believed)?;
        Ok(request.request_async(&self.http).await?)
    }

    async fn known(&self) -> Result<Arc<Known>, Refusal> {
        let mut known = self.known.lock().await;
        if let Some(known) = &*known {
            return Ok(Arc::clone(known));
        }
        let registration = &self.registration;
        let metadata =
            ProviderMetadataWithLogout::discover_async(registration.issuer.clone(), &self.http).await?;
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let keys = serde_json::to_value(metadata.jwks()).and_then(serde_json::from_value);
        let keys = keys.map_err(Refusal::not_believed)?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            registration.client_id.clone(),
            Some(registration.client_secret.clone()),
        )
        .set_redirect_uri(registration.redirect_uri.clone());
        Ok(Arc::clone(known.insert(Arc::new(Known { client, end_session, keys }))))
    }
}

/// The session of an ID token that was verified. The library knows no `sid`.
fn sid(id_token: &CoreIdToken) -> Option<String> {
    #[derive(Deserialize)]
    struct Session {
        sid: String,
    }
    let token = id_token.to_string();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Session>(&claims).ok().map(|session| session.sid)
}

/// Carries the library's requests over the HTTP client of our choice.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = HttpResponse::new(answer.bytes().await?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

impl Refusal {
    /// Reads an error, from the redirect URI or from a JSON body alike: the provider says which of its pages
    /// documents the condition, and the last word of that address is the condition's stable name. The address is
    /// for developers; no browser is ever sent to it.
    fn read(code: &str, description: Option<String>, error_uri: Option<String>) -> Self {
        let uri = error_uri.unwrap_or_default();
        match (code, uri.rsplit('/').next()) {
            (
                "interaction_required" | "invalid_grant" | "invalid_token",
                Some("password_change_required"),
            ) => Self::ChangeRequired,
            ("access_denied", Some("password_change_declined")) => Self::ChangeDeclined,
            (code, _) => {
                Self::Refused { code: code.to_owned(), description: description.unwrap_or_default() }
            }
        }
    }

    fn not_believed(error: impl std::error::Error) -> Self {
        Self::NotBelieved(error.to_string())
    }
}

/// The body of an error answer (RFC 6749 section 5.2).
type ErrorBody = StandardErrorResponse<CoreErrorResponseType>;

impl From<ErrorBody> for Refusal {
    fn from(body: ErrorBody) -> Self {
        Self::read(body.error().as_ref(), body.error_description().cloned(), body.error_uri().cloned())
    }
}

impl From<RequestTokenError<reqwest::Error, ErrorBody>> for Refusal {
    fn from(error: RequestTokenError<reqwest::Error, ErrorBody>) -> Self {
        match error {
            RequestTokenError::ServerResponse(body) => body.into(),
            RequestTokenError::Request(error) => Self::Unreachable(error.to_string()),
            RequestTokenError::Parse(error, _) => Self::not_believed(error),
            RequestTokenError::Other(reason) => Self::NotBelieved(reason),
        }
    }
}

impl From<UserInfoError<reqwest::Error>> for Refusal {
    fn from(error: UserInfoError<reqwest::Error>) -> Self {
        match error {
            // The library hands over the body only, and drops the `WWW-Authenticate` header.
            UserInfoError::Response(status, body, reason) => match serde_json::from_slice::<ErrorBody>(&body)
            {
                Ok(body) => body.into(),
                Err(_) => Self::Refused { code: status.to_string(), description: reason },
            },
            UserInfoError::Request(error) => Self::Unreachable(error.to_string()),
            error => Self::not_believed(error),
        }
    }
}

impl From<DiscoveryError<reqwest::Error>> for Refusal {
    fn from(error: DiscoveryError<reqwest::Error>) -> Self {
        Self::Unreachable(error.to_string())
    }
}

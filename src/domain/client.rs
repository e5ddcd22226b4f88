//! A relying party, as it was registered. Its JSON form uses the names of RFC 7591 and of OpenID Connect Dynamic
//! Client Registration; what no standard names has the vendor prefix.
//!
//! Registration is an administrator's act, so a client is checked as a whole, once, by [`Client::validate`]. Redirect
//! URIs are compared byte for byte (RFC 9700 section 2.1). The free choice of a loopback port (RFC 8252 section 7.3)
//! is not offered: it would be the one redirect that nobody registered.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Host, Url};

use super::account::AccountId;
use super::client_keys::{ClientKeyError, ClientKeys};
use super::scope::{Scope, ScopeSet};

/// Names a relying party: 1 to 128 unreserved URI characters (RFC 3986 section 2.3), so that no form, header or log
/// has to escape it. A value that came in a request is a claim until a stored client bears it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(pub String);

/// How the client authenticates at the token endpoint (OpenID Connect Core section 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Its secret in an `Authorization: Basic` header.
    #[default]
    ClientSecretBasic,
    /// Its secret in the form.
    ClientSecretPost,
    /// An assertion that it signed with its own key (RFC 7523 section 2.2).
    PrivateKeyJwt,
    /// It cannot keep a secret: PKCE stands in for it.
    None,
}

impl AuthMethod {
    /// Every method, as discovery lists them.
    pub const ALL: [Self; 4] =
        [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];
}

/// What a client may ask the token endpoint for (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// Tokens for somebody who signed in.
    AuthorizationCode,
    /// More of them later.
    RefreshToken,
    /// Tokens for itself (RFC 6749 section 4.4).
    ClientCredentials,
}

impl GrantType {
    /// Every type, as discovery lists them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];
}

/// What ID tokens and the assertions of clients are signed with (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSA with SHA-256: the one every relying party knows (OpenID Connect Core section 15.1), and the slowest.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA over P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// Every algorithm, as discovery lists them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The `alg` value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads the stored form.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

/// Who tells the user first that the password must change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordChangeMode {
    /// The provider hosts the change, then finishes the request.
    #[default]
    OpHosted,
    /// The client is told by `interaction_required`, shows its own notice and asks again with
    /// `prompt=change_password`.
    ClientNotice,
}

/// A registered relying party. The secret is here as a hash only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its identifier.
    #[serde(rename = "client_id")]
    pub id: ClientId,
    /// What people are told they go to.
    #[serde(rename = "client_name")]
    pub name: String,
    /// The clients of one sector know a person by the same `sub`. Chosen once and never changed: it is hashed into
    /// every subject, and is not derived from an address because addresses move.
    #[serde(rename = "ecluse_sector")]
    pub sector: String,
    /// How it authenticates.
    #[serde(rename = "token_endpoint_auth_method", default)]
    pub auth_method: AuthMethod,
    /// base64url of the secret's SHA-256 (the secret has 256 random bits); absent for the methods without one.
    #[serde(rename = "ecluse_client_secret_sha256", default, skip_serializing_if = "Option::is_none")]
    pub secret_hash: Option<String>,
    /// The keys of the method `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<ClientKeys>,
    /// What it may ask the token endpoint for. A client that acts for itself does nothing else.
    #[serde(default = "default_grant_types")]
    pub grant_types: BTreeSet<GrantType>,
    /// The account that a client which acts for itself acts for: the account's roles bound it, and the account's gate is
    /// its own. In a declaration a login will do; what is stored is the account.
    #[serde(rename = "ecluse_operator", default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<AccountId>,
    /// Where answers may go.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a sign-out may lead.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session is over (OpenID Connect Back-Channel Logout 1.0 section 2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it must be told which session; it always is.
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    /// What it may ask for. With `offline_access` it gets refresh tokens. The default is `openid profile`: a service
    /// that needs addresses, schools or classes says so.
    #[serde(rename = "scope", default = "default_scopes")]
    pub scopes: ScopeSet,
    /// Whether requests without a PKCE challenge are refused. Always true for the method `none`.
    #[serde(rename = "ecluse_pkce_required", default = "yes")]
    pub pkce_required: bool,
    /// What its ID tokens are signed with.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// Who tells the user that the password must change.
    #[serde(rename = "ecluse_password_change_mode", default)]
    pub password_change_mode: PasswordChangeMode,
    /// Its home page: where a person whose request was lost is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Where a sign-in can be started at its side (OpenID Connect Core section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Whether it may introspect tokens that were given to others.
    #[serde(rename = "ecluse_resource_server", default)]
    pub resource_server: bool,
}

fn default_scopes() -> ScopeSet {
    ScopeSet::from_iter([Scope::Openid, Scope::Profile])
}

fn default_grant_types() -> BTreeSet<GrantType> {
    [GrantType::AuthorizationCode, GrantType::RefreshToken].into()
}

fn yes() -> bool {
    true
}

/// What is wrong with a registration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The identifier has the wrong characters or length.
    #[error("client_id must be 1 to 128 characters among A-Z a-z 0-9 . _ ~ -")]
    Id,
    /// The name is empty, too long, or holds a control character.
    #[error("client_name must be 1 to 200 characters without control characters")]
    Name,
    /// The sector is empty, too long, or not visible ASCII.
    #[error("ecluse_sector must be 1 to 255 visible ASCII characters")]
    Sector,
    /// A method with a secret, and no secret.
    #[error("this token_endpoint_auth_method needs a secret")]
    SecretMissing,
    /// A secret for a client that does not use one.
    #[error("a client with token_endpoint_auth_method none or private_key_jwt has no secret")]
    SecretUnexpected,
    /// The hash is none.
    #[error("ecluse_client_secret_sha256 must be the base64url SHA-256 of the secret, 43 characters")]
    SecretHash,
    /// A client without a secret and without PKCE has no protection at all.
    #[error("a client with token_endpoint_auth_method none must use PKCE")]
    PkceOptional,
    /// An account for a client that does not act for itself.
    #[error("ecluse_operator is for the grant type client_credentials")]
    OperatorUnexpected,
    /// A client that acts for itself, for nobody.
    #[error("the grant type client_credentials needs ecluse_operator: the account whose roles bound it")]
    OperatorMissing,
    /// A client that acts for itself and for people.
    #[error("client_credentials stands alone: register another client for people who sign in")]
    GrantTypesMixed,
    /// Neither for people nor for itself.
    #[error("grant_types must hold authorization_code, or client_credentials")]
    GrantTypesMissing,
    /// Refresh tokens that it may not use.
    #[error("the scope offline_access needs the grant type refresh_token")]
    OfflineWithoutRefresh,
    /// What people and browsers are sent to, of a client that none come to.
    #[error("a client with the grant type client_credentials has no {0}: nobody signs in to it")]
    AddressUnexpected(&'static str),
    /// It acts for itself, and anybody could.
    #[error("a client with the grant type client_credentials needs a secret or a key")]
    CredentialsWithoutProof,
    /// It acts for itself and nobody has signed in.
    #[error(
        "a client with the grant type client_credentials needs scopes of the operator API, and no others"
    )]
    ScopeNotForApi,
    /// The method without the keys.
    #[error("token_endpoint_auth_method private_key_jwt needs jwks")]
    KeysMissing,
    /// Keys that would never be used.
    #[error("jwks is for token_endpoint_auth_method private_key_jwt")]
    KeysUnexpected,
    /// A key that verifies nothing.
    #[error("jwks: {0}")]
    Key(ClientKeyError),
    /// Nowhere to answer to.
    #[error("at least one redirect URI is needed, except for a resource server")]
    NoRedirectUri,
    /// An address that cannot be used.
    #[error("{member} {uri:?}: {fault}")]
    Uri {
        /// The member of the registration.
        member: &'static str,
        /// The address.
        uri: String,
        /// Why not.
        fault: UriFault,
    },
    /// The mode forwards an error to the client before anything was shown, which an https address alone makes safe.
    #[error("ecluse_password_change_mode client_notice needs https redirect URIs, {0:?} is not one")]
    NoticeWithoutHttps(String),
    /// Every request needs it.
    #[error("scope must hold openid")]
    ScopeWithoutOpenid,
}

/// Why an address cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UriFault {
    /// Has characters that RFC 3986 does not allow, or is longer than 2,000.
    #[error("it must be at most 2000 characters that RFC 3986 allows")]
    Characters,
    /// Carries a user name or password.
    #[error("it must not carry a user name")]
    Credentials,
    /// Has a fragment (RFC 6749 section 3.1.2).
    #[error("it must not have a fragment")]
    Fragment,
    /// Is not an absolute address with a host.
    #[error("it must be an absolute address with a host")]
    NotAbsolute,
    /// Is `http` where only `https` is safe.
    #[error(
        "http is for loopback addresses, of clients without a secret or of a provider that is on a loopback address \
         itself; use https"
    )]
    PlainHttp,
    /// Is neither `https` nor `http`.
    #[error("it must be https")]
    Scheme,
}

impl Client {
    /// The origins of its addresses: where a form of our pages may lead in the end. A client's callback often sends
    /// the browser on to its home page, which is then part of the same navigation.
    pub fn origins(&self) -> Vec<String> {
        let addresses = self.redirect_uris.iter().chain(&self.client_uri).chain(&self.initiate_login_uri);
        let mut origins: Vec<_> = addresses
            .filter_map(|address| Url::parse(address).ok())
            .map(|url| url.origin().ascii_serialization())
            .collect();
        origins.sort_unstable();
        origins.dedup();
        origins
    }

    /// Whether answers may go to this address: compared byte for byte (RFC 9700 section 2.1).
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri)
    }

    /// Whether a sign-out may lead to this address: compared byte for byte.
    pub fn may_return_after_logout_to(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|registered| registered == uri)
    }

    /// Everything that is wrong with the registration, so that it is mended in one go. `issuer_is_loopback` says that
    /// this provider itself is on a loopback address, which makes `http` on loopback addresses acceptable for every
    /// client; otherwise it is for clients without a secret alone (RFC 8252 section 7.3).
    pub fn validate(&self, issuer_is_loopback: bool) -> Result<(), Vec<ClientError>> {
        let mut errors = Vec::new();
        self.check_names(&mut errors);
        self.check_authentication(&mut errors);
        self.check_keys(&mut errors);
        self.check_grant_types(&mut errors);
        self.check_addresses(issuer_is_loopback, &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_names(&self, errors: &mut Vec<ClientError>) {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
        if !(1..=128).contains(&self.id.0.len()) || !self.id.0.bytes().all(unreserved) {
            errors.push(ClientError::Id);
        }
        if !(1..=200).contains(&self.name.chars().count()) || self.name.chars().any(char::is_control) {
            errors.push(ClientError::Name);
        }
        if !(1..=255).contains(&self.sector.len()) || !self.sector.bytes().all(|byte| byte.is_ascii_graphic())
        {
            errors.push(ClientError::Sector);
        }
    }

    fn check_authentication(&self, errors: &mut Vec<ClientError>) {
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        match (self.auth_method, &self.secret_hash) {
            (AuthMethod::None | AuthMethod::PrivateKeyJwt, None) => {}
            (AuthMethod::None | AuthMethod::PrivateKeyJwt, Some(_)) => {
                errors.push(ClientError::SecretUnexpected);
            }
            (AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost, None) => {
                errors.push(ClientError::SecretMissing);
            }
            (AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost, Some(hash)) => {
                if hash.len() != 43 || !hash.bytes().all(base64url) {
                    errors.push(ClientError::SecretHash);
                }
            }
        }
        if self.auth_method == AuthMethod::None && !self.pkce_required {
            errors.push(ClientError::PkceOptional);
        }
    }

    fn check_keys(&self, errors: &mut Vec<ClientError>) {
        match (&self.jwks, self.auth_method == AuthMethod::PrivateKeyJwt) {
            (None, false) => {}
            (None, true) => errors.push(ClientError::KeysMissing),
            (Some(_), false) => errors.push(ClientError::KeysUnexpected),
            (Some(keys), true) => errors.extend(keys.check().err().map(ClientError::Key)),
        }
    }

    fn check_grant_types(&self, errors: &mut Vec<ClientError>) {
        if self.grant_types.contains(&GrantType::ClientCredentials) {
            self.check_acts_for_itself(errors);
            return;
        }
        if self.operator.is_some() {
            errors.push(ClientError::OperatorUnexpected);
        }
        if !self.grant_types.contains(&GrantType::AuthorizationCode) {
            errors.push(ClientError::GrantTypesMissing);
        }
        if !self.scopes.contains(Scope::Openid) {
            errors.push(ClientError::ScopeWithoutOpenid);
        }
        if self.scopes.contains(Scope::OfflineAccess) && !self.grant_types.contains(&GrantType::RefreshToken)
        {
            errors.push(ClientError::OfflineWithoutRefresh);
        }
        if self.redirect_uris.is_empty() && !self.resource_server {
            errors.push(ClientError::NoRedirectUri);
        }
    }

    /// Without a redirect URI no request of the authorization endpoint is answered, and without a code there is nothing to
    /// refresh: the endpoints need no rule of their own that keeps such a client out.
    fn check_acts_for_itself(&self, errors: &mut Vec<ClientError>) {
        if self.grant_types.len() > 1 {
            errors.push(ClientError::GrantTypesMixed);
        }
        if self.operator.is_none() {
            errors.push(ClientError::OperatorMissing);
        }
        if self.auth_method == AuthMethod::None {
            errors.push(ClientError::CredentialsWithoutProof);
        }
        if !self.scopes.is_for_api() {
            errors.push(ClientError::ScopeNotForApi);
        }
        let addresses = [
            ("redirect_uris", self.redirect_uris.is_empty()),
            ("post_logout_redirect_uris", self.post_logout_redirect_uris.is_empty()),
            ("backchannel_logout_uri", self.backchannel_logout_uri.is_none()),
            ("initiate_login_uri", self.initiate_login_uri.is_none()),
        ];
        let given = addresses.into_iter().filter(|(_, absent)| !absent);
        errors.extend(given.map(|(member, _)| ClientError::AddressUnexpected(member)));
    }

    fn check_addresses(&self, issuer_is_loopback: bool, errors: &mut Vec<ClientError>) {
        let http_on_loopback = issuer_is_loopback || self.auth_method == AuthMethod::None;
        let named = [
            ("redirect_uris", self.redirect_uris.as_slice()),
            ("post_logout_redirect_uris", self.post_logout_redirect_uris.as_slice()),
            ("client_uri", self.client_uri.as_slice()),
            ("initiate_login_uri", self.initiate_login_uri.as_slice()),
        ];
        for (member, uris) in named {
            for uri in uris {
                if let Err(fault) = check_uri(uri, http_on_loopback) {
                    errors.push(ClientError::Uri { member, uri: uri.clone(), fault });
                }
            }
        }
        if let Some(uri) = &self.backchannel_logout_uri
            && let Err(fault) = check_uri(uri, issuer_is_loopback)
        {
            // The provider goes there, not a browser: `http` to its own machine is for a provider that is on it alone.
            errors.push(ClientError::Uri { member: "backchannel_logout_uri", uri: uri.clone(), fault });
        }
        if self.password_change_mode == PasswordChangeMode::ClientNotice && !issuer_is_loopback {
            let plain = self.redirect_uris.iter().filter(|uri| !uri.starts_with("https:"));
            errors.extend(plain.cloned().map(ClientError::NoticeWithoutHttps));
        }
    }
}

/// Whether the address is on this machine: `localhost` or a loopback IP address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn check_uri(uri: &str, http_on_loopback: bool) -> Result<(), UriFault> {
    // The URL parser mends what it reads (it drops tabs, turns backslashes round), but the text itself is what goes
    // into a Location header: it must need no mending.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    if uri.len() > 2_000 || !uri.bytes().all(allowed) {
        return Err(UriFault::Characters);
    }
    let url = Url::parse(uri).map_err(|_| UriFault::NotAbsolute)?;
    if url.fragment().is_some() {
        return Err(UriFault::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UriFault::Credentials);
    }
    match uri.split_once("://").filter(|(_, rest)| !rest.starts_with('/')).map(|(scheme, _)| scheme) {
        Some("https") => Ok(()),
        Some("http") if http_on_loopback && is_loopback(&url) => Ok(()),
        Some("http") => Err(UriFault::PlainHttp),
        Some(_) => Err(UriFault::Scheme),
        None => Err(UriFault::NotAbsolute),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal() -> Client {
        serde_json::from_value(serde_json::json!({
            "client_id": "portal",
            "client_name": "Portail",
            "ecluse_sector": "portal.example",
            "ecluse_client_secret_sha256": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            "redirect_uris": ["https://portal.example/cb?from=op"],
        }))
        .unwrap()
    }

    #[test]
    fn what_is_not_said_is_strict() {
        let client = portal();
        assert_eq!(client.validate(false), Ok(()));
        assert_eq!(client.auth_method, AuthMethod::ClientSecretBasic);
        assert!(client.pkce_required);
        assert!(!client.resource_server);
        assert_eq!(client.scopes.to_string(), "openid profile");
        assert_eq!(client.password_change_mode, PasswordChangeMode::OpHosted);
        assert_eq!(client.id_token_signed_response_alg, SigningAlgorithm::Rs256);
    }

    #[test]
    fn the_stored_form_reads_back_and_refuses_what_it_does_not_know() {
        let client = portal();
        let mut stored = serde_json::to_value(&client).unwrap();
        assert_eq!(serde_json::from_value::<Client>(stored.clone()).unwrap(), client);
        stored["redirect_uri"] = "https://portal.example/cb".into();
        assert!(serde_json::from_value::<Client>(stored).is_err());
    }

    #[test]
    fn redirects_are_compared_byte_for_byte() {
        let client = portal();
        assert!(client.may_redirect_to("https://portal.example/cb?from=op"));
        for other in [
            "https://portal.example/cb",
            "https://portal.example/cb?from=op&x=1",
            "https://portal.example/cb?from=op#",
            "https://PORTAL.example/cb?from=op",
            "https://portal.example:443/cb?from=op",
            "https://portal.example/./cb?from=op",
            "",
        ] {
            assert!(!client.may_redirect_to(other), "{other}");
        }
    }

    #[test]
    fn addresses_that_cannot_be_registered() {
        let refused = [
            ("/cb", UriFault::NotAbsolute),
            ("https:cb.example", UriFault::NotAbsolute),
            ("https:///cb.example", UriFault::NotAbsolute),
            ("https://a.example/cb#", UriFault::Fragment),
            ("https://me@a.example/cb", UriFault::Credentials),
            ("https://a.example/c\tb", UriFault::Characters),
            ("https://a.example\\cb", UriFault::Characters),
            ("https://école.example/cb", UriFault::Characters),
            ("http://a.example/cb", UriFault::PlainHttp),
            ("http://127.0.0.1.a.example/cb", UriFault::PlainHttp),
            ("http://localhost.a.example/cb", UriFault::PlainHttp),
            ("HTTPS://a.example/cb", UriFault::Scheme),
            ("fr.example.app://cb", UriFault::Scheme),
            ("javascript://a.example/%0aalert(1)", UriFault::Scheme),
        ];
        for (uri, fault) in refused {
            assert_eq!(check_uri(uri, true), Err(fault), "{uri}");
        }
        for uri in ["http://127.0.0.1:8080/cb", "http://[::1]/cb", "http://localhost:3000/cb"] {
            assert_eq!(check_uri(uri, true), Ok(()), "{uri}");
            assert_eq!(check_uri(uri, false), Err(UriFault::PlainHttp), "{uri}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_providers_and_for_applications_without_a_secret() {
        let mut client = portal();
        client.redirect_uris = vec!["http://127.0.0.1:4000/cb".to_owned()];
        assert!(client.validate(false).is_err());
        assert_eq!(client.validate(true), Ok(()));
        client.auth_method = AuthMethod::None;
        client.secret_hash = None;
        assert_eq!(client.validate(false), Ok(()));
        client.password_change_mode = PasswordChangeMode::ClientNotice;
        let refused = ClientError::NoticeWithoutHttps("http://127.0.0.1:4000/cb".to_owned());
        assert_eq!(client.validate(false), Err(vec![refused]));
        assert_eq!(client.validate(true), Ok(()));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut client = portal();
        client.id = ClientId("a:b".to_owned());
        client.name = "\n".to_owned();
        client.sector = "a b".to_owned();
        client.scopes = ScopeSet::default();
        client.auth_method = AuthMethod::None;
        client.pkce_required = false;
        client.redirect_uris.clear();
        assert_eq!(
            client.validate(false),
            Err(vec![
                ClientError::Id,
                ClientError::Name,
                ClientError::Sector,
                ClientError::SecretUnexpected,
                ClientError::PkceOptional,
                ClientError::ScopeWithoutOpenid,
                ClientError::NoRedirectUri,
            ])
        );
        let mut client = portal();
        client.secret_hash = Some("secret".to_owned());
        assert_eq!(client.validate(false), Err(vec![ClientError::SecretHash]));
        client.secret_hash = None;
        assert_eq!(client.validate(false), Err(vec![ClientError::SecretMissing]));
    }

    #[test]
    fn a_client_that_acts_for_itself_is_registered_for_nothing_else() {
        let robot: Client = serde_json::from_value(serde_json::json!({
            "client_id": "robot",
            "client_name": "Robot",
            "ecluse_sector": "robot",
            "ecluse_client_secret_sha256": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            "grant_types": ["client_credentials"],
            "ecluse_operator": "m.blanc",
            "scope": "orders:read people:act",
        }))
        .unwrap();
        assert_eq!(robot.validate(false), Ok(()));
        let wrong = Client {
            grant_types: GrantType::ALL.into(),
            operator: None,
            auth_method: AuthMethod::None,
            secret_hash: None,
            scopes: "openid orders:read".parse().unwrap(),
            redirect_uris: vec!["https://robot.example/cb".to_owned()],
            ..robot.clone()
        };
        assert_eq!(
            wrong.validate(false),
            Err(vec![
                ClientError::GrantTypesMixed,
                ClientError::OperatorMissing,
                ClientError::CredentialsWithoutProof,
                ClientError::ScopeNotForApi,
                ClientError::AddressUnexpected("redirect_uris"),
            ])
        );
        let person = Client { operator: robot.operator, ..portal() };
        assert_eq!(person.validate(false), Err(vec![ClientError::OperatorUnexpected]));
        let offline = Client {
            grant_types: [GrantType::AuthorizationCode].into(),
            scopes: "openid offline_access".parse().unwrap(),
            ..portal()
        };
        assert_eq!(offline.validate(false), Err(vec![ClientError::OfflineWithoutRefresh]));
        let nothing = Client { grant_types: [GrantType::RefreshToken].into(), ..portal() };
        assert_eq!(nothing.validate(false), Err(vec![ClientError::GrantTypesMissing]));
    }

    #[test]
    fn keys_belong_to_one_method() {
        let keyed = Client { auth_method: AuthMethod::PrivateKeyJwt, secret_hash: None, ..portal() };
        assert_eq!(keyed.validate(false), Err(vec![ClientError::KeysMissing]));
        let key = crate::oidc::jws::SigningKey::generate(SigningAlgorithm::EdDsa).unwrap();
        let jwks = serde_json::from_value(serde_json::json!({ "keys": [key.public_jwk()] })).unwrap();
        let keyed = Client { jwks, ..keyed };
        assert_eq!(keyed.validate(false), Ok(()));
        let both = Client { secret_hash: portal().secret_hash, ..keyed.clone() };
        assert_eq!(both.validate(false), Err(vec![ClientError::SecretUnexpected]));
        let other = Client { auth_method: AuthMethod::ClientSecretBasic, ..both };
        assert_eq!(other.validate(false), Err(vec![ClientError::KeysUnexpected]));
    }
}

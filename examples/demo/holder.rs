//! Somebody who holds one of everything that a relying party can hold, and what each door says to it.

use std::fmt::{self, Display};

use ::ecluse::cli::printer::Failure;
use ::ecluse::flows::random::Random;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use crate::browser::{Browser, Page, http, send};

/// The doors, in the order in which they are tried.
pub const DOORS: [&str; 6] = [
    "authorize, with a live session",
    "prompt=none",
    "code exchange",
    "refresh",
    "introspection",
    "userinfo",
];

/// What each door answered.
pub type Answers = [Answer; DOORS.len()];

/// What a door answered: what came, after the status where that says something, and whether the signal came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    what: String,
    signal: bool,
}

impl Answer {
    /// An answer without the signal.
    pub fn plain(what: &str) -> Self {
        Self { what: what.to_owned(), signal: false }
    }

    /// A refusal that says that a password change is required.
    pub fn signal(what: &str) -> Self {
        Self { what: what.to_owned(), signal: true }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.what, if self.signal { " + signal" } else { "" })
    }
}

/// A confidential client that nobody listens for: what it would be sent is read off the redirect.
#[derive(Clone)]
pub struct Client {
    /// The provider.
    pub issuer: String,
    /// Its registered name.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Where it would listen.
    pub redirect_uri: String,
    /// What it calls with.
    pub http: reqwest::Client,
}

/// Long enough for RFC 7636 section 4.1. A fixed one is as good as another where nobody else can see the codes.
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rules-of-rfc-7636";

impl Client {
    /// The client of these credentials.
    pub fn new(issuer: &str, id: &str, secret: &str, redirect_uri: &str) -> Result<Self, Failure> {
        let [issuer, id, secret, redirect_uri] = [issuer, id, secret, redirect_uri].map(str::to_owned);
        Ok(Self { issuer, id, secret, redirect_uri, http: http().build()? })
    }

    /// The address of a fresh authorization request.
    pub fn authorize(&self, prompt: Option<&str>) -> Result<String, Failure> {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid profile offline_access"),
            ("state", "the-state"),
            ("code_challenge_method", "S256"),
            ("code_challenge", &challenge),
        ];
        query.extend(prompt.map(|prompt| ("prompt", prompt)));
        Ok(Url::parse_with_params(&format!("{}/authorize", self.issuer), query)?.into())
    }

    async fn exchange(&self, code: &str) -> Result<Page, Failure> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.call("/token", &form).await
    }

    async fn refresh(&self, token: &str) -> Result<Page, Failure> {
        self.call("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn introspect(&self, token: &str) -> Result<Page, Failure> {
        self.call("/introspect", &[("token", token)]).await
    }

    async fn userinfo(&self, token: &str) -> Result<Page, Failure> {
        send(self.http.get(format!("{}/userinfo", self.issuer)).bearer_auth(token)).await
    }

    async fn call(&self, path: &str, form: &[(&str, &str)]) -> Result<Page, Failure> {
        let request = self.http.post(format!("{}{path}", self.issuer));
        send(request.basic_auth(&self.id, Some(&self.secret)).form(form)).await
    }
}

/// Somebody with a live session, codes on their way, and tokens.
pub struct Holder {
    /// Who it is.
    pub login: String,
    /// The password in force.
    pub password: String,
    browser: Browser,
    client: Client,
    codes: Vec<String>,
    access: String,
    refresh: String,
}

/// How often one holder may knock: each time a code is used up.
const CODES: usize = 3;

impl Holder {
    /// Signs somebody in who has this code, and has the client given one of everything.
    pub async fn new(client: &Client, login: &str, code: &str) -> Result<Self, Failure> {
        let browser = Browser::new(&client.issuer)?;
        let password = new_password();
        browser.activate(login, code, &password).await?;
        Self::of(client, browser, login, password).await
    }

    /// The same person in another browser, who meets the change page with this proof and gets past it.
    pub async fn renewed(&self, proof: &str) -> Result<Self, Failure> {
        let browser = Browser::new(&self.client.issuer)?;
        let page = browser.go(&self.client.authorize(None)?).await?;
        let page = browser.sign_in(&page, &self.login, proof).await?;
        let password = new_password();
        let page = browser.change(&page, proof, &password).await?;
        page.expect("continue", &format!("{} could not change the password", self.login))?;
        Self::of(&self.client, browser, &self.login, password).await
    }

    async fn of(client: &Client, browser: Browser, login: &str, password: String) -> Result<Self, Failure> {
        let mut codes = Vec::new();
        for _ in 0..=CODES {
            let page = browser.go(&client.authorize(None)?).await?;
            let code = page.parameter("code");
            codes.push(code.ok_or_else(|| Failure::failed(format_args!("{login} got no code")))?);
        }
        let tokens = client.exchange(&codes.pop().unwrap_or_default()).await?;
        let token = |name: &str| {
            let body: Value = serde_json::from_str(&tokens.body)?;
            body[name]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| Failure::failed(format_args!("{login} got no {name}: {}", tokens.status)))
        };
        let (access, refresh) = (token("access_token")?, token("refresh_token")?);
        Ok(Self {
            login: login.to_owned(),
            password,
            browser,
            client: client.clone(),
            codes,
            access,
            refresh,
        })
    }

    /// Tries every door with what is held.
    pub async fn knock(&mut self) -> Result<Answers, Failure> {
        let (client, issuer) = (&self.client, &self.client.issuer);
        let code = self.codes.pop().ok_or_else(|| Failure::failed("knocked too often"))?;
        Ok([
            redirected(&self.browser.go(&client.authorize(None)?).await?, issuer),
            redirected(&self.browser.look(&client.authorize(Some("none"))?).await?, issuer),
            answered(&client.exchange(&code).await?, issuer, "tokens"),
            answered(&client.refresh(&self.refresh).await?, issuer, "tokens"),
            introspected(&client.introspect(&self.access).await?),
            answered(&client.userinfo(&self.access).await?, issuer, "claims"),
        ])
    }
}

fn new_password() -> String {
    // Every class of the default rules, and nothing to remember.
    format!("Porte-7{}", URL_SAFE_NO_PAD.encode(Random::system().bytes::<12>()))
}

fn redirected(page: &Page, issuer: &str) -> Answer {
    let what = match (page.status, page.parameter("error")) {
        (StatusCode::SEE_OTHER, None) if page.parameter("code").is_some() => "code".to_owned(),
        (StatusCode::SEE_OTHER, Some(error)) => error,
        (StatusCode::OK, _) if page.asks("new_password") => "change page".to_owned(),
        (StatusCode::OK, _) if page.asks("sign-in") => "sign-in page".to_owned(),
        (status, _) => format!("{status}"),
    };
    let signal = page.parameter("error_uri").is_some_and(|uri| uri == signal_uri(issuer))
        && page.parameter("error_description").is_some_and(|text| text.starts_with(SIGNAL));
    Answer { what, signal }
}

fn answered(page: &Page, issuer: &str, good: &str) -> Answer {
    let body: Value = serde_json::from_str(&page.body).unwrap_or_default();
    let challenge = page.headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let uri = signal_uri(issuer);
    let signal = body["error_uri"] == uri
        && body["error_description"].as_str().is_some_and(|text| text.starts_with(SIGNAL))
        && body["ecluse_interaction"] == SIGNAL
        && challenge.is_none_or(|challenge| challenge.contains(&format!("error_uri=\"{uri}\"")));
    let what =
        if page.status.is_success() { good } else { body["error"].as_str().unwrap_or("no error code") };
    Answer { what: format!("{} {what}", page.status.as_u16()), signal }
}

fn introspected(page: &Page) -> Answer {
    let body: Value = serde_json::from_str(&page.body).unwrap_or_default();
    match (page.status, body["active"].as_bool()) {
        (StatusCode::OK, Some(true)) => Answer::plain("active: true"),
        (StatusCode::OK, Some(false)) if body == json!({ "active": false }) => Answer::plain("active: false"),
        (status, _) => Answer::plain(&format!("{status}")),
    }
}

const SIGNAL: &str = "password_change_required";

fn signal_uri(issuer: &str) -> String {
    format!("{issuer}/errors/{SIGNAL}")
}

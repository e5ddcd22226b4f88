//! A person who holds one of everything, and what each door says to it.

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, Page};
use crate::provider::Provider;
use crate::relying_party::{Answer, RelyingParty};
use crate::robot::members;
use crate::sign_in::activate;

/// A signed-in person with a live session, codes on their way, and the tokens of two relying parties.
pub(crate) struct Holder {
    pub(crate) browser: Browser,
    portal: RelyingParty,
    spa: RelyingParty,
    cantine: RelyingParty,
    codes: Vec<String>,
    access: String,
    refresh: String,
    public_refresh: String,
    /// Of a program that acts for the person.
    machine: String,
    robot: RelyingParty,
}

/// What a door says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// What was asked for.
    Open,
    /// The page where a new password is chosen.
    ChangePage,
    /// The sign-in page.
    SignInPage,
    /// That a password change is required, in the words of this door.
    Signal,
    /// That the user is not signed in, to a silent request.
    LoginRequired,
    /// A plain refusal that explains nothing.
    Dead,
}

/// What every door says to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doors {
    pub(crate) authorize: Said,
    pub(crate) silent: Said,
    pub(crate) exchange: Said,
    pub(crate) refresh: Said,
    pub(crate) public_refresh: Said,
    pub(crate) introspection: Said,
    pub(crate) userinfo: Said,
    /// Introspection of what a program was given for itself in the person's name.
    pub(crate) machine: Said,
    pub(crate) account: Said,
    pub(crate) console: Said,
}

impl Doors {
    pub(crate) const OPEN: Self = Self {
        authorize: Said::Open,
        silent: Said::Open,
        exchange: Said::Open,
        refresh: Said::Open,
        public_refresh: Said::Open,
        introspection: Said::Open,
        userinfo: Said::Open,
        machine: Said::Open,
        account: Said::ChangePage,
        console: Said::Open,
    };
    /// The gate is closed, and the session still says who is there.
    pub(crate) const CHANGE: Self = Self {
        authorize: Said::ChangePage,
        silent: Said::Signal,
        exchange: Said::Signal,
        refresh: Said::Signal,
        public_refresh: Said::Signal,
        introspection: Said::Dead,
        userinfo: Said::Signal,
        machine: Said::Dead,
        account: Said::ChangePage,
        console: Said::Dead,
    };
    /// The gate is closed, and the session is void: a thief may hold it.
    pub(crate) const RECOVER: Self = Self {
        authorize: Said::SignInPage,
        silent: Said::LoginRequired,
        account: Said::SignInPage,
        ..Self::CHANGE
    };
    /// Whatever is held has ended for good.
    pub(crate) const ENDED: Self = Self {
        authorize: Said::SignInPage,
        silent: Said::LoginRequired,
        exchange: Said::Dead,
        refresh: Said::Dead,
        public_refresh: Said::Dead,
        introspection: Said::Dead,
        userinfo: Said::Dead,
        machine: Said::Dead,
        account: Said::SignInPage,
        console: Said::Dead,
    };
}

impl Holder {
    /// Signs somebody in who was never here, and has them given one of everything.
    pub(crate) async fn new(provider: &Provider, login: &str) -> Self {
        Self::of(provider, activate(provider, login).await).await
    }

    /// The same for a browser that is signed in already.
    pub(crate) async fn of(provider: &Provider, browser: Browser) -> Self {
        let portal = RelyingParty::portal(provider).await;
        let spa = RelyingParty::public(provider).await;
        let cantine = RelyingParty::register(
            provider,
            "cantine",
            json!({ "ecluse_resource_server": true, "redirect_uris": [] }),
        )
        .await;
        browser.go("/console").await;
        let tokens = portal.exchange(&portal.code(&browser.go(&portal.authorize(&[])).await)).await;
        let public = spa.exchange(&spa.code(&browser.go(&spa.authorize(&[])).await)).await;
        let login = portal.userinfo(&tokens.text("access_token")).await.text("preferred_username");
        let robot = RelyingParty::register(provider, &format!("robot.{login}"), members(&login)).await;
        let machine = robot.token(&[("grant_type", "client_credentials")]).await;
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(portal.code(&browser.go(&portal.authorize(&[])).await));
        }
        Self {
            browser,
            codes,
            access: tokens.text("access_token"),
            refresh: tokens.text("refresh_token"),
            public_refresh: public.text("refresh_token"),
            machine: machine.text("access_token"),
            robot,
            portal,
            spa,
            cantine,
        }
    }

    /// Tries every door with what is held.
    pub(crate) async fn knock(&mut self) -> Doors {
        let issuer = self.portal.issuer.clone();
        let console = self.browser.get("/console").await;
        let authorize = self.browser.go(&self.portal.authorize(&[])).await;
        let silent = self.browser.get(&self.portal.authorize(&[("prompt", "none")])).await;
        let code = self.codes.pop().unwrap();
        let exchange = self.portal.exchange(&code).await;
        let refresh = self.portal.refresh(&self.refresh).await;
        let public_refresh = self.spa.refresh(&self.public_refresh).await;
        if public_refresh.status == StatusCode::OK {
            self.public_refresh = public_refresh.text("refresh_token");
        }
        let own = self.portal.introspect(&self.access).await;
        let others = self.cantine.introspect(&self.access).await;
        assert_eq!(own.body["active"], others.body["active"], "whoever asks");
        let machine = self.robot.introspect(&self.machine).await;
        let seen = self.cantine.introspect(&self.machine).await;
        assert_eq!(machine.body["active"], seen.body["active"], "whoever asks");
        let account = self.browser.go("/account/password").await;
        Doors {
            authorize: shown(&authorize),
            silent: answered(&silent, &issuer),
            exchange: token(&exchange, &issuer),
            refresh: token(&refresh, &issuer),
            public_refresh: token(&public_refresh, &issuer),
            introspection: introspected(&others),
            machine: introspected(&machine),
            userinfo: claims(&self.portal.userinfo(&self.access).await, &issuer),
            account: shown(&account),
            console: at_console(&console),
        }
    }
}

fn shown(page: &Page) -> Said {
    if page.parameter("code").is_some() {
        Said::Open
    } else if page.is_change() {
        Said::ChangePage
    } else if page.is_sign_in() {
        Said::SignInPage
    } else {
        panic!("{} {:?} {}", page.status, page.location(), page.body)
    }
}

/// Whoever has no role is told so, and whoever is not known is sent to sign in.
fn at_console(page: &Page) -> Said {
    match page.status {
        StatusCode::FORBIDDEN => Said::Open,
        StatusCode::SEE_OTHER => Said::Dead,
        other => panic!("{other} {}", page.body),
    }
}

/// A silent request is answered by a redirect in any case, with nothing in it but what OpenID Connect Core section
/// 3.1.2.6 and RFC 9207 allow.
fn answered(page: &Page, issuer: &str) -> Said {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let (state, iss) = (page.parameter("state"), page.parameter("iss"));
    assert_eq!((state.as_deref(), iss.as_deref()), (Some("the-state"), Some(issuer)));
    let names = page.parameters();
    match page.parameter("error").as_deref() {
        None => {
            assert_eq!(names, ["code", "state", "iss"]);
            Said::Open
        }
        Some("login_required") => {
            assert_eq!(names, ["error", "error_description", "state", "iss"]);
            Said::LoginRequired
        }
        Some("interaction_required") => {
            assert_eq!(names, ["error", "error_description", "error_uri", "state", "iss"]);
            assert_eq!(
                page.parameter("error_uri"),
                Some(format!("{issuer}/errors/password_change_required"))
            );
            assert_eq!(page.parameter("error_description").as_deref(), Some(DESCRIPTION));
            Said::Signal
        }
        Some(other) => panic!("{other}"),
    }
}

const DESCRIPTION: &str = "password_change_required: the user must change their password at the provider";

fn token(answer: &Answer, issuer: &str) -> Said {
    assert_eq!(answer.header("cache-control"), "no-store");
    if answer.status == StatusCode::OK {
        return Said::Open;
    }
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    let signal = json!({
        "error": "invalid_grant",
        "error_description": DESCRIPTION,
        "error_uri": format!("{issuer}/errors/password_change_required"),
        "ecluse_interaction": "password_change_required",
    });
    if answer.body == signal { Said::Signal } else { plain(answer, "invalid_grant") }
}

/// The code and a description, which do not speak of passwords.
fn plain(answer: &Answer, code: &str) -> Said {
    assert_eq!(answer.body["error"], code, "{answer:?}");
    let names: Vec<_> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["error", "error_description"], "{answer:?}");
    assert!(!answer.text("error_description").contains("password"), "{answer:?}");
    Said::Dead
}

fn introspected(answer: &Answer) -> Said {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    if answer.body == json!({ "active": false }) {
        return Said::Dead;
    }
    assert_eq!(answer.body["active"], true, "{answer:?}");
    Said::Open
}

fn claims(answer: &Answer, issuer: &str) -> Said {
    if answer.status == StatusCode::OK {
        return Said::Open;
    }
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    let challenge = answer.header("www-authenticate");
    if !challenge.contains("error_uri") {
        assert!(challenge.starts_with("Bearer realm=\"ecluse\", error=\"invalid_token\""), "{challenge}");
        assert!(!challenge.contains("password"), "{challenge}");
        return plain(answer, "invalid_token");
    }
    let expected = format!(
        "Bearer realm=\"ecluse\", error=\"invalid_token\", error_description=\"{DESCRIPTION}\", \
         error_uri=\"{issuer}/errors/password_change_required\""
    );
    assert_eq!(challenge, expected);
    assert_eq!(answer.body["ecluse_interaction"], "password_change_required");
    Said::Signal
}

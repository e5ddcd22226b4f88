//! What somebody else does while a request is stopped between two of its statements.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::flows::account::disable::{disable, enable};
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::store::db::Statement;

use crate::browser::{Browser, Page};
use crate::provider::{Provider, Wish, operator, proposal};
use crate::relying_party::RelyingParty;
use crate::stop::Stop;

/// What somebody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    /// Orders a change of the académie's passwords.
    OrderChange,
    /// Orders it because they are believed stolen.
    OrderRecover,
    /// Nothing: an order that was written before falls due.
    DueChange,
    /// The same at level `recover`.
    DueRecover,
    /// Orders it for a school of others.
    OrderElsewhere,
    /// Forces a change on this account.
    ForceChange,
    /// Forces it because the password is believed stolen.
    ForceRecover,
    /// Issues a new code.
    NewCode,
    /// Disables the account.
    Disable,
    /// Uses the same right in another browser: signs in there and changes the password.
    ChangeElsewhere,
    /// Signs out in the same browser.
    SignOut,
    /// Nothing: so much time passes that the page is too old.
    TooLate,
}

/// What became of the stopped request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// What it was after.
    Done,
    /// The change page.
    ChangePage,
    /// The sign-in page.
    SignIn,
    /// A plain refusal.
    Dead,
    /// That a change is required.
    Signal,
}

/// A provider whose flows can be stopped, with a portal, and zoe.
pub(crate) struct Stage {
    pub(crate) provider: Provider,
    pub(crate) portal: RelyingParty,
    pub(crate) stop: Stop,
    rounds: u32,
}

/// zoe at the beginning of a round: with a session and a password that nothing has closed.
pub(crate) struct Zoe {
    pub(crate) browser: Browser,
    pub(crate) password: String,
}

/// Everything that was minted, and the credential.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held {
    minted: Vec<String>,
    phc: String,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let stop = Stop::new();
        // A page that is too old is told so as long as its interaction lasts.
        let longer = Wish::settings(|settings| settings.interaction = Duration::from_hours(1));
        let provider = Provider::start_with(Wish { steps: stop.steps(), ..longer }).await;
        let portal = RelyingParty::portal(&provider).await;
        Self { provider, portal, stop, rounds: 0 }
    }

    /// Begins a round: zoe's account is opened whatever closed it, and a long time has passed since the last round.
    pub(crate) async fn zoe(&mut self) -> Zoe {
        self.rounds += 1;
        self.provider.clock.advance(Duration::from_hours(25));
        enable(&self.provider.ctx, &operator(), &["zoe".to_owned()]).await.unwrap().unwrap();
        let password = format!("Motdepasse-{}", self.rounds);
        let browser = Browser::new(&self.provider.issuer);
        let code = self.provider.new_code("zoe").await;
        let page = browser.sign_in(&browser.go("/login").await, "zoe", &code).await;
        let page = browser.change(&page, "", &password).await;
        assert!(page.is_success(), "{}", page.body);
        Zoe { browser, password }
    }

    /// What has to be written before the round, so that [`Stage::act`] can follow.
    pub(crate) async fn prepare(&self, what: Meanwhile) {
        let level = match what {
            Meanwhile::DueChange => Level::Change,
            Meanwhile::DueRecover => Level::Recover,
            _ => return,
        };
        let at = Some(self.provider.clock.now().plus(Duration::from_secs(1)));
        self.provider.issue(&Proposal { at, ..proposal("academie:13", level) }).await;
    }

    /// Does it. `secret` is what zoe signs in with: her password, or her code.
    pub(crate) async fn act(&self, what: Meanwhile, browser: &Browser, secret: &str) {
        let provider = &self.provider;
        match what {
            Meanwhile::OrderChange => drop(provider.order(Level::Change).await),
            Meanwhile::OrderRecover => drop(provider.order(Level::Recover).await),
            Meanwhile::OrderElsewhere => drop(provider.order_for("uai:0169001X", Level::Recover).await),
            Meanwhile::DueChange | Meanwhile::DueRecover => provider.clock.advance(Duration::from_secs(2)),
            Meanwhile::ForceChange => provider.force("zoe", Level::Change).await,
            Meanwhile::ForceRecover => provider.force("zoe", Level::Recover).await,
            Meanwhile::NewCode => drop(provider.new_code("zoe").await),
            Meanwhile::Disable => {
                disable(&provider.ctx, &operator(), &["zoe".to_owned()]).await.unwrap().unwrap();
            }
            Meanwhile::ChangeElsewhere => self.change_elsewhere(secret).await,
            Meanwhile::SignOut => {
                let page = browser.go("/logout").await;
                if page.body.contains("/logout/confirm") {
                    browser.submit(&page, "/logout/confirm", &[]).await;
                }
            }
            Meanwhile::TooLate => provider.clock.advance(Duration::from_mins(11)),
        }
    }

    async fn change_elsewhere(&self, secret: &str) {
        let browser = Browser::new(&self.provider.issuer);
        let page = browser.sign_in(&browser.go("/login").await, "zoe", secret).await;
        assert!(page.is_change(), "{}", page.body);
        let page = browser.change(&page, secret, "Ailleurs-42").await;
        assert!(page.is_success(), "{}", page.body);
    }

    /// Everything that was minted for zoe and not taken back, and her credential.
    pub(crate) async fn held(&self) -> Held {
        let select = |sql| self.provider.ctx.db.all(Statement::new(sql, Vec::new()));
        let grants = select("SELECT 'grant ' || id AS it FROM token_grant WHERE revoked_at IS NULL");
        let tokens = select("SELECT 'token ' || hash AS it FROM access_token");
        let rows = [grants.await.unwrap(), tokens.await.unwrap()];
        let rows = rows.iter().flatten().map(|row| row.text("it").unwrap());
        let minted =
            rows.chain(self.provider.stores.claims.sessions_and_codes(&self.provider.ctx.db).await).collect();
        let phc = self.provider.person("zoe").await.phc.unwrap().expose().to_owned();
        Held { minted, phc }
    }

    /// Whether the password opens the door, the change page, or nothing.
    pub(crate) async fn try_password(&self, password: &str) -> Became {
        let browser = Browser::new(&self.provider.issuer);
        let page = browser.go(&self.portal.authorize(&[])).await;
        became(&browser.sign_in(&page, "zoe", password).await)
    }
}

impl Held {
    /// Nothing is there that was not there before; something may have been taken away.
    pub(crate) fn is_no_more_than(&self, before: &Self) -> bool {
        self.phc == before.phc && self.minted.iter().all(|it| before.minted.contains(it))
    }
}

pub(crate) fn became(page: &Page) -> Became {
    if page.parameter("code").is_some() || page.is_success() {
        Became::Done
    } else if page.is_change() {
        Became::ChangePage
    } else if page.is_sign_in() {
        Became::SignIn
    } else {
        panic!("{} {:?} {}", page.status, page.location(), page.body)
    }
}

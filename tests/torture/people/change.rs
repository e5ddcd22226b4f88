//! The change of a password: the page that the browser can get to, and what is sent from it, at once or a while later.

use std::time::Duration;

use super::browser::{Browser, Tab};
use super::doors::outcome;
use super::person::{Person, Wish};
use super::town::password;
use crate::browser::Page;
use crate::torture::history::{Act, Held, Outcome, Secret};

/// A change page that is open in a tab.
pub(super) struct Opened {
    tab: Tab,
    by: Held,
    proof: Secret,
    form: (String, Vec<(String, String)>),
    /// Where its owner wants to go from there.
    room: Option<(String, Wish)>,
}

impl Person {
    /// Chooses another password, and then tries what could be kept of before.
    pub(crate) async fn change(&self) {
        let Some(opened) = self.open_page().await else { return };
        let before = opened.tab.clone();
        if self.dice.chance(25) {
            self.linger().await;
        }
        self.choose(opened).await;
        self.go_on_in(before).await;
    }

    /// Chooses another password, without any delay and with nothing after it.
    pub(super) async fn change_at_once(&self) {
        if let Some(opened) = self.open_page().await {
            self.choose(opened).await;
        }
    }

    /// Somebody has a copy of the cookies that were there before, and tries what they still open.
    pub(crate) async fn go_on_in(&self, before: Tab) {
        let copy = Self { browser: Browser::stolen(before), ..self.elsewhere() };
        copy.authorize(self.dice.chance(50)).await;
        if self.dice.chance(30)
            && let Some(opened) = copy.open_page().await
        {
            copy.choose(opened).await;
        }
    }

    /// Leaves the page open until something happens to the account, and for a while after it.
    async fn linger(&self) {
        let mut alarm = self.account.alarm.subscribe();
        let _ = tokio::time::timeout(Duration::from_secs(3), alarm.changed()).await; // nothing may happen, too
        tokio::time::sleep(self.dice.time(Duration::from_millis(2500))).await;
    }

    pub(super) async fn open_page(&self) -> Option<Opened> {
        let mut tab = self.browser.tab();
        let room = self.room.lock().unwrap().take();
        let start = room.as_ref().map_or("/account/password", |(room, _)| room);
        let page = tab.go(self.replica(), start).await.ok()?;
        let (Some(by), Some(form)) = (tab.held(), page.form("/password")) else {
            if self.dice.chance(70) {
                self.browser.forget();
            }
            return None;
        };
        let proof = if page.body.contains("id=\"current_password\"") {
            Some(Secret::Password(self.current()?))
        } else {
            self.typed.lock().unwrap().clone()
        };
        Some(Opened { tab, by, proof: proof?, form, room })
    }

    /// What its owner takes for the current password, now and then wrongly.
    fn current(&self) -> Option<u32> {
        let passwords = self.account.passwords();
        if passwords.is_empty() {
            return None;
        }
        if self.dice.chance(12) { Some(*self.dice.pick(&passwords)) } else { passwords.last().copied() }
    }

    /// Sends what is chosen: its number.
    pub(super) async fn choose(&self, opened: Opened) -> u32 {
        let Opened { mut tab, by, proof, form, room } = opened;
        let current = match &proof {
            Secret::Password(number) => password(*number),
            Secret::Code(_) => String::new(),
        };
        let (replica, number) = (self.replica(), self.town.new_password());
        let new = password(number);
        let fields = [("current_password", current.as_str()), ("new_password", &new), ("confirmation", &new)];
        let began = self.town.recorder.now();
        let answer = tab.submit(replica, form, &fields).await;
        let made =
            answer.as_ref().ok().and_then(Page::location).is_some_and(|next| next.ends_with("/changed"));
        let outcome = outcome(&answer, made);
        match outcome {
            Outcome::Yes => {
                self.account.is(number);
                self.account.all_ends();
            }
            Outcome::Unknown => self.account.may_be(number),
            Outcome::No(_) => {}
        }
        let session = tab.session().filter(|_| made);
        let act = Act::Change { account: self.account_name(), by, proof, new: number, session };
        self.record(began, replica, act, outcome);
        if let (Some((room, wish)), true) = (&room, made) {
            self.resume(&mut tab, room, wish).await;
        }
        number
    }
}

//! What a person has, and what they do next.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use super::browser::Browser;
use super::town::{Account, Town};
use crate::torture::dice::Dice;
use crate::torture::history::{Held, Secret};
use crate::torture::world::{REPLICAS, SPA};

/// An authorization code on its way.
#[derive(Clone)]
pub(crate) struct Coupon {
    pub(crate) client: &'static str,
    pub(crate) code: String,
    pub(crate) offline: bool,
    /// The generation of the account that it was given to.
    pub(crate) of: u32,
}

/// Where somebody wants to go.
pub(crate) struct Wish {
    pub(crate) client: &'static str,
    pub(crate) offline: bool,
}

/// What a code was exchanged for.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) client: &'static str,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) of: u32,
}

/// What happens while doors are knocked at.
#[derive(Clone, Copy)]
enum Amid {
    Nothing,
    Change,
    SignOut,
}

/// What relying parties hold for a person.
#[derive(Default)]
pub(crate) struct Wallet {
    pub(crate) coupons: Vec<Coupon>,
    pub(crate) used: Option<Coupon>,
    pub(crate) grants: Vec<Tokens>,
    pub(crate) rotated: Option<String>,
}

/// Somebody at a browser who acts for an account: its owner, or somebody else who knows its passwords.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) town: Arc<Town>,
    pub(crate) account: Arc<Account>,
    pub(crate) actor: u32,
    pub(crate) dice: Dice,
    /// The replica that it stays at; any else.
    pub(crate) at: Option<u8>,
    pub(crate) browser: Browser,
    pub(crate) wallet: Arc<Mutex<Wallet>>,
    /// What opened the change page that the browser is on.
    pub(crate) typed: Arc<Mutex<Option<Secret>>>,
    /// The pages on the way to a relying party that wait for a change.
    pub(crate) room: Arc<Mutex<Option<(String, Wish)>>>,
}

impl Person {
    pub(crate) fn new(town: &Arc<Town>, account: &Arc<Account>, actor: u32, dice: Dice) -> Self {
        Self {
            browser: Browser::new(&town.fronts),
            town: Arc::clone(town),
            account: Arc::clone(account),
            actor,
            dice,
            at: None,
            wallet: Arc::default(),
            typed: Arc::default(),
            room: Arc::default(),
        }
    }

    pub(crate) fn replica(&self) -> u8 {
        self.at.unwrap_or_else(|| u8::try_from(self.dice.below(REPLICAS.into())).unwrap())
    }

    /// The same person at another browser.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            browser: Browser::new(&self.town.fronts),
            typed: Arc::default(),
            room: Arc::default(),
            ..self.clone()
        }
    }

    /// Goes on until it is over.
    pub(crate) async fn live(self) {
        let mut alarm = self.account.alarm.subscribe();
        while !self.town.is_over() {
            if alarm.has_changed().unwrap() {
                alarm.mark_unchanged();
                // A few times before the password is changed, which ends what there is to see.
                for _ in 0..self.dice.between(1, 2) {
                    self.knock(self.amid()).await;
                }
                continue;
            }
            self.throw_away();
            self.step().await;
            tokio::select! {
                () = tokio::time::sleep(self.dice.time(Duration::from_millis(80))) => {}
                _ = alarm.changed() => alarm.mark_changed(),
            }
        }
    }

    /// Most of what is worth nothing any more, or it would fill the run.
    fn throw_away(&self) {
        if self.dice.chance(30) {
            return;
        }
        let now = self.account.generation();
        let mut wallet = self.wallet.lock().unwrap();
        wallet.coupons.retain(|coupon| coupon.of == now);
        wallet.grants.retain(|tokens| tokens.of == now);
    }

    async fn step(&self) {
        match self.browser.tab().held() {
            None => self.get_in().await,
            Some(Held::Page(_)) if self.dice.chance(70) => self.change().await,
            Some(Held::Page(_)) => self.try_what_there_is().await,
            Some(Held::Session(_)) => self.visit().await,
        }
    }

    /// Signs in somehow: with a password that may be the one, else with the code that was printed, else with a new one.
    pub(crate) async fn get_in(&self) {
        let passwords = self.account.passwords();
        let by_password = match passwords.last() {
            Some(likeliest) if self.dice.chance(80) => Some(*likeliest),
            Some(_) => Some(*self.dice.pick(&passwords)),
            None => None,
        };
        if let Some(number) = by_password
            && self.sign_in(Secret::Password(number)).await != Some(false)
        {
            return;
        }
        // Not everybody who knows a password has the slip in hand.
        if !passwords.is_empty() && self.dice.chance(50) {
            return;
        }
        match self.account.last_code() {
            Some(code) if self.dice.chance(25) => self.type_code_twice(code).await,
            Some(code)
                if self.sign_in(Secret::Code(code.clone())).await == Some(false) && self.dice.chance(40) =>
            {
                self.ask_for_code().await;
            }
            Some(_) => {}
            None => self.ask_for_code().await,
        }
    }

    /// The same code in two browsers at once.
    async fn type_code_twice(&self, code: String) {
        let use_it = async |person: &Self| {
            if person.sign_in(Secret::Code(code.clone())).await == Some(true) {
                person.change().await;
            }
        };
        let other = self.elsewhere();
        tokio::join!(use_it(self), use_it(&other));
    }

    /// A slip that was left lying about.
    async fn type_an_old_code(&self) {
        let codes = self.account.codes();
        if !codes.is_empty() {
            let other = self.elsewhere();
            if other.sign_in(Secret::Code(self.dice.pick(&codes).clone())).await == Some(true) {
                other.change().await;
            }
        }
    }

    /// What else is done while doors are knocked at because of somebody else: whoever is on the change page, or could get
    /// there, tries to be faster.
    fn amid(&self) -> Amid {
        let on_the_page = matches!(self.browser.tab().held(), Some(Held::Page(_)));
        match self.dice.below(100) {
            0..20 => Amid::Change,
            20..50 if on_the_page => Amid::Change,
            20..25 => Amid::SignOut,
            _ => Amid::Nothing,
        }
    }

    /// Gets to a session when nothing is broken any more, with all that may help, a new code included.
    pub(crate) async fn get_in_at_last(&self) -> bool {
        let passwords = self.account.passwords();
        let by_password = passwords.iter().rev().map(|number| Secret::Password(*number));
        for secret in by_password.chain(self.account.last_code().map(Secret::Code)) {
            if self.enter_with(secret).await {
                return true;
            }
        }
        self.ask_for_code().await;
        match self.account.last_code() {
            Some(code) => self.enter_with(Secret::Code(code)).await,
            None => false,
        }
    }

    async fn enter_with(&self, secret: Secret) -> bool {
        if self.sign_in(secret).await == Some(true) && !self.is_in() {
            self.change().await;
        }
        self.is_in()
    }

    async fn visit(&self) {
        let (coupon, grant) = {
            let wallet = self.wallet.lock().unwrap();
            let some = |length: usize| length > 0;
            (some(wallet.coupons.len()), some(wallet.grants.len()))
        };
        match self.dice.below(100) {
            0..3 => self.knock(Amid::Change).await,
            3..5 => self.knock(Amid::SignOut).await,
            5..12 => self.authorize(true).await,
            12..45 if coupon => self.redeem().await,
            45..80 if grant => self.try_what_there_is().await,
            80..83 => self.get_in().await,
            83..86 => self.type_an_old_code().await,
            _ => {
                self.authorize(false).await;
                if self.browser.tab().session().is_some() && self.wallet.lock().unwrap().coupons.is_empty() {
                    self.come_to_terms().await;
                }
            }
        }
    }

    /// A session that brings nothing: the gate is closed, or the session is over.
    async fn come_to_terms(&self) {
        // Some are stubborn, and still hold it when the order is cancelled.
        match self.dice.below(100) {
            0..60 => self.change().await,
            60..85 => self.browser.forget(),
            _ => {}
        }
    }

    /// Exchanges a code, now and then at two replicas at once, or one that was exchanged before.
    async fn redeem(&self) {
        let (coupon, used) = {
            let mut wallet = self.wallet.lock().unwrap();
            let coupon = wallet.coupons.pop();
            (coupon.clone(), std::mem::replace(&mut wallet.used, coupon))
        };
        let Some(coupon) = coupon else { return };
        if self.dice.chance(25) {
            tokio::join!(self.exchange(&coupon), self.exchange(&coupon));
        } else {
            self.exchange(&coupon).await;
        }
        if let Some(used) = used
            && self.dice.chance(10)
        {
            self.exchange(&used).await;
        }
    }

    /// One of the things that relying parties do by themselves.
    async fn try_what_there_is(&self) {
        let (tokens, rotated) = {
            let wallet = self.wallet.lock().unwrap();
            if wallet.grants.is_empty() {
                return;
            }
            (self.dice.pick(&wallet.grants).clone(), wallet.rotated.clone())
        };
        match (self.dice.below(100), &tokens.refresh) {
            (0..15, Some(refresh)) => self.refresh(tokens.client, refresh).await,
            (15..22, Some(refresh)) => {
                tokio::join!(self.refresh(tokens.client, refresh), self.refresh(tokens.client, refresh));
            }
            (22..35, Some(refresh)) => self.introspect(refresh).await,
            (35..38, _) if let Some(rotated) = &rotated => self.refresh(SPA, rotated).await,
            (38..42, Some(refresh)) if let Some(rotated) = &rotated => {
                tokio::join!(self.refresh(tokens.client, refresh), self.refresh(SPA, rotated));
            }
            (38..70, _) => self.introspect(&tokens.access).await,
            _ => self.userinfo(&tokens.access).await,
        }
    }

    /// Tries every door with everything that is held, all at once: an order is on its way, or was just acknowledged, or
    /// something ends it all meanwhile.
    async fn knock(&self, amid: Amid) {
        let mut doors = JoinSet::new();
        let (coupons, grants) = {
            let mut wallet = self.wallet.lock().unwrap();
            let spare = wallet.coupons.len().saturating_sub(2);
            (wallet.coupons.split_off(spare), wallet.grants.iter().rev().take(2).cloned().collect::<Vec<_>>())
        };
        macro_rules! door {
            ($person:ident, $act:expr) => {{
                let $person = self.clone();
                doors.spawn(async move {
                    $act;
                });
            }};
        }
        for coupon in coupons {
            door!(person, person.exchange(&coupon).await);
        }
        for tokens in grants {
            let Tokens { client, access, refresh, .. } = tokens;
            let token = access.clone();
            if self.dice.chance(50) {
                door!(person, person.introspect(&token).await);
            } else {
                door!(person, person.userinfo(&access).await);
            }
            if let Some(refresh) = refresh {
                door!(person, person.refresh(client, &refresh).await);
            }
        }
        for silent in [false, true] {
            door!(person, person.authorize(silent).await);
        }
        if let Some(password) = self.account.passwords().last().copied()
            && self.dice.chance(50)
        {
            let other = self.elsewhere();
            doors.spawn(async move {
                other.sign_in(Secret::Password(password)).await;
            });
        }
        match amid {
            Amid::Change => door!(person, person.change().await),
            Amid::SignOut => door!(person, person.sign_out().await),
            Amid::Nothing => {}
        }
        while let Some(knocked) = doors.join_next().await {
            knocked.unwrap();
        }
    }
}

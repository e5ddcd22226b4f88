//! Those who do not leave it to chance. What is written for somebody is held up on its way to the database, everything it
//! depends on read already, until something else is acknowledged that it must not survive. And what seldom meets by chance
//! is brought together: a page or a session of before, and an order or a code of after.

use std::sync::Arc;
use std::time::Duration;

use ecluse::domain::level::Level;
use tokio::sync::watch;
use tokio::time::timeout;

use super::browser::Browser;
use super::meeting::MEETINGS;
use super::person::{Coupon, Person};
use super::town::{Account, CLASSES, LAIR, Town};
use crate::torture::dice::Dice;
use crate::torture::history::{Act, Outcome, Secret};
use crate::torture::world::link::{Link, Moment, Snare};
use crate::torture::world::{SPA, World};

/// What is held up.
#[derive(Clone, Copy)]
enum Prey {
    Exchange,
    Refresh,
    SignIn,
    Change,
}

/// What is acknowledged meanwhile.
#[derive(Clone, Copy)]
enum Meanwhile {
    Order(Level),
    Force,
    NewCode,
    Change,
    SignOut,
    /// The refresh token before the one that is held up.
    Replay,
}

use Level::Recover;
use Moment::{Begin, Commit};

const AMBUSHES: [(Prey, Moment, Meanwhile); 14] = [
    (Prey::Exchange, Begin, Meanwhile::Order(Level::Change)),
    (Prey::Exchange, Commit, Meanwhile::Order(Level::Change)),
    (Prey::Exchange, Begin, Meanwhile::SignOut),
    (Prey::Refresh, Begin, Meanwhile::NewCode),
    (Prey::Change, Begin, Meanwhile::Order(Recover)),
    (Prey::SignIn, Begin, Meanwhile::Change),
    (Prey::Refresh, Begin, Meanwhile::Replay),
    (Prey::Exchange, Commit, Meanwhile::Change),
    (Prey::SignIn, Begin, Meanwhile::Order(Level::Change)),
    (Prey::Change, Begin, Meanwhile::Change),
    (Prey::Refresh, Begin, Meanwhile::Order(Level::Change)),
    (Prey::Exchange, Begin, Meanwhile::Force),
    (Prey::Change, Commit, Meanwhile::Order(Recover)),
    (Prey::SignIn, Commit, Meanwhile::NewCode),
];

/// One account that nobody else has to do with, and one replica.
#[derive(Clone)]
pub(crate) struct Ambusher {
    town: Arc<Town>,
    account: Arc<Account>,
    dice: Dice,
    actor: u32,
    replica: u8,
    /// The replica's way to the database.
    way: Link,
}

impl Ambusher {
    pub(crate) fn all(town: &Arc<Town>, world: &World) -> Vec<Self> {
        let lair = town.accounts.values().filter(|account| account.is_in_the_lair());
        let one = |(account, replica): (&Arc<Account>, &crate::torture::world::replica::Replica)| {
            let actor = 50 + account.key;
            Self {
                town: Arc::clone(town),
                account: Arc::clone(account),
                dice: Dice::of(world.seed, actor),
                actor,
                replica: replica.number,
                way: replica.store.clone(),
            }
        };
        lair.zip(world.replicas.iter().cycle()).map(one).collect()
    }

    /// Goes on until it is over; each begins elsewhere, so that together they are soon through.
    pub(crate) async fn lurk(self) {
        let plots = AMBUSHES.len() + MEETINGS;
        let first = self.account.key as usize * 7;
        for plot in (0..plots).cycle().skip(first) {
            if self.town.is_over() {
                return;
            }
            match AMBUSHES.get(plot) {
                Some((prey, at, meanwhile)) => self.ambush(*prey, *at, *meanwhile).await,
                None => self.meet(plot - AMBUSHES.len()).await,
            };
            tokio::time::sleep(self.dice.time(Duration::from_millis(200))).await;
        }
    }

    /// Somebody who is signed in.
    pub(super) async fn somebody(&self) -> Option<Person> {
        for _ in 0..4 {
            let person = Person::new(&self.town, &self.account, self.actor, self.dice.clone());
            let password = self.account.passwords().last().copied().map(Secret::Password);
            let mut entered = match password {
                Some(password) => person.sign_in(password).await,
                None => Some(false),
            };
            if entered != Some(true) {
                person.ask_for_code().await;
                let code = Secret::Code(self.account.last_code()?);
                entered = person.sign_in(code).await;
            }
            if entered == Some(true) && !person.is_in() {
                person.change_at_once().await;
            }
            if person.is_in() || self.town.is_over() {
                return Some(person);
            }
        }
        None
    }

    /// The same person with a copy of what the browser holds.
    pub(super) fn copy_of(person: &Person) -> Person {
        Person { browser: Browser::stolen(person.browser.tab()), ..person.elsewhere() }
    }

    pub(super) fn place() -> String {
        let (school, class) = CLASSES[LAIR];
        format!("class:{school}/{class}")
    }

    pub(super) async fn order(&self, level: Level) -> Option<String> {
        let began = self.town.recorder.now();
        let place = Self::place();
        let to_whom = ["reset-order", "issue", "--territory", &place, "--level", level.as_str()];
        let said = self.town.operate_at_once(&[&to_whom[..], &["--yes", "--reason", "trap"]].concat()).await;
        let id = (said.outcome == Outcome::Yes).then(|| said.out.trim().to_owned());
        let act = Act::Order { order: id.clone(), level, place: self.town.paths[&place].clone() };
        self.record(began, act, said.outcome);
        id
    }

    pub(super) async fn cancel(&self, order: Option<String>) {
        let Some(order) = order else { return };
        let began = self.town.recorder.now();
        let said = self
            .town
            .operate_at_once(&["reset-order", "cancel", &order, "--reason", "sprung", "--yes"])
            .await;
        self.record(began, Act::Cancel { order }, said.outcome);
    }

    pub(super) async fn force(&self, level: Level) {
        let (began, login) = (self.town.recorder.now(), self.account.login.clone());
        let force = ["account", "force-change", "--level", level.as_str(), &login, "--reason", "trap"];
        let said = self.town.operate_at_once(&force).await;
        self.account.all_ends();
        self.record(began, Act::Force { account: login, level }, said.outcome);
    }

    fn record(&self, began: i64, act: Act, outcome: Outcome) {
        self.town.recorder.record(began, (self.actor, None), act, outcome);
    }

    /// The first password that is known as the likeliest.
    pub(super) fn password(&self) -> Option<u32> {
        self.account.passwords().last().copied()
    }

    pub(super) fn last_code(&self) -> Option<String> {
        self.account.last_code()
    }

    /// Takes a wrong password for the likeliest one.
    pub(super) fn believe(&self, number: u32) {
        self.account.is(number);
    }

    pub(super) fn passwords(&self) -> Vec<u32> {
        self.account.passwords()
    }

    async fn ambush(&self, prey: Prey, at: Moment, meanwhile: Meanwhile) -> Option<()> {
        let person = self.somebody().await?;
        let Some(coupon) = self.coupon(&person).await else {
            // Whatever there is to be done, and another time.
            person.change_at_once().await;
            return None;
        };
        let spare = self.coupon(&person).await;
        let mut rotated = None;
        if matches!(prey, Prey::Refresh) {
            person.exchange(&coupon).await;
            let first = refresh_token(&person)?;
            if matches!(meanwhile, Meanwhile::Replay) {
                person.refresh(SPA, &first).await;
                rotated = Some(first);
            }
        }
        // In the other browser nobody has left anything to do before.
        let other = Self::copy_of(&person);
        let victim = self.here(&person);
        let mut caught = self.lay(at);
        let held_up = tokio::spawn(async move { walk_in(&victim, prey, coupon).await });
        let _ = timeout(Duration::from_secs(2), caught.changed()).await; // nothing is caught where the link is broken
        let (ambusher, sprung) = (self.clone(), other.clone());
        let order = tokio::spawn(async move { ambusher.spring(&sprung, meanwhile, rotated).await });
        // Who waits for what is held up must not wait for ever.
        let patience = Duration::from_millis(if at == Begin { 4000 } else { 1800 });
        let _ = timeout(patience, async {
            while !order.is_finished() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        self.let_go();
        held_up.await.unwrap();
        let order = order.await.unwrap();
        self.try_all(&person).await;
        if let Some(spare) = spare {
            person.exchange(&spare).await;
        }
        self.cancel(order).await;
        self.try_all(&person).await;
        Some(())
    }

    /// An authorization code, of the client whose refresh tokens rotate.
    async fn coupon(&self, person: &Person) -> Option<Coupon> {
        for _ in 0..8 {
            person.authorize(false).await;
            match person.wallet.lock().unwrap().coupons.pop() {
                Some(coupon) if coupon.client == SPA => return Some(coupon),
                Some(_) => {}
                None => break,
            }
        }
        None
    }

    async fn spring(&self, other: &Person, meanwhile: Meanwhile, rotated: Option<String>) -> Option<String> {
        match meanwhile {
            Meanwhile::Order(level) => return self.order(level).await,
            Meanwhile::Force => self.force(Level::Change).await,
            Meanwhile::NewCode => other.ask_for_code().await,
            Meanwhile::Change => self.elsewhere(other).change_at_once().await,
            Meanwhile::SignOut => self.elsewhere(other).sign_out().await,
            Meanwhile::Replay => self.elsewhere(other).refresh(SPA, &rotated?).await,
        }
        None
    }

    /// Lays a snare for the account on the replica's way; what comes out says when something is caught.
    pub(super) fn lay(&self, at: Moment) -> watch::Receiver<u32> {
        self.way.lay(Snare { account_id: self.town.ids[&self.account.login].clone(), at })
    }

    /// Takes it away.
    pub(super) fn let_go(&self) {
        self.way.let_go(&self.town.ids[&self.account.login]);
    }

    /// At the replica whose way the snares are on.
    pub(super) fn here(&self, person: &Person) -> Person {
        Person { at: Some(self.replica), ..person.clone() }
    }

    /// At the replica after, whose way is free.
    fn elsewhere(&self, person: &Person) -> Person {
        let next = (self.replica + 1) % crate::torture::world::REPLICAS;
        Person { at: Some(next), ..person.clone() }
    }

    /// Whatever is held is tried.
    async fn try_all(&self, person: &Person) {
        let grants: Vec<_> = person.wallet.lock().unwrap().grants.iter().rev().take(2).cloned().collect();
        for tokens in grants {
            person.introspect(&tokens.access).await;
            person.userinfo(&tokens.access).await;
            if let Some(refresh) = tokens.refresh {
                person.refresh(tokens.client, &refresh).await;
            }
        }
        person.authorize(false).await;
        person.authorize(true).await;
    }
}

fn refresh_token(person: &Person) -> Option<String> {
    let wallet = person.wallet.lock().unwrap();
    wallet.grants.last().filter(|tokens| tokens.client == SPA)?.refresh.clone()
}

/// Goes where the snare is.
async fn walk_in(person: &Person, prey: Prey, coupon: Coupon) {
    match prey {
        Prey::Exchange => person.exchange(&coupon).await,
        Prey::Refresh => {
            if let Some(token) = refresh_token(person) {
                person.refresh(SPA, &token).await;
            }
        }
        Prey::SignIn => {
            if let Some(password) = person.account.passwords().last() {
                Person { at: person.at, ..person.elsewhere() }.sign_in(Secret::Password(*password)).await;
            }
        }
        Prey::Change => person.change_at_once().await,
    }
}

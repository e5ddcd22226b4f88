//! What operators do, by the command line, over a link that may break in the middle.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecluse::domain::level::Level;

use super::town::{Account, CLASSES, HEADER, LAIR, Town, codes_of, plain};
use crate::torture::dice::Dice;
use crate::torture::history::{Act, Outcome};

/// An order that was acknowledged.
#[derive(Clone)]
struct Standing {
    id: String,
    place: String,
}

/// Somebody at the command line.
pub(crate) struct Operator {
    pub(crate) town: Arc<Town>,
    pub(crate) actor: u32,
    pub(crate) dice: Dice,
    orders: Arc<Mutex<Vec<Standing>>>,
}

impl Operator {
    /// Several who know of each other's orders.
    pub(crate) fn office(town: &Arc<Town>, first: u32, seed: u64, many: u32) -> Vec<Self> {
        let orders = Arc::default();
        let one = |actor| Self {
            town: Arc::clone(town),
            actor,
            dice: Dice::of(seed, actor),
            orders: Arc::clone(&orders),
        };
        (first..first + many).map(one).collect()
    }

    /// Goes on until it is over.
    pub(crate) async fn work(self) {
        while !self.town.is_over() {
            tokio::time::sleep(Duration::from_millis(200) + self.dice.time(Duration::from_millis(1200)))
                .await;
            match self.dice.below(100) {
                0..50 => self.order().await,
                50..60 => self.cancel_one().await,
                60..74 => self.force().await,
                74..82 => {
                    let place = self.place();
                    self.print(&place).await;
                }
                82..88 => self.new_code().await,
                _ => self.move_somebody().await,
            }
        }
    }

    fn somebody(&self) -> &Arc<Account> {
        let accounts: Vec<_> =
            self.town.accounts.values().filter(|account| !account.is_in_the_lair()).collect();
        accounts[self.dice.below(u32::try_from(accounts.len()).unwrap()) as usize]
    }

    fn level(&self) -> Level {
        if self.dice.chance(50) { Level::Change } else { Level::Recover }
    }

    /// A class mostly, so that others go on meanwhile.
    fn place(&self) -> String {
        let (school, class) = self.dice.pick(&CLASSES[..LAIR]);
        match self.dice.below(100) {
            0..75 => format!("class:{school}/{class}"),
            75..93 => format!("uai:{school}"),
            _ => "academie:13".to_owned(),
        }
    }

    /// Whoever is at a place, as far as one knows: to rouse them, and nothing hangs on it.
    fn rouse(&self, place: &str) {
        for account in self.town.accounts.values() {
            let class = *account.class.lock().unwrap();
            let here = class.is_none_or(|class| {
                let (school, class) = CLASSES[class];
                place.starts_with("academie")
                    || place.ends_with(school)
                    || place.ends_with(&format!("{school}/{class}"))
            });
            if here {
                account.alarm.send_modify(|alarm| *alarm += 1);
            }
        }
    }

    fn record(&self, began: i64, act: Act, outcome: Outcome) {
        self.town.recorder.record(began, (self.actor, None), act, outcome);
    }

    async fn order(&self) {
        let (place, level) = (self.place(), self.level());
        // What is under way when it commits.
        if self.dice.chance(50) {
            self.rouse(&place);
        }
        let began = self.town.recorder.now();
        let arguments = ["reset-order", "issue", "--territory", &place, "--level", level.as_str(), "--yes"];
        let said =
            self.town.operate_at_once(&[&arguments[..], &["--reason", "passwords for sale"]].concat()).await;
        let id = (said.outcome == Outcome::Yes).then(|| said.out.trim().to_owned());
        let act = Act::Order { order: id.clone(), level, place: self.town.paths[&place].clone() };
        self.record(began, act, said.outcome);
        self.rouse(&place);
        let order = id.map(|id| Standing { id, place: place.clone() });
        if let Some(order) = order {
            // While sessions of before are still held somewhere.
            if self.dice.chance(20) {
                tokio::time::sleep(self.dice.time(Duration::from_secs(1))).await;
                self.cancel(order).await;
            } else {
                self.orders.lock().unwrap().push(order);
            }
        }
        if level == Level::Recover {
            tokio::time::sleep(self.dice.time(Duration::from_millis(1500))).await;
            self.print(&place).await;
        }
    }

    /// One of the latest, that somebody may still be bound by.
    async fn cancel_one(&self) {
        let order = {
            let mut orders = self.orders.lock().unwrap();
            let back = 1 + self.dice.below(4) as usize;
            let Some(which) = orders.len().checked_sub(back) else { return };
            orders.remove(which)
        };
        self.cancel(order).await;
    }

    async fn cancel(&self, order: Standing) {
        let began = self.town.recorder.now();
        let said = self
            .town
            .operate(&["reset-order", "cancel", &order.id, "--reason", "false alarm", "--yes"])
            .await;
        self.record(began, Act::Cancel { order: order.id }, said.outcome);
        self.rouse(&order.place);
    }

    async fn force(&self) {
        let (account, level) = (self.somebody(), self.level());
        self.force_one(account, level).await;
        // A second thought, which must not open what the first has closed.
        if level == Level::Recover && self.dice.chance(50) {
            self.force_one(account, Level::Change).await;
        }
    }

    async fn force_one(&self, account: &Account, level: Level) {
        let began = self.town.recorder.now();
        let said = self
            .town
            .operate(&[
                "account",
                "force-change",
                "--level",
                level.as_str(),
                &account.login,
                "--reason",
                "reported",
            ])
            .await;
        self.record(began, Act::Force { account: account.login.clone(), level }, said.outcome);
        account.all_ends();
        account.alarm.send_modify(|alarm| *alarm += 1);
    }

    async fn new_code(&self) {
        let account = self.somebody();
        let began = self.town.recorder.now();
        let said = self.town.operate(&["account", "code", &account.login]).await;
        let code = (said.outcome == Outcome::Yes).then(|| plain(&said.out));
        if let Some(code) = &code {
            self.town.hand_out(&[(account.login.clone(), code.clone())]);
        }
        self.record(began, Act::NewCode { account: account.login.clone(), code }, said.outcome);
        account.all_ends();
        account.alarm.send_modify(|alarm| *alarm += 1);
    }

    async fn print(&self, place: &str) {
        print_slips(&self.town, self.actor, place).await;
    }

    /// Somebody changes class: the file is imported as often as it takes.
    async fn move_somebody(&self) {
        let account = self.somebody();
        // One move at a time.
        let Some(from) = account.class.lock().unwrap().take() else { return };
        let to = (from + self.dice.between(1, 3) as usize) % LAIR;
        let file = format!("move{}.csv", self.actor);
        self.town.file(&file, &format!("{HEADER}{}", account.line(to)));
        let path = |class: usize| {
            let (school, class) = CLASSES[class];
            self.town.paths[&format!("class:{school}/{class}")].clone()
        };
        loop {
            let began = self.town.recorder.now();
            let said = self.town.operate(&["account", "import", &file]).await;
            let act = Act::Move { account: account.login.clone(), from: path(from), to: path(to) };
            self.record(began, act, said.outcome.clone());
            if said.outcome == Outcome::Yes || self.town.is_over() {
                *account.class.lock().unwrap() = Some(to);
                return;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

/// An order when all is quiet, of a school in which some hold grants: as often as it takes.
pub(crate) async fn order_at_last(town: &Town, dice: &Dice) {
    let (school, _) = dice.pick(&CLASSES[..LAIR]);
    let level = if dice.chance(50) { Level::Change } else { Level::Recover };
    let place = format!("uai:{school}");
    let arguments = ["reset-order", "issue", "--territory", &place, "--level", level.as_str(), "--yes"];
    let mut written = false;
    while !written {
        let began = town.recorder.now();
        let said = town.operate(&[&arguments[..], &["--reason", "the end"]].concat()).await;
        written = said.outcome == Outcome::Yes;
        let order = written.then(|| said.out.trim().to_owned());
        let act = Act::Order { order, level, place: town.paths[&place].clone() };
        town.recorder.record(began, (0, None), act, said.outcome);
    }
}

/// Prints the codes of a place and gives them to their people.
pub(crate) async fn print_slips(town: &Town, actor: u32, place: &str) {
    let began = town.recorder.now();
    let said = town.operate(&["slips", "--territory", place]).await;
    let codes = if said.outcome == Outcome::Yes { codes_of(&said.out) } else { Vec::new() };
    town.hand_out(&codes);
    town.recorder.record(began, (actor, None), Act::Slips { codes }, said.outcome);
}

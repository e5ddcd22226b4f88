//! What an authority does in a history, and the passing of time.

use std::time::Duration;

use ecluse::domain::code::printed;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::disable::{disable, enable};
use ecluse::flows::print_slips::{Selection, Slip, print_slips};
use ecluse::flows::reset_order::come_into_force::come_into_force;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::store;

use super::model::{Shut, State};
use super::{History, PEOPLE};
use crate::provider::{operator, proposal};

/// Places, and who is there.
const PLACES: [(&str, &[&str]); 4] = [
    ("academie:13", &PEOPLE),
    ("uai:0860001J", &["m.blanc", "tom", "zoe"]),
    ("class:0860001J/6A", &["tom", "zoe"]),
    ("uai:0169001X", &["lea", "mme.roux"]),
];

impl History {
    /// At once, or in a while.
    pub(super) async fn order(&mut self) {
        let (place, covers) = PLACES[self.below(PLACES.len())];
        let level = self.a_level();
        let later = self.below(3) == 0 && !self.orders_wait();
        let at = later.then(|| self.model.now.plus(Duration::from_secs(1 + self.below(1200) as u64)));
        self.note(format!("order over {place}, {level:?}, at {at:?}"));
        let id = self.provider.issue(&Proposal { at, ..proposal(place, level) }).await;
        self.model.order(id, covers, level, at);
    }

    fn orders_wait(&self) -> bool {
        self.model.orders.iter().any(|order| matches!(order.state, State::Scheduled(_)))
    }

    pub(super) async fn cancel(&mut self) {
        let orders = self.model.orders.iter().enumerate();
        let open: Vec<_> = orders
            .filter(|(_, order)| !matches!(order.state, State::Cancelled(_)))
            .map(|(which, _)| which)
            .collect();
        if open.is_empty() {
            return;
        }
        let which = open[self.below(open.len())];
        self.note(format!("order {which} is cancelled"));
        self.provider.cancel(&self.model.orders[which].id).await;
        self.model.cancel(which);
    }

    pub(super) async fn force(&mut self) {
        let (login, level) = (self.somebody(), self.a_level());
        self.note(format!("{login} is forced, {level:?}"));
        self.provider.force(login, level).await;
        self.model.force(login, level);
    }

    pub(super) async fn disable_or_enable(&mut self) {
        let disabled = PEOPLE.into_iter().find(|login| self.model.is_disabled(login));
        let login = disabled.unwrap_or_else(|| self.somebody());
        self.note(format!("{login} is disabled: {}", disabled.is_none()));
        let ctx = &self.provider.ctx;
        let logins = [login.to_owned()];
        let done = match disabled {
            Some(_) => enable(ctx, &operator(), &logins).await,
            None => disable(ctx, &operator(), &logins).await,
        };
        assert_eq!(done.unwrap(), Ok(1));
        self.model.disable(login, disabled.is_none());
    }

    pub(super) async fn new_code(&mut self, login: &'static str) {
        if self.model.is_disabled(login) {
            return;
        }
        let code = self.provider.new_code(login).await;
        self.model.new_code(login);
        let mark = self.model.live_code(login).unwrap();
        self.note(format!("a new code for {login}: {mark:?}"));
        self.codes.push((login, code, mark));
    }

    /// Slips for whoever is shut out or has a code.
    pub(super) async fn print(&mut self) {
        let code = TerritoryCode::parse("academie:13").unwrap();
        let place = store::territory::find(&self.provider.ctx.db, &code).await.unwrap().unwrap();
        let selection = Selection::everybody(place.path, None);
        let mut slips = Vec::new();
        let print = |slip: Slip| {
            let login = PEOPLE.into_iter().find(|login| *login == slip.person.login).unwrap();
            slips.push((login, printed(&slip.code).expose().to_owned()));
            Ok(())
        };
        print_slips(&self.provider.ctx, &operator(), &selection, print).await.unwrap().unwrap();
        slips.sort();
        let meant = |login: &&str| match self.model.shut(login) {
            Some(Shut::Disabled) => false,
            Some(_) => true,
            None => self.model.live_code(login).is_some(),
        };
        let expected: Vec<_> = PEOPLE.into_iter().filter(meant).collect();
        self.note(format!("slips for {expected:?}"));
        assert_eq!(slips.iter().map(|(login, _)| *login).collect::<Vec<_>>(), expected, "{}", self.context());
        for (login, code) in slips {
            if self.model.live_code(login).is_none() {
                self.model.new_code(login);
            }
            self.codes.push((login, code, self.model.live_code(login).unwrap()));
        }
    }

    pub(super) async fn wait(&mut self) {
        let spans = [1, 30, 120, 900, 3600];
        let span = Duration::from_secs(spans[self.below(spans.len())]);
        self.note(format!("{span:?} pass"));
        self.provider.clock.advance(span);
        let before = self.model.clock;
        self.model.advance(span);
        if self.model.clock != before {
            // It binds by being read already, and draws its number when somebody gets round to it.
            for grant in &self.grants {
                let expected = self.model.is_good(grant.mark) && !grant.revoked;
                let rp = if grant.public { &self.spa } else { &self.portal };
                let answer = rp.introspect(&grant.refresh).await;
                assert_eq!(answer.body["active"], expected, "{:?} {}", grant.mark, self.context());
            }
        }
        come_into_force(&self.provider.ctx).await.unwrap();
    }
}

//! What is counted, for whoever watches the program: numbers under words of the program's own. No label comes from a
//! request, and nothing is counted by person, client or address.

mod label;
pub mod standing;

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::domain::gate::{Closure, GatePass};
use crate::domain::timestamp::Timestamp;

pub use crate::domain::tally::{Counter, Histogram};
pub use label::{Decision, Door, Notified, SignIn};
use standing::Standing;

/// The counters of one program.
pub struct Meters {
    /// When the program began.
    pub started: Timestamp,
    /// What the gate said, by door.
    pub gate: [[Counter; Decision::ALL.len()]; Door::ALL.len()],
    /// How sign-ins ended.
    pub sign_ins: [Counter; SignIn::ALL.len()],
    /// How sending notices ended.
    pub notices: [Counter; Notified::ALL.len()],
    /// What stands in the database, as it was read last.
    standing: tokio::sync::Mutex<Option<(Timestamp, Option<Standing>)>>,
    /// By route; a route is there from its first request on.
    requests: RwLock<BTreeMap<String, ByStatus>>,
}

/// How long requests of one route took, by the first digit of the answer's status.
pub type ByStatus = [Histogram; 5];

impl Meters {
    /// Nothing has been counted yet.
    pub fn new(started: Timestamp) -> Self {
        Self {
            started,
            gate: Default::default(),
            sign_ins: Default::default(),
            notices: Default::default(),
            standing: tokio::sync::Mutex::default(),
            requests: RwLock::default(),
        }
    }

    /// The gate was asked at a door, and its answer decided.
    pub fn decided(&self, door: Door, verdict: &Result<GatePass, Closure>) {
        self.gate[door as usize][Decision::of(verdict) as usize].add();
    }

    /// A request was answered. `route` is the pattern of the route, of which there are as many as the program has.
    pub fn answered(&self, route: &str, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        if let Some(by_status) = self.requests.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return by_status[class].observe(took);
        }
        let mut requests = self.requests.write().unwrap_or_else(PoisonError::into_inner);
        requests.entry(route.to_owned()).or_default()[class].observe(took);
    }

    /// Walks the routes that were asked for.
    pub fn each_route(&self, mut look: impl FnMut(&str, &ByStatus)) {
        let requests = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        requests.iter().for_each(|(route, by_status)| look(route, by_status));
    }
}

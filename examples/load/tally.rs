//! What is counted while people come.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::journey::Ended;

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The password typed, to the next page.
    SignIn,
    /// The new password typed, to the page that says so.
    Change,
    /// A code exchanged for tokens.
    Exchange,
    /// From the first request to the tokens: this is what counts.
    Arrived,
    /// A refresh.
    Refresh,
    /// Told to come back later: 503 with `Retry-After`, from the request that was told so.
    TurnedAway,
}

/// One step of the ladder.
pub struct Tally {
    began: Instant,
    over: AtomicBool,
    under_way: AtomicUsize,
    took: Mutex<Vec<(Kind, Instant, Duration)>>,
    failures: Mutex<BTreeMap<String, usize>>,
}

impl Tally {
    /// Begins to count.
    pub fn begin() -> Self {
        Self {
            began: now(),
            over: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            took: Mutex::default(),
            failures: Mutex::default(),
        }
    }

    /// Something that began then was well ended now.
    pub fn took(&self, kind: Kind, began: Instant) {
        let entry = (kind, now(), began.elapsed());
        self.took.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Something went wrong.
    pub fn failed(&self, how: &str) -> Ended {
        *self.failures.lock().unwrap_or_else(PoisonError::into_inner).entry(how.to_owned()).or_default() += 1;
        Ended
    }

    /// Somebody sets out.
    pub fn enters(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody is done.
    pub fn leaves(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many are on the way, or stay and refresh.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Nobody refreshes any more.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// How many a second of a kind ended between two instants after the beginning.
    pub fn rate(&self, kind: Kind, from: Duration, to: Duration) -> f64 {
        let (from, to) = (self.began + from, self.began + to);
        let took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        let count = took.iter().filter(|(of, at, _)| *of == kind && (from..to).contains(at)).count();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / (to - from).as_secs_f64()
    }

    /// What those of a kind took, in milliseconds: the middle one, and those that one of twenty and one of a hundred exceed.
    pub fn percentiles(&self, kind: Kind) -> Option<[f64; 3]> {
        let took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        let mut took: Vec<_> = took.iter().filter(|(of, ..)| *of == kind).map(|(.., took)| *took).collect();
        took.sort();
        let at = |percent: usize| Some(took.get(took.len() * percent / 100)?.as_secs_f64() * 1e3);
        Some([at(50)?, at(95)?, at(99)?])
    }

    /// What went wrong, how often.
    pub fn failures(&self) -> BTreeMap<String, usize> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The time by which everything is measured.
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
pub fn now() -> Instant {
    Instant::now()
}

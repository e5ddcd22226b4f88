//! Who writes down what was asked and what was answered, and when.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use ecluse::store::clock::Clock;

use crate::torture::history::{Act, Event, Outcome};

/// The recorder of a run.
pub(crate) struct Recorder {
    began: Instant,
    /// The same moment by the clock of the machine, which the database goes by.
    pub(crate) epoch: i64,
    events: Mutex<Vec<Event>>,
}

impl Recorder {
    #[expect(clippy::disallowed_methods, reason = "an interval needs a clock that is never set")]
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), epoch: Clock::system().now().micros(), events: Mutex::default() }
    }

    pub(crate) fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap()
    }

    /// Writes down what began at `began` and has just ended.
    pub(crate) fn record(&self, began: i64, who: (u32, Option<u8>), act: Act, outcome: Outcome) {
        let ended = self.now();
        let mut events = self.events.lock().unwrap();
        let id = u32::try_from(events.len()).unwrap();
        events.push(Event { id, began, ended, actor: who.0, replica: who.1, act, outcome });
    }

    /// Something that is told to the reader.
    pub(crate) fn fault(&self, what: impl Into<String>) {
        self.record(self.now(), (0, None), Act::Fault { what: what.into() }, Outcome::Yes);
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// How often each act had each outcome.
    pub(crate) fn counts(&self) -> BTreeMap<(String, &'static str), usize> {
        let mut counts = BTreeMap::new();
        for event in self.events.lock().unwrap().iter() {
            let outcome = match event.outcome {
                Outcome::Yes => "yes",
                Outcome::No(_) => "no",
                Outcome::Unknown => "unknown",
            };
            *counts.entry((name(&event.act), outcome)).or_default() += 1;
        }
        counts
    }
}

/// The act's name, as it is written.
fn name(act: &Act) -> String {
    match serde_json::to_value(act).unwrap() {
        serde_json::Value::Object(members) => members.keys().next().unwrap().clone(),
        other => other.as_str().unwrap().to_owned(),
    }
}

//! How often things happen and how long they take, in bounded memory. Counting is one atomic addition, or two.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The upper ends of the spans, in microseconds, and as seconds are written.
const BOUNDS: [(u64, &str); 14] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
];

/// Counts of durations.
#[derive(Default)]
pub struct Histogram {
    /// The last is for what lies above all bounds.
    counts: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// A histogram as it was at one look.
pub struct Reading {
    /// Up to which span, in seconds, and how many took that long at most.
    pub up_to: Vec<(&'static str, u64)>,
    /// All of them.
    pub count: u64,
    /// The sum of all.
    pub sum: Duration,
}

impl Histogram {
    /// One more, that took so long.
    pub fn observe(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS.iter().take_while(|(bound, _)| micros > *bound).count();
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted. The count is that of the spans, so that it agrees with them while others go on counting.
    pub fn read(&self) -> Reading {
        let mut count = 0;
        let mut up_to = Vec::with_capacity(BOUNDS.len());
        for (place, counted) in self.counts.iter().enumerate() {
            count += counted.load(Ordering::Relaxed);
            up_to.extend(BOUNDS.get(place).map(|(_, text)| (*text, count)));
        }
        Reading { up_to, count, sum: Duration::from_micros(self.micros.load(Ordering::Relaxed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_counted_up_to_its_bound_and_in_all_above() {
        let histogram = Histogram::default();
        for micros in [0, 500, 501, 10_000_000, 10_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let reading = histogram.read();
        assert_eq!(reading.up_to[..2], [("0.0005", 2), ("0.001", 3)]);
        assert_eq!(reading.up_to[13], ("10", 4));
        assert_eq!(reading.count, 5);
        assert_eq!(reading.sum, Duration::from_micros(20_001_002));
    }
}

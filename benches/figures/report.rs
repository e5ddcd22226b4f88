//! What is printed: one line for each measure, beside the limit that was measured with it.

use std::time::Duration;

/// The head of the table.
pub(crate) fn head() {
    println!("{:<58} {:>15} {:>15} {:>8}  goal", "measure", "got", "limit", "share");
}

/// A title between lines.
pub(crate) fn title(text: &str) {
    println!("\n{text}");
}

/// A measure beside its limit: how large a share of the limit was reached.
pub(crate) fn share(what: &str, got: f64, limit: f64, share: f64, goal: &str) {
    println!("{what:<58} {:>15} {:>15} {:>6.0} %  {goal}", number(got), number(limit), share * 100.0);
}

/// A measure that has no limit but a goal, or none.
pub(crate) fn alone(what: &str, got: &str, goal: &str) {
    println!("{what:<58} {got:>15} {:>15} {:>8}  {goal}", "", "");
}

/// The middle one of several measurements; of two middle ones the larger.
pub(crate) fn median(measured: &[f64]) -> f64 {
    let mut sorted = measured.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// How many times a second, if `count` took so long.
pub(crate) fn rate(count: u32, took: Duration) -> f64 {
    f64::from(count) / took.as_secs_f64()
}

/// Microseconds for one of `count`.
pub(crate) fn micros_each(count: u32, took: Duration) -> f64 {
    took.as_secs_f64() * 1e6 / f64::from(count)
}

fn number(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

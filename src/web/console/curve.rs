//! How many had chosen a new password, over time, as a drawing and as a table for whoever does not see drawings.

use std::fmt::Write as _;

use crate::domain::progress::{Tally, some_of};
use crate::domain::timestamp::Timestamp;
use crate::web::app::App;
use crate::web::pages::text::Language;
use crate::web::pages::view::Frame;

/// The drawing is so wide and so high, with room around it for what is written.
const WIDTH: i64 = 680;
const HEIGHT: i64 = 180;

/// Points of the drawing, and lines of the table.
const DRAWN: usize = 240;
const LISTED: usize = 24;

/// A curve.
pub(super) struct Curve {
    /// The line through the points.
    pub(super) line: String,
    /// The same with what lies below it.
    pub(super) below: String,
    /// Where it begins, and where it ends.
    pub(super) from: String,
    pub(super) until: String,
    /// What its upper end stands for.
    pub(super) top: u64,
    /// Where it has got.
    pub(super) done: u64,
    /// When, how many had changed, and how many had yet to.
    pub(super) rows: Vec<(String, u64, u64)>,
}

impl Curve {
    /// Through these points, the oldest first, from an instant on to another. None where nothing moved yet.
    pub(super) fn through(
        app: &App,
        language: Language,
        points: &[(Timestamp, Tally)],
        (since, until): (Timestamp, Timestamp),
    ) -> Option<Self> {
        let (_, last) = points.last()?;
        let top = points.iter().map(|(_, tally)| tally.concerned()).max().filter(|top| *top > 0)?;
        let spell = (until.micros() - since.micros()).max(1);
        let across = |at: Timestamp| {
            let into = (at.micros() - since.micros()).clamp(0, spell);
            i64::try_from(i128::from(into) * i128::from(WIDTH) / i128::from(spell)).unwrap_or_default()
        };
        let up = |done: u64| {
            let high = u128::from(done) * u128::from(HEIGHT.unsigned_abs()) / u128::from(top);
            HEIGHT - i64::try_from(high).unwrap_or(HEIGHT).min(HEIGHT)
        };
        // As many as were found stay so many until the next look: steps, and no slopes that nobody has seen.
        let mut line = format!("M0 {HEIGHT}");
        for (at, tally) in some_of(points, DRAWN) {
            let _ = write!(line, "H{}V{}", across(*at), up(tally.done));
        }
        let _ = write!(line, "H{WIDTH}");
        let written = |at: Timestamp| language.date_and_time(&app.site.local(at));
        let rows = some_of(points, LISTED).map(|(at, tally)| (written(*at), tally.done, tally.bound));
        Some(Self {
            below: format!("{line}V{HEIGHT}Z"),
            line,
            from: written(since),
            until: written(until),
            top,
            done: last.done,
            rows: rows.collect(),
        })
    }

    /// What is to be seen, in words.
    pub(super) fn described(&self, frame: &Frame<'_>) -> String {
        let words = [
            ("from", self.from.clone()),
            ("until", self.until.clone()),
            ("done", self.done.to_string()),
            ("top", self.top.to_string()),
        ];
        frame.language.text_with("curve-described", &words)
    }
}

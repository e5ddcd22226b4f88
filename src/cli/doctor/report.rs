//! What was found, one line for each thing.

use std::fmt::Display;
use std::io;

use serde::Serialize;

use crate::cli::printer::{Failure, Printer, table};
use crate::store::db::DbError;
use crate::store::examined::Examined;

/// What was found.
#[derive(Default)]
pub(super) struct Report(Vec<Finding>);

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Warning,
    Wrong,
}

impl Report {
    /// It is as it should be.
    pub(super) fn ok(&mut self, check: &'static str, found: impl Display) {
        self.add(check, Verdict::Ok, found, None);
    }

    /// It will do, and may hurt.
    pub(super) fn warning(&mut self, check: &'static str, found: impl Display, advice: impl Display) {
        self.add(check, Verdict::Warning, found, Some(advice.to_string()));
    }

    /// It will not do.
    pub(super) fn wrong(&mut self, check: &'static str, found: impl Display, advice: impl Display) {
        self.add(check, Verdict::Wrong, found, Some(advice.to_string()));
    }

    /// It could not even be looked at.
    pub(super) fn failed(&mut self, check: &'static str, failure: Failure) {
        let (found, advice) = failure.into_words();
        self.add(check, Verdict::Wrong, found, advice);
    }

    /// What a store was found to be. Whether it answered.
    pub(super) fn examined(&mut self, check: &'static str, examined: Result<Examined, DbError>) -> bool {
        match examined {
            Ok(Examined { what, doubts }) => {
                if doubts.is_empty() {
                    self.ok(check, what);
                }
                for doubt in doubts {
                    let verdict = if doubt.is_wrong { Verdict::Wrong } else { Verdict::Warning };
                    self.add(check, verdict, doubt.found, Some(doubt.advice));
                }
                true
            }
            Err(error) => {
                self.failed(check, error.into());
                false
            }
        }
    }

    pub(super) fn is_anything_wrong(&self) -> bool {
        self.0.iter().any(|finding| finding.verdict == Verdict::Wrong)
    }

    pub(super) fn print(&self, printer: Printer) -> io::Result<()> {
        printer.answer(&self.0, || {
            let rows = self.0.iter().map(|Finding { check, verdict, found, advice }| {
                let advice = advice.as_ref().map_or_else(String::new, |advice| format!(": {advice}"));
                [verdict.word().to_owned(), (*check).to_owned(), format!("{found}{advice}")]
            });
            table(["", "what", "found"], rows)
        })
    }

    fn add(&mut self, check: &'static str, verdict: Verdict, found: impl Display, advice: Option<String>) {
        self.0.push(Finding { check, verdict, found: found.to_string(), advice });
    }
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

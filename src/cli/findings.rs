//! What a file has wrong, line by line, as compilers tell it.

use std::fmt::{Display, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::flows::csv_table::OnLine;

/// What is wrong with one line, for programs.
#[derive(Serialize)]
pub(super) struct Finding {
    line: u64,
    reason: String,
}

/// For programs: line and reason of each.
pub(super) fn data<T: Display>(found: &[OnLine<T>]) -> Vec<Finding> {
    found.iter().map(|OnLine { line, what }| Finding { line: *line, reason: what.to_string() }).collect()
}

/// For people: `FILE:LINE: SORT: REASON`, and how many more there are of the `count` that were found.
pub(super) fn lines<T: Display>(file: &Path, sort: &str, found: &[OnLine<T>], count: u64) -> String {
    let file = file.display();
    let mut text = String::new();
    for OnLine { line, what } in found {
        let _ = writeln!(text, "{file}:{line}: {sort}: {what}"); // a String takes everything
    }
    let more = count.saturating_sub(found.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "{file}: {sort}: and {more} more");
    }
    text
}

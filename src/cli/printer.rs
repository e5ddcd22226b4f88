//! What a command says, and how it ends. Standard output is data that a program could read; standard error is talk.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::{ExitCode, Termination};

use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything was done.
    Done,
    /// Nothing was done, or not everything: the system, a file or the database failed.
    Failed,
    /// Some of it was done, and the rest is named.
    Partly,
    /// A rule says no; trying again will not help.
    Refused,
    /// The command line is not one.
    Usage,
}

impl ExitStatus {
    /// The code that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Partly => 4,
        }
    }
}

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// Why a command ended early: what to say, and how it ends.
#[derive(Debug)]
pub struct Failure {
    status: ExitStatus,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Something is not as the command needs it.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self { status: ExitStatus::Failed, message: message.to_string(), hint: None }
    }

    /// A rule says no.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { status: ExitStatus::Usage, message: message.to_string(), hint: None }
    }

    /// A rule says no.
    pub fn refused(message: impl fmt::Display) -> Self {
        Self { status: ExitStatus::Refused, message: message.to_string(), hint: None }
    }

    /// What is wrong, and what to do about it.
    pub fn into_words(self) -> (String, Option<String>) {
        (self.message, self.hint)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Any error ends a command as failed, with the errors that caused it behind a colon each.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let told = error.to_string();
            // An error that is shown through another is told once.
            if !message.contains(&told) {
                message.push_str(": ");
                message.push_str(&told);
            }
            cause = error.source();
        }
        Self::failed(message)
    }
}

/// The one place that writes to standard output and standard error.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    json: bool,
    quiet: bool,
}

impl Printer {
    /// A printer of JSON or of tables, that talks or not.
    pub const fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// The answer of a command: `data` for programs, or what `people` makes of it.
    pub fn answer(&self, data: &impl Serialize, people: impl FnOnce() -> String) -> io::Result<()> {
        let text = if self.json { serde_json::to_string_pretty(data)? } else { people() };
        self.data(&text)
    }

    /// Data as it is, with the end of its line. A reader that went away, as `head` does, has all it wanted.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        match write!(out, "{text}{end}").and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// A sentence for whoever is watching.
    pub fn talk(&self, text: impl fmt::Display) {
        if !self.quiet {
            complain(format_args!("{text}"));
        }
    }

    /// Something that is not as it should be, though the command goes on.
    pub fn warn(&self, text: impl fmt::Display) {
        complain(format_args!("warning: {text}"));
    }

    /// Says why a command ended early, and answers how.
    pub fn failure(&self, failure: &Failure) -> ExitStatus {
        complain(format_args!("error: {}", failure.message));
        if let Some(hint) = &failure.hint {
            complain(format_args!("hint: {hint}"));
        }
        failure.status
    }

    /// A bar for long work that counts `what`. Nothing is drawn where nobody watches.
    pub fn progress(&self, length: u64, what: &'static str) -> ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template(&format!(
            "{{bar:30}} {{human_pos}}/{{human_len}} {what}, {{eta}} left"
        ));
        ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

/// A table without lines, whose columns a person can read and `awk` can cut.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn complain(text: fmt::Arguments<'_>) {
    // If standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_help() {
        let statuses = [
            ExitStatus::Done,
            ExitStatus::Failed,
            ExitStatus::Usage,
            ExitStatus::Refused,
            ExitStatus::Partly,
        ];
        assert_eq!(statuses.map(ExitStatus::code), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn an_error_is_told_with_its_causes_once_each() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot copy")]
        struct Outer(#[source] io::Error);
        let failure = Failure::from(Outer(io::Error::other("disk full")));
        assert_eq!(failure.message, "cannot copy: disk full");
        assert_eq!(failure.status, ExitStatus::Failed);
    }

    #[test]
    fn a_table_has_aligned_columns_and_no_trailing_blanks() {
        let rows = [["a".to_owned(), "1".to_owned()], ["longer".to_owned(), String::new()]];
        assert_eq!(table(["name", "n"], rows), "name    n\na       1\nlonger\n");
    }
}

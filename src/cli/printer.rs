//! What a command says, and how it ends. Standard output is data that a program could read; standard error is talk.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::process::{ExitCode, Termination};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
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

    /// This is no command line.
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
        let text = if self.json { json(serde_json::to_string_pretty(data)?) } else { people() };
        self.data(&text)
    }

    /// Whether programs read it.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Data with the end of its line. A reader that went away, as `head` does, has all it wanted.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let text = shown(text, &['\n']);
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

/// Between two columns.
const GAP: u16 = 2;

/// The narrowest that a column of sentences is.
const NARROW: u16 = 24;

/// Before what is written beneath a line.
const INDENT: &str = "    ";

/// A table without lines, whose columns a person can read and `awk` can cut. On a terminal that is too narrow the last column is
/// wrapped, or stands beneath the others; elsewhere each row is one line.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
    table_within(width, header, rows)
}

fn table_within<const N: usize>(
    width: Option<u16>,
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let shown = rows.into_iter().map(|row| row.map(|cell| shown(&cell, &[]).into_owned()));
    let rows: Vec<_> = std::iter::once(header.map(str::to_owned)).chain(shown).collect();
    let mut table = columns(rows.iter().map(|row| &row[..]));
    let widths = table.column_max_content_widths();
    let (Some(width), Some((last, others))) = (width, widths.split_last()) else { return lines(&table) };
    let before: u16 = others.iter().map(|column| column.saturating_add(GAP)).fold(0, u16::saturating_add);
    if before.saturating_add(*last) <= width {
        return lines(&table);
    }
    if before.saturating_add(NARROW) <= width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        for column in table.column_iter_mut().take(others.len()) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        return lines(&table);
    }
    let short = lines(&columns(rows.iter().map(|row| &row[..others.len()])));
    let each = short.lines().zip(rows.iter().filter_map(|row| row.last()));
    each.fold(String::new(), |text, (line, last)| text + line + "\n" + &beneath(last, width))
}

fn columns<'a>(rows: impl Iterator<Item = &'a [String]>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, GAP));
    });
    table
}

fn beneath(text: &str, width: u16) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut table = columns([&[text.to_owned()][..]].into_iter());
    let indent = u16::try_from(INDENT.len()).unwrap_or_default();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_sub(indent));
    lines(&table).lines().fold(String::new(), |text, line| text + INDENT + line + "\n")
}

fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// What is known of one thing, a line for each: the word, and what is said under it.
pub fn sheet<W: Into<String>>(lines: impl IntoIterator<Item = (W, String)>) -> String {
    let text = table(["", ""], lines.into_iter().map(|(word, said)| [word.into(), said]));
    text.trim_start().to_owned()
}

/// JSON in which every sign that a terminal would obey is escaped: it says the same.
pub fn json(text: String) -> String {
    if !text.contains(is_obeyed) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        if is_obeyed(sign) && sign != '\n' {
            let _ = write!(safe, "\\u{:04x}", u32::from(sign)); // a String takes everything
        } else {
            safe.push(sign);
        }
    }
    safe
}

/// Names, reasons and answers of others with every sign that a terminal would obey written out: none of them moves the cursor,
/// forges a line or turns one round.
fn shown<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let is_written_out = |sign: char| is_obeyed(sign) && !kept.contains(&sign);
    if !text.contains(is_written_out) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        if is_written_out(sign) {
            safe.extend(sign.escape_default());
        } else {
            safe.push(sign);
        }
    }
    Cow::Owned(safe)
}

/// Control characters (also those above ASCII), the ends of lines and paragraphs, and what changes the direction of others.
fn is_obeyed(sign: char) -> bool {
    sign.is_control() || matches!(sign, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn complain(text: fmt::Arguments<'_>) {
    // If standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{}", shown(&text.to_string(), &['\n']));
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

    #[test]
    fn nothing_that_others_wrote_moves_the_cursor_or_forges_a_line() {
        let name = "Lina\u{1b}[2J\nroot  yes\u{9b}1m\u{202e}";
        let rows = [[name.to_owned(), "1".to_owned()]];
        let written = r"Lina\u{1b}[2J\nroot  yes\u{9b}1m\u{202e}";
        assert_eq!(table(["name", "n"], rows).lines().nth(1), Some(format!("{written}  1").as_str()));
        assert_eq!(shown(name, &['\n']), "Lina\\u{1b}[2J\nroot  yes\\u{9b}1m\\u{202e}");
        // What people of other scripts join their letters with is not touched.
        assert_eq!(shown("می\u{200c}خواهم", &[]), "می\u{200c}خواهم");
        let data = json(serde_json::to_string_pretty(&[name]).unwrap_or_default());
        assert!(!data.contains(|sign| is_obeyed(sign) && sign != '\n'), "{data:?}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&data).map(|[name]| name).ok().as_deref(), Some(name));
    }

    #[test]
    fn on_a_narrow_terminal_the_last_column_is_wrapped_or_stands_beneath() {
        let at = |width| {
            let row = ["0193abcd-1234".to_owned(), "Annuaire volé, dit le rectorat".to_owned()];
            table_within(width, ["order", "reason"], [row])
        };
        assert_eq!(at(None), "order          reason\n0193abcd-1234  Annuaire volé, dit le rectorat\n");
        assert_eq!(at(Some(45)), at(None));
        assert_eq!(
            at(Some(41)),
            "order          reason\n0193abcd-1234  Annuaire volé, dit le\n               rectorat\n"
        );
        assert_eq!(at(Some(36)), "order\n    reason\n0193abcd-1234\n    Annuaire volé, dit le rectorat\n");
    }
}

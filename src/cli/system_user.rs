//! Who sits at the keyboard, as the system knows it.

use std::fs;

use crate::cli::printer::Printer;
use crate::flows::actor::{Actor, LONGEST_REASON};

/// What every act takes.
#[derive(Debug, clap::Args)]
pub struct Acting {
    /// Why, in your own words, for the audit log
    #[arg(long, value_name = "TEXT", global = true, value_parser = usable)]
    reason: Option<String>,
    /// Acts alone where a second person must approve, for this reason; raises an alarm
    #[arg(long, value_name = "REASON", global = true, conflicts_with = "reason", value_parser = usable)]
    break_glass: Option<String>,
}

impl Acting {
    /// Whoever runs this program, and why.
    pub fn actor(self) -> Actor {
        match self.break_glass {
            Some(reason) => Actor::local(&user(), Some(reason)).breaking_glass(),
            None => Actor::local(&user(), self.reason),
        }
    }
}

fn usable(reason: &str) -> Result<String, String> {
    let refused = || format!("a reason has at most {LONGEST_REASON} characters");
    (reason.chars().count() <= LONGEST_REASON).then(|| reason.to_owned()).ok_or_else(refused)
}

/// Says to whoever acted alone that it was heard.
pub(super) fn heard(actor: &Actor, printer: Printer) {
    if actor.breaks_glass() {
        printer.warn("the glass was broken: the audit log says so to whoever answers for the place, and an alarm is raised");
    }
}

/// The name under which the command line acts, for the audit log.
///
/// It is the real user of the process, from the kernel, named by `/etc/passwd`, or its number when the file does not
/// name it (people of a directory service). `$USER`, `$LOGNAME` and `$SUDO_USER` are never asked: anyone can set them.
fn user() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let Some(uid) = real_uid(&status) else { return "unknown".to_owned() };
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(uid, &passwd).unwrap_or(uid).to_owned()
}

/// From the line `Uid: real effective saved filesystem` (proc(5)).
fn real_uid(status: &str) -> Option<&str> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_ascii_whitespace().next()
}

/// From a line `name:password:uid:…` (passwd(5)).
fn name_of<'a>(uid: &str, passwd: &'a str) -> Option<&'a str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1) == Some(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_user_is_named_by_the_system() {
        assert_eq!(real_uid("Name:\tecluse\nUid:\t1000\t0\t0\t0\nGid:\t1\t1\t1\t1\n"), Some("1000"));
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\n# 1000\n::1000:\nmarie:x:1000:1000::/home/marie:/bin/sh\n";
        assert_eq!(name_of("1000", passwd), Some("marie"));
        assert_eq!(name_of("100", passwd), None);
        assert!(!user().is_empty() && user() != "unknown");
    }
}

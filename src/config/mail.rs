//! `[mail]`: whether and how people are told by mail that their password was changed or reset.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Problem, more_than_zero};
use crate::domain::length;
use crate::flows::notices::MailSettings;
use crate::outgoing::mail::words::{MailWords, english, french};
use crate::outgoing::mail::{MailTls, is_from};
use crate::words::{Words, WordsError};

/// How people are told by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The mail server, `host` or `host:port`; empty where no mail is sent.
    pub server: String,
    /// How the way there is protected.
    #[serde(deserialize_with = "tls")]
    pub tls: MailTls,
    /// Certificates that are trusted in place of the machine's; empty for the machine's.
    pub root_certificate_file: PathBuf,
    /// Who writes.
    pub from: String,
    /// The user that the server knows; empty where it asks for none.
    pub user: String,
    /// The file of the user's password.
    pub password_file: PathBuf,
    /// A Fluent file with words in place of ours, in French; empty for none.
    pub letter_fr_file: PathBuf,
    /// The same in English.
    pub letter_en_file: PathBuf,
    /// How long one mail may take.
    #[serde(with = "length")]
    pub timeout: Duration,
    /// Connections at once.
    pub concurrency: usize,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            server: String::new(),
            tls: MailTls::default(),
            root_certificate_file: PathBuf::new(),
            from: String::new(),
            user: String::new(),
            password_file: PathBuf::new(),
            letter_fr_file: PathBuf::new(),
            letter_en_file: PathBuf::new(),
            timeout: Duration::from_secs(30),
            concurrency: 4,
        }
    }
}

impl Mail {
    /// Host and port of the server; none where no mail is sent.
    pub fn address(&self) -> Option<(String, u16)> {
        let otherwise = match self.tls {
            MailTls::Implicit => 465,
            MailTls::None => 25,
            MailTls::Starttls => 587,
        };
        let (host, port) = match self.server.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (self.server.as_str(), otherwise),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        (!host.is_empty() && host.bytes().all(is_name)).then(|| (host.to_owned(), port))
    }

    /// What the flows are given; none where no mail is sent.
    pub fn settings(&self) -> Option<MailSettings> {
        self.address()?;
        Some(MailSettings { timeout: self.timeout, concurrency: self.concurrency })
    }

    /// What mails say, with the words of the deployment's files.
    pub(super) fn words(&self) -> Result<MailWords, Problem> {
        Ok(MailWords {
            french: own("mail.letter_fr_file", &self.letter_fr_file, french)?,
            english: own("mail.letter_en_file", &self.letter_en_file, english)?,
        })
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        let problem = |key: &str, text: &str| Err(Problem::new(&format!("mail.{key}"), text.to_owned()));
        more_than_zero("mail.timeout", self.timeout)?;
        if self.concurrency == 0 {
            return problem("concurrency", "0 would tell nobody; write at least 1");
        }
        if self.server.is_empty() {
            return Ok(());
        }
        let Some((host, _)) = self.address() else {
            return problem("server", "is no host or host:port, such as \"smtp.example.org:587\"");
        };
        if !is_from(&self.from) {
            return problem(
                "from",
                "is no address to write from, such as \"Académie <no-reply@example.org>\"",
            );
        }
        if self.user.is_empty() != self.password_file.as_os_str().is_empty() {
            return problem(
                "password_file",
                "mail.user and mail.password_file go together; write both or none",
            );
        }
        let is_here = host == "localhost" || host.starts_with("127.");
        if self.tls == MailTls::None && !self.user.is_empty() && !is_here {
            return problem(
                "tls",
                "the password would go over the network as it is; write \"starttls\" or \"implicit\"",
            );
        }
        Ok(())
    }

    /// The paths, with their keys.
    pub(super) fn paths(&mut self) -> [(&'static str, &mut PathBuf); 4] {
        [
            ("mail.letter_en_file", &mut self.letter_en_file),
            ("mail.letter_fr_file", &mut self.letter_fr_file),
            ("mail.root_certificate_file", &mut self.root_certificate_file),
            ("mail.password_file", &mut self.password_file),
        ]
    }
}

fn own(
    key: &str,
    file: &Path,
    read: impl FnOnce(Option<&str>) -> Result<Words, WordsError>,
) -> Result<Words, Problem> {
    let problem = |text: String| Problem::new(key, format!("{} {text}", file.display()));
    let own = Some(file).filter(|file| *file != Path::new("")).map(fs::read_to_string).transpose();
    let own = own.map_err(|error| problem(format!("cannot be read ({error})")))?;
    read(own.as_deref()).map_err(|error| problem(error.to_string()))
}

fn tls<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<MailTls, D::Error> {
    let text = String::deserialize(deserializer)?;
    [MailTls::Implicit, MailTls::None, MailTls::Starttls]
        .into_iter()
        .find(|tls| serde_json::json!(tls) == text)
        .ok_or_else(|| {
            let words = "write \"starttls\", \"implicit\" or \"none\"";
            serde::de::Error::custom(format!("{text:?} is unknown; {words}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(change: impl FnOnce(&mut Mail)) -> Result<(), String> {
        let mut mail = Mail {
            server: "smtp.example.org".to_owned(),
            from: "Académie <no-reply@example.org>".to_owned(),
            ..Mail::default()
        };
        change(&mut mail);
        mail.check().map_err(|problem| problem.key)
    }

    #[test]
    fn a_server_has_a_port_of_its_protection_or_its_own() {
        let address =
            |server: &str, tls| Mail { server: server.to_owned(), tls, ..Mail::default() }.address();
        for (tls, port) in [(MailTls::Starttls, 587), (MailTls::Implicit, 465), (MailTls::None, 25)] {
            assert_eq!(address("smtp.example.org", tls), Some(("smtp.example.org".to_owned(), port)));
            assert_eq!(address("smtp.example.org:2525", tls), Some(("smtp.example.org".to_owned(), 2525)));
        }
        for wrong in ["", ":25", "smtp:x", "smtp:70000", "a b", "smtp://h", "u@h"] {
            assert_eq!(address(wrong, MailTls::None), None, "{wrong}");
        }
    }

    #[test]
    fn what_would_send_nothing_or_a_password_in_the_clear_is_refused() {
        assert_eq!(checked(|_| {}), Ok(()));
        assert_eq!(checked(|mail| mail.server.clear()), Ok(()));
        let refused = |key: &str| Err(format!("mail.{key}"));
        assert_eq!(checked(|mail| mail.from.clear()), refused("from"));
        assert_eq!(checked(|mail| mail.from = "a@b.example\r\nBcc: c@d.example".to_owned()), refused("from"));
        assert_eq!(checked(|mail| mail.server = "a b".to_owned()), refused("server"));
        assert_eq!(checked(|mail| mail.concurrency = 0), refused("concurrency"));
        assert_eq!(checked(|mail| mail.user = "u".to_owned()), refused("password_file"));
        let with_login = |mail: &mut Mail| {
            mail.user = "u".to_owned();
            mail.password_file = PathBuf::from("p");
            mail.tls = MailTls::None;
        };
        assert_eq!(checked(with_login), refused("tls"));
        let here = |mail: &mut Mail| {
            with_login(mail);
            mail.server = "127.0.0.1:2525".to_owned();
        };
        assert_eq!(checked(here), Ok(()));
    }
}

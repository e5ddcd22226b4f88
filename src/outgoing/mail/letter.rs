//! What a mail says: in French and then in English, for nobody has told which of the two somebody reads. Plain text, so that
//! there is nothing to click on and nothing to load.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use fluent_templates::fluent_bundle::FluentArgs;
use jiff::tz::TimeZone;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};

use super::MailError;
use super::words::MailWords;
use crate::domain::notice::MailKind;
use crate::domain::timestamp::Timestamp;
use crate::words::Words;

/// A mail to one person.
pub struct Letter {
    /// What it says.
    pub kind: MailKind,
    /// The address.
    pub to: String,
    /// The login of the account it is about.
    pub login: String,
    /// When what it tells of happened.
    pub at: Timestamp,
    /// The same each time that it is sent: whoever gets it twice knows it again.
    pub id: String,
}

/// Who sends, what it is called, and in which words.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) from: Mailbox,
    pub(super) service: String,
    pub(super) zone: TimeZone,
    pub(super) words: Arc<MailWords>,
}

/// How French and English write an instant.
const INSTANTS: [&str; 2] = ["%d/%m/%Y à %-H\u{a0}h\u{a0}%M", "%-d %B %Y at %H:%M"];

impl Letter {
    pub(super) fn address(&self) -> Result<Address, MailError> {
        self.to.parse().map_err(|_| MailError::Address)
    }

    /// The whole message. What goes into a header is encoded by the library, which lets no line end there.
    pub(super) fn written(&self, sender: &Sender) -> Result<Vec<u8>, MailError> {
        let (subject, ..) = keys(self.kind);
        let [french, english] = self.in_both(sender, |words, values| words.say(subject, values));
        let date = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.at.seconds()).unwrap_or_default());
        let message = Message::builder()
            .from(sender.from.clone())
            .to(Mailbox::new(None, self.address()?))
            .subject(format!("{}\u{a0}: {french} / {english}", sender.service))
            .date(date)
            .message_id(Some(format!("<{}@{}>", self.id, sender.from.email.domain())))
            .header(AutoSubmitted)
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(self.body(sender)));
        Ok(message.map_err(|_| MailError::Address)?.formatted())
    }

    fn body(&self, sender: &Sender) -> String {
        let (_, what, next) = keys(self.kind);
        let [french, english] = self.in_both(sender, |words, values| {
            let said = ["hello", what, next, "mind"].map(|key| words.say(key, values));
            said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
        });
        format!("{french}\n\n* * *\n\n{english}\n\n{}\n", sender.service)
    }

    /// In French, and in English.
    fn in_both(&self, sender: &Sender, say: impl Fn(&Words, &FluentArgs<'_>) -> String) -> [String; 2] {
        let at = jiff::Timestamp::from_microsecond(self.at.micros())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(sender.zone.clone());
        let words = [&sender.words.french, &sender.words.english];
        std::array::from_fn(|place| {
            let mut values = FluentArgs::with_capacity(3);
            values.set("service", sender.service.as_str());
            values.set("login", self.login.as_str());
            values.set("at", at.strftime(INSTANTS[place]).to_string());
            say(words[place], &values)
        })
    }
}

/// The subject, what happened, and what to do.
const fn keys(kind: MailKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        MailKind::Changed => ("subject-changed", "what-changed", "next-changed"),
        MailKind::ChangeAsked => ("subject-change-asked", "what-change-asked", "next-change-asked"),
        MailKind::Voided => ("subject-voided", "what-voided", "next-voided"),
        MailKind::CodeIssued => ("subject-code-issued", "what-code-issued", "next-code-issued"),
        MailKind::OrderReturned => ("subject-order-returned", "what-order-returned", "next-order-returned"),
    }
}

/// Nobody's absence answers it (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(service: &str) -> Sender {
        Sender {
            from: "Académie de Poitiers <ne-pas-repondre@ac.example>".parse().unwrap(),
            service: service.to_owned(),
            zone: TimeZone::UTC,
            words: Arc::new(MailWords::ours().unwrap()),
        }
    }

    fn letter(kind: MailKind) -> Letter {
        Letter {
            kind,
            to: "parent@famille.example".to_owned(),
            login: "zoe".to_owned(),
            at: Timestamp::from_seconds(1_795_255_200),
            id: "abc".to_owned(),
        }
    }

    fn written(letter: &Letter, service: &str) -> String {
        String::from_utf8(letter.written(&sender(service)).unwrap()).unwrap()
    }

    #[test]
    fn every_kind_is_in_both_languages_without_a_link_or_a_hole() {
        for kind in MailKind::ALL {
            let body = letter(kind).body(&sender("Écluse"));
            assert!(body.contains("Bonjour") && body.contains("Hello"), "{body}");
            assert_eq!(body.matches("zoe").count(), 2, "{body}");
            assert!(body.contains("21/11/2026") && body.contains("21 November 2026 at 10:00"), "{body}");
            for wrong in ["http", "www.", "://", "{", "what-", "next-", "@"] {
                assert!(!body.contains(wrong), "{wrong}: {body}");
            }
            let (subject, _, _) = keys(kind);
            for subject in letter(kind).in_both(&sender(""), |words, values| words.say(subject, values)) {
                assert!(!subject.contains("zoe") && !subject.is_empty(), "{subject}");
            }
        }
    }

    #[test]
    fn nothing_that_somebody_wrote_makes_a_header() {
        let evil = "X\r\nBcc: thief@evil.example\r\n\r\nHello";
        let mut wicked = letter(MailKind::Changed);
        wicked.login = evil.to_owned();
        let text = written(&wicked, evil);
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let folded = head.replace("\r\n ", "");
        assert!(folded.lines().all(|line| !line.starts_with("Bcc")), "{head}");
        let names: Vec<_> =
            folded.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
        let expected = [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        for name in &names {
            assert!(expected.contains(name) || *name == "MIME-Version", "{head}");
        }
        for wrong in
            ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a b@c.example", "nobody", ""]
        {
            wicked.to = wrong.to_owned();
            assert_eq!(wicked.written(&sender("Écluse")).err(), Some(MailError::Address), "{wrong:?}");
        }
    }

    #[test]
    fn the_same_letter_is_the_same_message() {
        let one = written(&letter(MailKind::Voided), "Écluse");
        assert_eq!(one, written(&letter(MailKind::Voided), "Écluse"));
        assert!(one.contains("Message-ID: <abc@ac.example>"), "{one}");
        assert!(one.contains("Auto-Submitted: auto-generated"), "{one}");
        assert!(one.contains("Date: Sat, 21 Nov 2026 10:00:00 +0000"), "{one}");
        assert!(one.is_ascii(), "every server takes it");
    }
}

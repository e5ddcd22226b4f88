//! The chain of the audit log: a sealed line has a place, and a tag over its words, its place and the tag before it that only
//! the holder of the audit key can compute. A line that is changed, taken out, put in or moved no longer fits; the tag of
//! the last line stands for all of them, so that whoever wrote it down elsewhere can show that none is missing at the end.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::domain::secret::{SecretBytes, same_text};
use crate::domain::territory::TerritoryPath;
use crate::domain::timestamp::Timestamp;

/// The end of the chain: how many lines were ever sealed, and the tag of the last. Written `PLACE:TAG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The place of the last line, counted from 1; 0 before the first.
    pub place: i64,
    /// Its tag; empty before the first.
    pub tag: String,
}

impl Head {
    /// The end of the chain once `line` hangs from it.
    #[must_use]
    pub fn next(&self, key: &SecretBytes, line: &Line) -> Self {
        let place = self.place + 1;
        Self { place, tag: tag(key, &self.tag, place, line) }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.place, self.tag)
    }
}

/// A text is no head of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a head is written PLACE:TAG, as in the log and by `ecluse audit verify`")]
pub struct NoHead;

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (place, tag) = text.trim().split_once(':').ok_or(NoHead)?;
        let place = place.parse().ok().filter(|place| *place >= 0).ok_or(NoHead)?;
        Ok(Self { place, tag: tag.to_owned() })
    }
}

/// A line as it is stored. Its words are not read into types: a changed one may hold anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub id: String,
    /// When, in microseconds.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Where the role holds that allowed it.
    pub territory: Option<String>,
    /// What.
    pub act: String,
    /// To what.
    pub object: String,
    /// To how many.
    pub count: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// Where it came from.
    pub address: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
}

/// Who did something to an account, as far as whoever helps there has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The person.
    Owner,
    /// Somebody with a role.
    Operator,
    /// Somebody with a shell on the host.
    Host,
    /// The program.
    System,
}

impl By {
    /// Of a line about an account.
    pub fn of(line: &Line) -> Self {
        match line.actor.as_str() {
            actor if actor == line.object => Self::Owner,
            actor if actor.starts_with("account:") => Self::Operator,
            actor if actor.starts_with("local:") => Self::Host,
            _ => Self::System,
        }
    }

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Host => "host",
            Self::System => "system",
        }
    }
}

/// Which lines; every one of what is not said.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until then, not included.
    pub to: Option<Timestamp>,
    /// The act in its written form.
    pub act: Option<String>,
    /// Who, as the log names them.
    pub actor: Option<String>,
    /// To what.
    pub object: Option<String>,
    /// Resting on a role at this place or below it.
    pub within: Option<TerritoryPath>,
}

fn tag(key: &SecretBytes, before: &str, place: i64, line: &Line) -> String {
    // Nothing, and a text that is empty, are not the same.
    let given = |text: Option<&str>| text.map_or_else(String::new, |text| format!("={text}"));
    let (place, at) = (place.to_string(), line.at.micros().to_string());
    let count = line.count.map(|count| count.to_string());
    key.tag(
        "audit line",
        &[
            before,
            &place,
            &line.id,
            &at,
            &line.actor,
            &given(line.territory.as_deref()),
            &line.act,
            &line.object,
            &given(count.as_deref()),
            &given(line.reason.as_deref()),
            &given(line.address.as_deref()),
            &given(line.request_id.as_deref()),
        ],
    )
}

/// Where the chain begins once its oldest lines were kept long enough and removed: signed, so that nobody else can say
/// that what is missing was removed for its age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The last line that was removed.
    pub last: Head,
    /// When.
    pub at: Timestamp,
    /// The signature.
    pub seal: String,
}

impl Cut {
    /// Says that everything up to `last` was removed at `at`.
    pub fn sign(key: &SecretBytes, last: Head, at: Timestamp) -> Self {
        Self { seal: Self::seal_of(key, &last, at), last, at }
    }

    /// Whether the holder of the key has said so.
    pub fn is_genuine(&self, key: &SecretBytes) -> bool {
        same_text(&self.seal, &Self::seal_of(key, &self.last, self.at))
    }

    fn seal_of(key: &SecretBytes, last: &Head, at: Timestamp) -> String {
        key.tag("audit cut", &[&last.place.to_string(), &last.tag, &at.micros().to_string()])
    }
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The line was changed, or moved here from another place, or was never sealed by the holder of the key.
    #[error("line {place} ({id}) was changed or moved")]
    Changed {
        /// Where.
        place: i64,
        /// Which, if that was not changed.
        id: String,
    },
    /// Lines were taken out. The one that hung from the last of them cannot be checked.
    #[error("{}; line {}, which hung from there, cannot be checked", gone(*from, *to), to + 1)]
    Missing {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// Lines at the end were taken away.
    #[error("{}, at the end", gone(*from, *to))]
    Truncated {
        /// The first.
        from: i64,
        /// The last that is known to have been there.
        to: i64,
    },
    /// A head that was written down does not belong to this chain: it was sealed anew from an earlier line on, or the head is of
    /// another deployment.
    #[error("line {place} is not the one that was the head of the chain when that was written down")]
    OtherChain {
        /// Where.
        place: i64,
    },
    /// Whoever removed the oldest lines was not the holder of the key.
    #[error("the lines up to {place} were not removed for their age: the note that says so is not genuine")]
    ForgedCut {
        /// The last line that is gone.
        place: i64,
    },
}

fn gone(from: i64, to: i64) -> String {
    if from == to { format!("line {from} is gone") } else { format!("lines {from} to {to} are gone") }
}

/// Goes along the chain, line by line.
pub struct Verifier<'a> {
    key: &'a SecretBytes,
    known: Vec<Head>,
    end: Head,
    lines: u64,
    faults: Vec<Fault>,
}

/// What a walk along the chain has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The end of the chain.
    pub head: Head,
    /// Lines that were looked at.
    pub lines: u64,
    /// Everything that does not fit; the first [`Verified::TOLD`] of them.
    pub faults: Vec<Fault>,
}

impl Verified {
    /// How many faults are told: where the chain was broken by a program, all lines are.
    pub const TOLD: usize = 100;
}

impl<'a> Verifier<'a> {
    /// Begins before the first line. `known` are heads that were written down elsewhere.
    pub fn new(key: &'a SecretBytes, known: Vec<Head>) -> Self {
        let end = Head { place: 0, tag: String::new() };
        Self { key, known, end, lines: 0, faults: Vec::new() }
    }

    /// Before the first line: the chain begins after this cut.
    pub fn begin_after(&mut self, cut: &Cut) {
        if !cut.is_genuine(self.key) {
            self.accuse(Fault::ForgedCut { place: cut.last.place });
        }
        self.end = cut.last.clone();
        self.compare_known();
    }

    /// The next line, by its place, with the tag that is stored with it.
    pub fn follow(&mut self, place: i64, stored: &str, line: &Line) {
        self.lines += 1;
        let expected = self.end.place + 1;
        if place > expected {
            self.accuse(Fault::Missing { from: expected, to: place - 1 });
        } else if place < expected || !same_text(stored, &tag(self.key, &self.end.tag, place, line)) {
            self.accuse(Fault::Changed { place, id: line.id.clone() });
        }
        // What hangs from a changed line was sealed with the tag it had, and is not changed itself.
        self.end = Head { place: place.max(self.end.place), tag: stored.to_owned() };
        self.compare_known();
    }

    /// The last line was followed; `stored` is the head as the database has it.
    pub fn finish(mut self, stored: &Head) -> Verified {
        let last = self.known.iter().chain([stored]).map(|head| head.place).max().unwrap_or_default();
        if last > self.end.place {
            self.accuse(Fault::Truncated { from: self.end.place + 1, to: last });
        } else if *stored != self.end {
            self.accuse(Fault::OtherChain { place: stored.place });
        }
        Verified { head: self.end, lines: self.lines, faults: self.faults }
    }

    fn compare_known(&mut self) {
        let end = &self.end;
        if self.known.iter().any(|head| head.place == end.place && head.tag != end.tag) {
            self.accuse(Fault::OtherChain { place: self.end.place });
        }
    }

    fn accuse(&mut self, fault: Fault) {
        if self.faults.len() < Verified::TOLD && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretBytes {
        SecretBytes::new(vec![7; 32])
    }

    fn line(number: i64) -> Line {
        Line {
            id: format!("id-{number}"),
            at: Timestamp::from_micros(1_000 + number),
            actor: "local:root".to_owned(),
            territory: None,
            act: "order.issue".to_owned(),
            object: format!("order:{number}"),
            count: (number % 2 == 0).then_some(number),
            reason: (number % 3 == 0).then(String::new),
            address: None,
            request_id: None,
        }
    }

    /// Five sealed lines and their head.
    fn chain() -> (Vec<(Head, Line)>, Head) {
        let mut head = Head { place: 0, tag: String::new() };
        let mut lines = Vec::new();
        for number in 1..=5 {
            head = head.next(&key(), &line(number));
            lines.push((head.clone(), line(number)));
        }
        (lines, head)
    }

    fn faults(lines: &[(Head, Line)], stored: &Head, cut: Option<&Cut>, known: Vec<Head>) -> Vec<Fault> {
        let key = key();
        let mut verifier = Verifier::new(&key, known);
        if let Some(cut) = cut {
            verifier.begin_after(cut);
        }
        for (sealed, line) in lines {
            verifier.follow(sealed.place, &sealed.tag, line);
        }
        verifier.finish(stored).faults
    }

    #[test]
    fn what_nobody_touched_fits_and_each_word_is_under_the_tag() {
        let (lines, head) = chain();
        assert_eq!(faults(&lines, &head, None, vec![lines[2].0.clone()]), []);
        let changes: [fn(&mut Line); 9] = [
            |line| line.id.push('x'),
            |line| line.at = Timestamp::from_micros(0),
            |line| line.actor.push('x'),
            |line| line.act.push('x'),
            |line| line.object.push('x'),
            |line| line.count = Some(0),
            |line| line.count = None,
            |line| line.reason = None,
            |line| line.request_id = Some(String::new()),
        ];
        for change in changes {
            // The sixth line has all that can be left out.
            let mut all = line(6);
            let sealed = head.next(&key(), &all);
            change(&mut all);
            assert_ne!(head.next(&key(), &all), sealed);
        }
        let mut changed = lines;
        changed[1].1.object = "order:other".to_owned();
        let accused = Fault::Changed { place: 2, id: "id-2".to_owned() };
        assert_eq!(faults(&changed, &head, None, Vec::new()), [accused]);
    }

    #[test]
    fn what_is_taken_out_or_away_is_named() {
        let (mut lines, head) = chain();
        lines.drain(1..3);
        assert_eq!(faults(&lines, &head, None, Vec::new()), [Fault::Missing { from: 2, to: 3 }]);
        let (lines, head) = chain();
        let (shorter, end) = (&lines[..3], &lines[2].0);
        assert_eq!(faults(shorter, &head, None, Vec::new()), [Fault::Truncated { from: 4, to: 5 }]);
        // Whoever also sets the stored head back is found out by the one that was written down.
        assert_eq!(faults(shorter, end, None, Vec::new()), []);
        assert_eq!(faults(shorter, end, None, vec![head]), [Fault::Truncated { from: 4, to: 5 }]);
        assert_eq!(Fault::Truncated { from: 4, to: 4 }.to_string(), "line 4 is gone, at the end");
    }

    #[test]
    fn what_changes_places_or_is_put_in_does_not_fit() {
        let (mut lines, head) = chain();
        let (left, right) = (lines[1].1.clone(), lines[2].1.clone());
        (lines[1].1, lines[2].1) = (right, left);
        let accused =
            [(2, "id-3"), (3, "id-2")].map(|(place, id)| Fault::Changed { place, id: id.to_owned() });
        assert_eq!(faults(&lines, &head, None, Vec::new()), accused);

        let (mut lines, head) = chain();
        let forged = head.next(&SecretBytes::new(vec![8; 32]), &line(6));
        lines.push((forged.clone(), line(6)));
        let accused = Fault::Changed { place: 6, id: "id-6".to_owned() };
        assert_eq!(faults(&lines, &forged, None, Vec::new()), [accused]);
    }

    #[test]
    fn a_chain_sealed_anew_is_not_the_one_whose_head_was_written_down() {
        let (_, written_down) = chain();
        let mut head = Head { place: 0, tag: String::new() };
        let mut lines = Vec::new();
        for number in 2..=6 {
            head = head.next(&key(), &line(number));
            lines.push((head.clone(), line(number)));
        }
        assert_eq!(faults(&lines, &head, None, Vec::new()), []);
        assert_eq!(faults(&lines, &head, None, vec![written_down]), [Fault::OtherChain { place: 5 }]);
    }

    #[test]
    fn only_the_holder_of_the_key_removes_what_is_old() {
        let (lines, head) = chain();
        let cut = Cut::sign(&key(), lines[1].0.clone(), Timestamp::from_micros(9));
        assert_eq!(faults(&lines[2..], &head, Some(&cut), Vec::new()), []);
        assert_eq!(faults(&lines[3..], &head, Some(&cut), Vec::new()), [Fault::Missing { from: 3, to: 3 }]);
        let forged = Cut { last: lines[2].0.clone(), ..cut };
        assert_eq!(faults(&lines[3..], &head, Some(&forged), Vec::new()), [Fault::ForgedCut { place: 3 }]);
    }

    #[test]
    fn a_head_is_written_and_read() {
        let head = chain().1;
        assert_eq!(head.to_string().parse(), Ok(head));
        for bad in ["", "5", "-1:x", "five:x"] {
            assert_eq!(bad.parse::<Head>(), Err(NoHead), "{bad}");
        }
    }
}

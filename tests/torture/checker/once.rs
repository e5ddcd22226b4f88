//! What may be used once: authorization codes, refresh tokens that rotate, printed codes, rights to change, passwords.

use std::collections::HashMap;

use super::Violation;
use super::story::Story;
use crate::torture::history::{Act, Held, Secret};

/// Something that may be used once.
#[derive(PartialEq, Eq, Hash)]
enum Single<'h> {
    AuthorizationCode(&'h str),
    RefreshToken(&'h str),
    PrintedCode(&'h str, &'h str),
    Password(&'h str, u32),
    Right(&'h Held),
}

impl Single<'_> {
    const fn rule(&self) -> &'static str {
        match self {
            Self::AuthorizationCode(_) => "code_twice",
            Self::RefreshToken(_) => "refresh_twice",
            Self::PrintedCode(..) => "printed_code_twice",
            Self::Password(..) => "password_replaced_twice",
            Self::Right(_) => "right_twice",
        }
    }
}

/// Nothing was used twice with success.
pub(super) fn check(story: &Story<'_>) -> Vec<Violation> {
    let mut uses: HashMap<Single<'_>, Vec<_>> = HashMap::new();
    let mut found = Vec::new();
    for life in story.lives.values() {
        for deed in life.doors.iter().chain(&life.changes).filter(|deed| deed.sure) {
            for single in singles(&deed.event.act).into_iter().flatten() {
                let rule = single.rule();
                let before = uses.entry(single).or_default();
                if let Some(first) = before.first() {
                    let because = "it was used twice with success";
                    found.push(Violation::of(rule, &[first, deed], because));
                }
                before.push(*deed);
            }
        }
    }
    found
}

fn singles(act: &Act) -> [Option<Single<'_>>; 2] {
    match act {
        Act::Exchange { code, .. } => [Some(Single::AuthorizationCode(code)), None],
        Act::Refresh { presented, rotates: true, .. } => [Some(Single::RefreshToken(presented)), None],
        Act::Change { account, by, proof, .. } => {
            let proof = match proof {
                Secret::Password(number) => Single::Password(account, *number),
                Secret::Code(code) => Single::PrintedCode(account, code),
            };
            [Some(proof), Some(Single::Right(by))]
        }
        _ => [None, None],
    }
}

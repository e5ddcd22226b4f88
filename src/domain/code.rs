//! One-time codes: printed on slips, typed in the password field, good for the change page and for nothing else.
//!
//! A code is derived, not stored: HKDF-SHA-256 (RFC 5869) under a random key over (account, issue number, epoch). A million
//! codes exist the moment an order commits, and a copy of the database without the master key yields none.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::gate::{Closure, Evidence, PolicyBook};
use super::order_clock::OrderClock;
use super::reset_order::OrderId;
use super::secret::{Secret, SecretBytes};
use super::timestamp::Timestamp;

/// The symbols of a code: capitals and digits without those that are taken for one another (0 O, 1 I L).
const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// How many symbols: 12 × log2(31) = 59 bits, above the 55 that a throttled secret on paper needs here.
const SYMBOLS: usize = 12;

/// Under which key a code is derived.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeKey {
    /// The deployment's own: first activation, forgotten password, one person.
    Deployment,
    /// An order's.
    Order(OrderId),
}

/// Which of an account's codes under one key. A database put back from a copy counts issues from an older number on; in
/// another epoch the same number is another code, so that none opens twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The deployment's epoch of codes.
    pub epoch: i64,
    /// The account's issue number.
    pub number: i64,
}

/// The one code of an account that is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCode {
    /// Under which key it is derived.
    pub key: CodeKey,
    /// Which one of the account's.
    pub issue: Issue,
    /// Until when it opens the change page.
    pub expires_at: Timestamp,
}

impl LiveCode {
    /// Tells it from every other code of the account, and says nothing of what is printed.
    pub fn name(&self) -> String {
        let Issue { epoch, number } = self.issue;
        match &self.key {
            CodeKey::Deployment => format!("{epoch}.{number}"),
            CodeKey::Order(order) => format!("{epoch}.{number}.{order}"),
        }
    }
}

/// The code that is alive under what the gate answered: that of the closure which decides. Whoever holds a role never
/// recovers by a slip that was printed for everybody; a code issued to that person alone is needed.
pub fn live_code(evidence: &Evidence, closure: Option<&Closure>, policy: &PolicyBook) -> Option<LiveCode> {
    let facts = evidence.facts();
    let issue = Issue { epoch: facts.code.epoch, number: facts.code.issue };
    let own = |not_before: Option<OrderClock>| {
        let issued_at = facts.code.issued_at?;
        let expires_at = issued_at.plus(policy.code_lifetime);
        let recent =
            not_before.is_none_or(|clock| facts.code.issued_under.is_some_and(|under| under >= clock));
        (recent && facts.now < expires_at).then_some(LiveCode { key: CodeKey::Deployment, issue, expires_at })
    };
    match closure {
        Some(Closure::Disabled) => None,
        Some(Closure::Ordered { order, .. }) => {
            let order = evidence.book().find(order)?;
            let force = order.state.force();
            let of_order =
                facts.roles.iter().all(|span| !span.is_open()) && facts.now < order.codes_expire_at;
            if of_order {
                let key = CodeKey::Order(order.id.clone());
                return Some(LiveCode { key, issue, expires_at: order.codes_expire_at });
            }
            own(Some(force?.clock))
        }
        Some(
            Closure::Individual { .. }
            | Closure::NotActivated
            | Closure::Compromised
            | Closure::RulesTightened
            | Closure::Expired,
        )
        | None => own(None),
    }
}

/// Derives the code of an account: 12 symbols without separators.
pub fn derive(key: &SecretBytes, account: &AccountId, issue: Issue) -> Option<Secret> {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            16
        }
    }
    let pseudo_random = Salt::new(HKDF_SHA256, b"ecluse one-time code").extract(key.expose());
    let (number, epoch) = (issue.number.to_be_bytes(), issue.epoch.to_be_bytes());
    let mut bytes = [0_u8; 16];
    pseudo_random
        .expand(&[account.0.as_bytes(), &[0], &number, &epoch], Length)
        .ok()?
        .fill(&mut bytes)
        .ok()?;
    // 128 bits over 59: the excess of the first symbols is below 2^-68.
    Some(write(u128::from_be_bytes(bytes), SYMBOLS))
}

/// So many symbols of a random number. It must have many more bits than they have, or the first come up more often.
pub(super) fn write(mut number: u128, symbols: usize) -> Secret {
    let mut text = String::with_capacity(symbols);
    for _ in 0..symbols {
        let index = usize::try_from(number % 31).unwrap_or_default();
        text.push(char::from(ALPHABET[index]));
        number /= 31;
    }
    Secret::new(text)
}

/// What somebody typed, if it has the form of a code: case, spaces and hyphens do not count.
pub fn read(typed: &Secret) -> Option<Secret> {
    read_symbols(typed, SYMBOLS)
}

/// The same for a code of another length.
pub(super) fn read_symbols(typed: &Secret, length: usize) -> Option<Secret> {
    let symbols: String = typed
        .expose()
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|c| c.to_ascii_uppercase())
        .take(length + 1)
        .collect();
    let fits = symbols.len() == length && symbols.bytes().all(|b| ALPHABET.contains(&b));
    fits.then(|| Secret::new(symbols))
}

/// How a code is printed: in groups of four.
pub fn printed(code: &Secret) -> Secret {
    let symbols: Vec<char> = code.expose().chars().collect();
    Secret::new(symbols.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(account: &str, number: i64) -> Secret {
        under(3, account, Issue { epoch: 0, number })
    }

    fn under(key: u8, account: &str, issue: Issue) -> Secret {
        derive(&SecretBytes::new(vec![key; 32]), &AccountId(account.to_owned()), issue).unwrap()
    }

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let code = code("a", 1);
        let shown = printed(&code);
        assert_eq!(shown.expose().len(), 14);
        for typed in
            [shown.expose().to_lowercase(), shown.expose().replace('-', " "), format!(" {} ", shown.expose())]
        {
            assert!(read(&Secret::new(typed)).unwrap().same_as(&code));
        }
        assert!(read(&Secret::new(format!("{}A", shown.expose()))).is_none());
        assert!(read(&Secret::new("Motdepasse1!".to_owned())).is_none());
    }

    #[test]
    fn another_account_issue_epoch_or_key_is_another_code() {
        let other_key = under(4, "a", Issue { epoch: 0, number: 1 });
        let other_epoch = under(3, "a", Issue { epoch: 1, number: 1 });
        for other in [code("b", 1), code("a", 2), other_epoch, other_key] {
            assert!(!other.same_as(&code("a", 1)));
        }
    }
}

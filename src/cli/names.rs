//! What people, acts and orders are called on a terminal.

use std::collections::HashMap;

use crate::cli::printer::Failure;
use crate::domain::account::AccountId;
use crate::flows::context::Context;
use crate::store;

/// Who acted or was acted on: somebody by login, all others as the audit log has them. Whoever is met often is looked up once.
pub(super) struct Names<'a> {
    ctx: &'a Context,
    known: HashMap<String, String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(ctx: &'a Context) -> Self {
        Self { ctx, known: HashMap::new() }
    }

    /// Of a word of the audit log, such as `account:ID` or `local:root`.
    pub(super) async fn of(&mut self, word: &str) -> Result<String, Failure> {
        let Some(id) = word.strip_prefix("account:") else { return Ok(word.to_owned()) };
        if let Some(login) = self.known.get(id) {
            return Ok(login.clone());
        }
        let person = store::account::find(&self.ctx.db, &AccountId(id.to_owned())).await?;
        let login = person.map_or_else(|| word.to_owned(), |person| person.login);
        self.known.insert(id.to_owned(), login.clone());
        Ok(login)
    }
}

/// The part of a `UUIDv7` that is its instant, to the millisecond.
pub(super) const INSTANT: usize = "0193abcd-1234".len();

/// As much of an id as tells it apart from these: whatever takes an id takes its beginning.
pub(super) fn short<'a>(id: &'a str, among: &(impl Iterator<Item = &'a str> + Clone)) -> &'a str {
    let is_enough = |length: &usize| {
        id.get(..*length)
            .is_some_and(|part| among.clone().all(|other| other == id || !other.starts_with(part)))
    };
    let length = (INSTANT..id.len()).find(is_enough).unwrap_or(id.len());
    id.get(..length).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_as_long_as_it_must_be() {
        let ids = ["0193abcd-1234-7aaa-8000", "0193abcd-1234-7bbb-8000", "0193abcd-9999-7bbb-8000", "x"];
        let shortened = ids.map(|id| short(id, &ids.into_iter()));
        assert_eq!(shortened, ["0193abcd-1234-7a", "0193abcd-1234-7b", "0193abcd-9999", "x"]);
    }
}

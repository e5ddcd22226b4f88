//! From a history to what it proves against the provider.

use super::history::History;

/// A rule that was broken, and the events that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    pub(crate) events: Vec<u32>,
    pub(crate) because: String,
}

/// Everything that the history proves.
pub(crate) fn check(_history: &History) -> Vec<Violation> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::{History, Violation, check};

    #[test]
    fn nothing_proves_nothing() {
        assert_eq!(check(&History::default()), Vec::<Violation>::new());
    }
}

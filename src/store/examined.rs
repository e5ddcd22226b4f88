//! What a store was found to be, by whoever looks for what is wrong before it hurts.

/// What a store was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Make and version.
    pub what: String,
    /// What is not as it should be.
    pub doubts: Vec<Doubt>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Whether it will not do; else it may.
    pub is_wrong: bool,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub advice: String,
}

impl Doubt {
    pub(super) fn wrong(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { is_wrong: true, found: found.into(), advice: advice.into() }
    }

    pub(super) fn warning(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { is_wrong: false, ..Self::wrong(found, advice) }
    }
}

//! People and operators: what they ask for, and what they are answered.

pub(crate) mod ambush;
pub(crate) mod browser;
mod change;
pub(crate) mod doors;
mod meeting;
pub(crate) mod operators;
pub(crate) mod person;
pub(crate) mod recorder;
pub(crate) mod town;

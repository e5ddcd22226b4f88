//! People and operators: what they ask for, and what they are answered.

pub(crate) mod browser;
mod change;
pub(crate) mod doors;
pub(crate) mod operators;
pub(crate) mod person;
pub(crate) mod recorder;
pub(crate) mod town;

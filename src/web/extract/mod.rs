//! What a request says, read once.

pub mod cookies;
pub mod form;
pub mod language;
pub mod origin;
pub mod same_origin;
pub mod visit;

//! What operators see of people.

pub mod operators;
pub mod read;
pub mod roll;
pub mod search;
pub mod selection;

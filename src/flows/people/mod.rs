//! What operators see of people.

pub mod read;
pub mod roll;
pub mod search;
pub mod selection;

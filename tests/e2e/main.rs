//! End to end, as people: over real HTTP with real cookies, on a real database.

mod browser;
mod house;
mod provider;
mod relying_party;
mod sign_in;

//! End to end, as people: over real HTTP with real cookies, on a real database.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where it stopped")]

mod attacks;
mod authorize;
mod browser;
mod command_line;
mod doors;
mod holder;
mod house;
mod provider;
mod relying_party;
mod sign_in;
mod stop;

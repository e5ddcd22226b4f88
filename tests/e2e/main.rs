//! End to end, as people: over real HTTP with real cookies, on a real database.

mod house;

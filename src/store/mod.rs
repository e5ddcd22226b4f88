//! What is remembered: all SQL, and nothing but SQL.

pub mod clock;
pub mod db;

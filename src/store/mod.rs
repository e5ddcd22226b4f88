//! What is remembered: all SQL, and nothing but SQL.

pub mod account;
pub mod approval;
pub mod audit;
pub mod client;
pub mod clock;
pub mod db;
pub mod deployment;
pub mod ephemeral;
pub mod examined;
pub mod factor;
pub mod grant;
pub mod idempotency;
pub mod import;
pub mod key_sheet;
pub mod notice;
pub mod operator;
pub mod population;
pub mod progress;
pub mod reset_order;
pub mod seal;
pub mod secrets;
pub mod session;
pub mod signing_key;
pub mod skew;
pub mod territory;
pub mod used_assertion;

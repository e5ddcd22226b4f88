//! What is true: values and decisions. No async, no I/O, no clock.

pub mod account;
pub mod approval;
pub mod audit_chain;
pub mod client;
pub mod code;
pub mod event;
pub mod facts;
pub mod gate;
pub mod grant;
pub mod jurisdiction;
pub mod length;
pub mod level;
pub mod notice;
pub mod operator;
pub mod order_clock;
pub mod password;
pub mod population;
pub mod profile;
pub mod reset_order;
pub mod scope;
pub mod secret;
pub mod session;
pub mod tally;
pub mod territory;
pub mod throttle;
pub mod timestamp;

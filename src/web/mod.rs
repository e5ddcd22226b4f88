//! Who is asking: extract, call one flow, answer. `router.rs` lists every route.

pub mod admin;
pub mod answer;
pub mod api;
pub mod app;
pub mod audit_file;
pub mod console;
pub mod download;
pub mod exposition;
pub mod extract;
pub mod families;
pub mod health;
pub mod listener;
pub mod pages;
pub mod protocol;
pub mod request_log;
pub mod roster;
pub mod router;
pub mod serve;
pub mod slips;
pub mod span;

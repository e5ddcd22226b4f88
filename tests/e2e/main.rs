//! End to end, as people: over real HTTP with real cookies, on a real database.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where it stopped")]

mod access_token;
mod attacks;
mod audit;
mod authorize;
mod balancer;
mod browser;
mod change_races;
mod chromium;
mod claims;
mod client_notice;
mod command_line;
mod crash;
mod database;
mod demo;
mod deployment;
mod doctor;
mod documents;
mod doors;
mod four_eyes;
mod history;
mod holder;
mod house;
mod id_token;
mod in_chromium;
mod jurisdiction;
mod logout;
mod lost_claims;
mod mass_reset;
mod meanwhile;
mod metrics;
mod notices;
mod on_postgres;
mod on_postgres_copy;
mod on_postgres_races;
mod order_notices;
mod pages;
mod parallel;
mod pictures;
mod premises;
mod progress;
mod provider;
mod put_back;
mod races;
mod receiver;
mod relying_party;
mod replicas;
mod restart;
mod restored;
mod secrecy;
mod session;
mod sign_in;
mod slips;
mod staff;
mod stop;
#[path = "../../src/store/db/test_server.rs"]
mod test_server;
mod throttle;
mod token;
#[path = "../torture/mod.rs"]
mod torture;
mod traces;
mod upgrade;
mod watching;

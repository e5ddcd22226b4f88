//! Écluse: an OpenID provider that issues tokens only after the password-change gate passes.
//!
//! Floors, from what is true to who is asking: [`domain`], then [`oidc`], [`store`] and [`outgoing`], then [`flows`], then
//! [`web`], then [`cli`]; [`paper`] stands on [`domain`] alone. A floor knows the floors below it and no other; `tests/` enforces it.
//! `docs/ARCHITECTURE.md` is the map.

pub mod cli;
pub mod config;
pub mod domain;
pub mod flows;
pub mod oidc;
pub mod outgoing;
pub mod paper;
pub mod store;
pub mod web;
pub mod words;

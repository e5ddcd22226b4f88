//! Who is asking: extract, call one flow, answer. `router.rs` lists every route.

pub mod pages;

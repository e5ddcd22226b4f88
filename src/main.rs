//! The `ecluse` program.
fn main() {}

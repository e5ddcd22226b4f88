//! What becomes of the lines of the audit log once they are written: they are sealed into a chain, read out, verified, and
//! removed when they were kept long enough.

pub mod cut;
pub mod export;
pub mod read;
pub mod seal;
pub mod verify;

#[cfg(test)]
mod tests;

//! The torture: replicas, PostgreSQL, Redis and the links between them fail at random while people and operators go on,
//! and a checker proves from what was answered, and from what the database says it committed, that nothing got through a
//! closed gate, nothing was used twice and nothing acknowledged was lost.

pub(crate) mod checker;
mod dice;
pub(crate) mod history;
mod people;
mod run;
mod unhinged;
mod world;

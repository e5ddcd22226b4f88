//! WHAT IS PRINTED. Slips as a table for office programs and as PDF, written to whatever is handed in.
//!
//! Nothing here knows where slips come from or where they go: no I/O, no clock, no database. Whoever prints makes
//! [`slip::Slip`]s of what was decided, [`stationery::Stationery`] of the settings, and puts the one onto the other.

pub mod archive;
mod document;
mod font;
pub mod letter;
pub mod output;
mod page;
mod qr;
pub mod roster;
pub mod series;
pub mod slip;
pub mod stationery;
pub mod table;

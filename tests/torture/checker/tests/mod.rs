//! The checker on histories in which one thing is wrong, and on their innocent neighbours.

mod model;
mod planted;
mod property;
mod tale;

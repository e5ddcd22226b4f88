//! The checker on histories in which one thing is wrong, and on their innocent neighbours.

mod model;
mod planted;
mod planted_loss;
mod property;
mod tale;

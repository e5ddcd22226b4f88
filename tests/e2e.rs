//! End to end, as people.

//! What is true: values and decisions. No async, no I/O, no clock.

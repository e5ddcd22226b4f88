//! What happens: one verb, one file. Load facts, decide, write in one batch, report the outcome.

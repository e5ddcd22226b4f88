//! What is remembered: all SQL, and nothing but SQL.

//! The settings: one file per section; `config/default.toml` is their documentation.

//! What a person sees: server-rendered pages in French and English that need no JavaScript.

pub mod assets;
pub mod text;
pub mod view;

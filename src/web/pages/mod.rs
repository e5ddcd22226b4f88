//! What a person sees: server-rendered pages in French and English that need no JavaScript.

pub mod account;
pub mod assets;
pub mod change_form;
pub mod developer;
pub mod interaction;
pub mod text;
pub mod view;

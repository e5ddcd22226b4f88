//! One struct per page, with plain fields; the templates are in `templates/`.
//!
//! Nothing here reads the store or a clock: times, names and addresses come ready to print. Whatever a person
//! or a relying party wrote is escaped by the templates; no template uses the `safe` filter.

mod account;
mod change;
mod developer;
mod login;
mod trouble;

pub use account::{HomePage, LoggedOutPage, LogoutPage, told};
pub use change::{ChangePage, ChangedPage, Field, Next, Proof, Why};
pub use developer::{DeveloperPage, Signal};
pub use login::{LoginPage, Refusal, Retry};
pub use trouble::{Trouble, TroublePage};

use crate::web::pages::text::Language;

/// What every page has around its content.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The language the page is written in.
    pub language: Language,
    /// The name of the deployment, as its users know it.
    pub name: &'a str,
    /// The origin a person should see in the address bar, without a slash at the end.
    pub origin: &'a str,
    /// The same page in the other language, for a GET; absent where a GET would not show the same.
    pub switch: Option<&'a str>,
}

impl Frame<'_> {
    pub(crate) fn text(&self, key: &str) -> String {
        self.language.text(key)
    }
}

/// A link whose address was registered or is ours, never one received in a request.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// What it leads to, as its users know it.
    pub name: &'a str,
    /// Its address.
    pub href: &'a str,
}

#[cfg(test)]
mod tests;

//! What an operator does with one account, or with a selection.

pub mod disable;
pub mod force_change;
pub mod grant_role;
pub mod new_code;

use thiserror::Error;

use crate::domain::account::{AccountId, LoginName};
use crate::flows::context::Context;
use crate::flows::unavailable::Unavailable;
use crate::store;
use crate::store::account::Person;

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AccountError {
    /// The account is disabled: no code opens anything for it.
    #[error("the account {0:?} is disabled; enable it first")]
    Disabled(String),
    /// The person signs in elsewhere and has no password here.
    #[error("the account {0:?} signs in through another provider and has no password here")]
    FederatedOnly(String),
    /// Nobody has these logins.
    #[error("no account has the login {}", .0.join(", "))]
    Unknown(Vec<String>),
}

/// All the accounts of a selection; one login that nobody has refuses the whole of it.
async fn select(ctx: &Context, logins: &[String]) -> Result<Result<Vec<Person>, AccountError>, Unavailable> {
    let mut people = Vec::with_capacity(logins.len());
    let mut unknown = Vec::new();
    for login in logins {
        let found = match LoginName::parse(login) {
            Ok(name) => store::account::find_by_login(&ctx.db, &name).await?,
            Err(_) => None,
        };
        match found {
            Some(person) => people.push(person),
            None => unknown.push(login.clone()),
        }
    }
    Ok(if unknown.is_empty() { Ok(people) } else { Err(AccountError::Unknown(unknown)) })
}

fn object(account: &AccountId) -> String {
    format!("account:{}", account.0)
}

//! The people to be, as `config/demo/passwords.csv` names them.

use std::time::Duration;

use ::ecluse::cli::printer::Failure;
use ::ecluse::config::Config;
use serde::Deserialize;

use crate::place::model;

/// Somebody to be.
#[derive(Clone, Deserialize)]
pub struct Somebody {
    /// What is typed.
    pub login: String,
    /// The password; empty for somebody who has none yet.
    pub password: String,
    /// What the demo does for this person.
    pub state: State,
    /// The class that is put under an order, for [`State::Ordered`].
    pub place: String,
    /// Who it is.
    pub who: String,
    /// What happens at sign-in.
    pub then: String,
}

/// What the demo does for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Chooses a password.
    Activated,
    /// Gets a code, and no more.
    Code,
    /// Chose a password longer ago than the profile allows.
    Expired,
    /// Chooses a password, and becomes an operator of the place.
    Operator,
    /// Chooses a password; then an order covers the place.
    Ordered,
}

/// Everybody to be.
pub fn read() -> Result<Vec<Somebody>, Failure> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(model("passwords.csv"))?;
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

/// How long ago a password was chosen that has outlived every profile's limit.
pub fn long_ago(config: &Config) -> Duration {
    let longest = config.password.maximum_lifetime.values().max().copied().unwrap_or_default();
    longest + Duration::from_hours(30 * 24)
}

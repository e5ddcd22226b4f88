//! `demo fill`, and the first half of `demo run`: keys, places and people, by the provider's own command line and pages.

use std::path::Path;

use ::ecluse::cli::printer::{ExitStatus, Failure, Printer, table};
use ::ecluse::config::Config;
use ::ecluse::store::clock::Clock;

use crate::activate::activate;
use crate::ecluse::Ecluse;
use crate::people::{self, Somebody, State};
use crate::place::{Place, Ports, model};

/// Fills the database of a folder that `found` made. The second time only the schema is brought up to date.
pub async fn run(folder: &Path, printer: &Printer) -> Result<ExitStatus, Failure> {
    let place = Place::of_made(folder)?;
    let config = place.config()?;
    let ecluse = Ecluse::new(place.settings())?;
    ecluse.run(&["init"])?;
    // An order is the last thing that is made.
    let orders = ecluse.json(&["reset-order", "list"])?;
    if orders.as_array().is_some_and(|orders| !orders.is_empty()) {
        printer.talk("The people are there already, as they were left.");
        return Ok(ExitStatus::Done);
    }
    let people = people(&ecluse, &config).await.map_err(|failure| {
        failure.hint("where it was stopped halfway before, only a fresh database helps")
    })?;
    printer.data(&welcome(config.server.issuer.as_str(), Ports::new(None), &people))?;
    Ok(ExitStatus::Done)
}

/// Makes everybody, at a provider that was initialised. Each row of the table that is printed is about one person.
pub async fn people(ecluse: &Ecluse, config: &Config) -> Result<Vec<[String; 4]>, Failure> {
    for (what, file) in [("territory", "territories.csv"), ("account", "people.csv")] {
        ecluse.run(&[what.as_ref(), "import".as_ref(), model(file).as_os_str()])?;
    }
    let people = people::read()?;
    let in_state = |wanted: &[State]| -> Vec<_> {
        people.iter().filter(|somebody| wanted.contains(&somebody.state)).cloned().collect()
    };
    let past = Clock::manual(Clock::system().now().minus(people::long_ago(config)));
    activate(config, past, in_state(&[State::Expired])).await?;
    activate(config, Clock::system(), in_state(&[State::Activated, State::Operator, State::Ordered])).await?;
    people.iter().map(|somebody| settle(ecluse, somebody)).collect()
}

/// Does what the command line has to do for a person, and gives back the row of the table about them.
fn settle(ecluse: &Ecluse, somebody: &Somebody) -> Result<[String; 4], Failure> {
    let Somebody { login, password, state, place, who, then } = somebody;
    let mut typed = password.clone();
    match state {
        State::Activated | State::Expired => {}
        State::Code => typed = ecluse.new_code(login)?,
        State::Operator => {
            ecluse.run(&["operator", "grant", login, "--role", "authority", "--territory", place])?;
        }
        State::Ordered => {
            let words = ["reset-order", "issue", "--yes", "--level", "change", "--territory", place];
            ecluse.run(&[&words[..], &["--reason", "demo"]].concat())?;
        }
    }
    Ok([who.clone(), login.clone(), typed, then.clone()])
}

/// Where to click, and who to be.
pub fn welcome(issuer: &str, ports: Ports, people: &[[String; 4]]) -> String {
    let people = table(["be", "login", "password or code", "then"], people.iter().cloned());
    format!(
        "
  the portal, an ENT              {portal}
  the gradebook, a PRONOTE        {gradebook}
  the provider that both rely on  {issuer}

{people}",
        portal = address(ports.portal),
        gradebook = address(ports.gradebook),
    )
}

/// Where a relying party answers.
pub fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}/")
}

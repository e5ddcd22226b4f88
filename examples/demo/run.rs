//! `demo run`: makes everything anew, starts it, says where to click and who to be, and stops it.

use std::path::Path;
use std::process::Command;

use ::ecluse::cli::printer::{ExitStatus, Failure, Printer, table};
use ::ecluse::store::clock::Clock;
use tokio::signal::unix::{SignalKind, signal};

use crate::activate::activate;
use crate::ecluse::{Ecluse, built, without_settings};
use crate::people::{self, Somebody, State};
use crate::place::{Place, Ports, model};
use crate::processes::Processes;

/// Runs the demo until it is told to stop, or one of its processes ends.
pub async fn run(folder: &Path, ports: Ports, printer: &Printer) -> Result<ExitStatus, Failure> {
    let mut processes = Processes::default();
    let outcome = tokio::select! {
        // First: on Ctrl-C a terminal tells the processes too, and their end is no failure then.
        biased;
        told = told_to_stop() => told.map(|()| ExitStatus::Done),
        ended = live(folder, ports, printer, &mut processes) => match ended {
            Ok(failure) | Err(failure) => Err(failure),
        },
    };
    if processes.stop().await {
        printer.talk("The demo has stopped.");
    }
    outcome
}

/// Prepares, starts and watches. The demo is over when this ends, and never well.
async fn live(
    folder: &Path,
    ports: Ports,
    printer: &Printer,
    processes: &mut Processes,
) -> Result<Failure, Failure> {
    ports.check_free()?;
    let place = Place::make(folder, ports)?;
    let config = place.config()?;
    let ecluse = Ecluse::new(place.settings())?;
    printer.talk("Making a provider, with schools and people …");
    prepare(&ecluse)?;

    let people = people::read()?;
    let in_state = |wanted: &[State]| -> Vec<_> {
        people.iter().filter(|somebody| wanted.contains(&somebody.state)).cloned().collect()
    };
    let now = Clock::system().now();
    let past = Clock::manual(now.minus(people::long_ago(&config)));
    activate(&config, past, in_state(&[State::Expired])).await?;
    activate(&config, Clock::system(), in_state(&[State::Activated, State::Operator, State::Ordered]))
        .await?;

    start(processes, &place, &ecluse, ports)?;
    let told = people.iter().map(|somebody| settle(&ecluse, somebody)).collect::<Result<Vec<_>, _>>()?;
    let issuer = config.server.issuer.as_str();
    processes.answer(&[format!("{issuer}/readyz"), address(ports.portal), address(ports.gradebook)]).await?;
    printer.data(&welcome(&ecluse, issuer, ports, &told))?;
    Ok(processes.one_has_ended().await)
}

/// What a deployment does once: keys, places and people.
fn prepare(ecluse: &Ecluse) -> Result<(), Failure> {
    ecluse.run(&["init"])?;
    for (what, file) in [("territory", "territories.csv"), ("account", "people.csv")] {
        ecluse.run(&[what.as_ref(), "import".as_ref(), model(file).as_os_str()])?;
    }
    Ok(())
}

fn start(processes: &mut Processes, place: &Place, ecluse: &Ecluse, ports: Ports) -> Result<(), Failure> {
    let mut provider = ecluse.command();
    provider.arg("serve");
    processes.start("the provider", provider, place.file("provider.log"))?;
    let relying_party = built("relying_party")?;
    for (role, port) in [("portal", ports.portal), ("gradebook", ports.gradebook)] {
        let mut command = Command::new(&relying_party);
        without_settings(&mut command)
            .args([role, "--client-id", role])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--issuer", &format!("http://127.0.0.1:{}", ports.provider)])
            .arg("--client-secret-file")
            .arg(place.file(&format!("{role}.secret")));
        if role == "portal" {
            command.args(["--gradebook", &format!("{}notes", address(ports.gradebook))]);
        }
        processes.start(role, command, place.file(&format!("{role}.log")))?;
    }
    Ok(())
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

fn welcome(ecluse: &Ecluse, issuer: &str, ports: Ports, people: &[[String; 4]]) -> String {
    let people = table(["be", "login", "password or code", "then"], people.iter().cloned());
    format!(
        "
  the portal, an ENT              {portal}
  the gradebook, a PRONOTE        {gradebook}
  the provider that both rely on  {issuer}

{people}
Try every door:        make doors
Order, print, force:   {ecluse} --help
Stop all of it:        Ctrl-C
",
        portal = address(ports.portal),
        gradebook = address(ports.gradebook),
    )
}

fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}/")
}

/// Completes on Ctrl-C, SIGTERM, or when the terminal is closed.
async fn told_to_stop() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

//! `demo run`: makes everything anew, starts it, says where to click and who to be, and stops it.

use std::path::Path;
use std::process::Command;

use ::ecluse::cli::printer::{ExitStatus, Failure, Printer};
use tokio::signal::unix::{SignalKind, signal};

use crate::ecluse::{Ecluse, built, without_settings};
use crate::fill::{address, people, welcome};
use crate::place::{Place, Ports};
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
    ecluse.run(&["init"])?;
    let people = people(&ecluse, &config).await?;

    start(processes, &place, &ecluse, ports)?;
    let issuer = config.server.issuer.as_str();
    processes.answer(&[format!("{issuer}/readyz"), address(ports.portal), address(ports.gradebook)]).await?;
    printer.data(&format!("{}\n{}", welcome(issuer, ports, &people), and_now(&ecluse)))?;
    Ok(processes.one_has_ended().await)
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

fn and_now(ecluse: &Ecluse) -> String {
    format!(
        "Try every door:        make doors
Order, print, force:   {ecluse} --help
Stop all of it:        Ctrl-C
"
    )
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

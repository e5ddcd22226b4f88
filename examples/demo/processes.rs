//! The programs of the demo, each a process of its own. They live and die together.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use ::ecluse::cli::printer::Failure;

use crate::browser::http;

/// How often a process is looked after.
const LOOK: Duration = Duration::from_millis(50);

/// How long a process has to answer its first request, and how long to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lines of a log that say why its process ended.
const LAST_LINES: usize = 10;

/// Processes that were started and are to be stopped.
#[derive(Default)]
pub struct Processes(Vec<Process>);

struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Processes {
    /// Starts a program. What it says goes into the log.
    pub fn start(&mut self, name: &'static str, mut command: Command, log: PathBuf) -> Result<(), Failure> {
        let output = File::create(&log)?;
        let child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
        self.0.push(Process { name, child, log });
        Ok(())
    }

    /// Waits until every one of these addresses answers.
    pub async fn answer(&mut self, addresses: &[String]) -> Result<(), Failure> {
        let http = http().build()?;
        for address in addresses {
            let mut looks = PATIENCE.as_millis() / LOOK.as_millis();
            while !http.get(address).send().await.is_ok_and(|answer| answer.status().is_success()) {
                self.check()?;
                looks = looks.checked_sub(1).ok_or_else(|| {
                    Failure::failed(format_args!("{address} did not answer in {} s", PATIENCE.as_secs()))
                })?;
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// Completes when one of them has ended, which none should.
    pub async fn one_has_ended(&mut self) -> Failure {
        loop {
            if let Err(failure) = self.check() {
                return failure;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn check(&mut self) -> Result<(), Failure> {
        for process in &mut self.0 {
            if let Some(status) = process.child.try_wait()? {
                return Err(process.ended(status));
            }
        }
        Ok(())
    }

    /// Asks all of them to stop; those that do not are ended with this. Tells whether there were any.
    pub async fn stop(&mut self) -> bool {
        let any = !self.0.is_empty();
        for process in &mut self.0 {
            process.ask_to_stop();
        }
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            self.0.retain_mut(|process| matches!(process.child.try_wait(), Ok(None)));
            if self.0.is_empty() {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        any
    }
}

impl Drop for Processes {
    /// Whatever happened, no process stays behind.
    fn drop(&mut self) {
        for process in &mut self.0 {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

impl Process {
    fn ended(&self, status: ExitStatus) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        Failure::failed(format_args!("{} has ended ({status}):\n{last}", self.name))
    }

    /// The standard library only kills; whoever is asked instead ends what is under way first.
    fn ask_to_stop(&mut self) {
        // A process that was waited for has no number any more: it could be another's by now.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("sh")
                .args(["-c", "kill -TERM \"$1\"", "sh", &self.child.id().to_string()])
                .status();
        }
    }
}

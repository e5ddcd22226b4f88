//! The provider's program, as an operator runs it.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::process::Command;

use ::ecluse::cli::printer::Failure;
use serde_json::Value;

/// The `ecluse` program with the demo's settings.
#[derive(Clone)]
pub struct Ecluse {
    program: PathBuf,
    settings: PathBuf,
}

impl Ecluse {
    /// The program that was built along with this one.
    pub fn new(settings: PathBuf) -> Result<Self, Failure> {
        Ok(Self { program: built("../ecluse")?, settings })
    }

    /// A command of the program, not yet run.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        without_settings(&mut command).arg("--config").arg(&self.settings);
        command
    }

    /// Runs one command and gives back what it answered. Fails with what it said, if it did not do all of it.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<String, Failure> {
        let output = self.command().args(arguments).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy()).collect();
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::failed(format_args!("ecluse {}: {}", words.join(" "), said.trim())))
    }

    /// The same for a command that answers programs with JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value, Failure> {
        Ok(serde_json::from_str(&self.run(&[arguments, &["--json"]].concat())?)?)
    }

    /// A new code for one person, as it is printed.
    pub fn new_code(&self, login: &str) -> Result<String, Failure> {
        let answer = self.json(&["account", "code", login, "--reason", "demo"])?;
        let code =
            answer["code"].as_str().ok_or_else(|| Failure::failed("ecluse answered without a code"))?;
        Ok(code.to_owned())
    }
}

impl Display for Ecluse {
    /// How somebody types it in the folder where this program was started.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        let [program, settings] =
            [&self.program, &self.settings].map(|path| path.strip_prefix(&here).unwrap_or(path).display());
        write!(f, "{program} --config {settings}")
    }
}

/// A program that cargo puts beside this one.
pub fn built(name: &str) -> Result<PathBuf, Failure> {
    let here = std::env::current_exe()?;
    let path = here.parent().unwrap_or(Path::new(".")).join(name);
    path.canonicalize().map_err(|error| {
        Failure::failed(format_args!("{}: {error}", path.display())).hint("cargo build --bins --examples")
    })
}

/// Takes what is meant for another provider out of the environment of a command.
pub fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ECLUSE") {
            command.env_remove(name);
        }
    }
    command
}

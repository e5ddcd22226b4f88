//! This program, run again as another process: what it measures there is in nobody else's figures.

use std::process::{Command, Stdio};

/// Runs this program with these arguments and returns what it printed.
pub(crate) fn run(arguments: &[&str]) -> String {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.arg("--bench").args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = program.output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

//! Which program gets which cores, and how long it was on them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ::ecluse::cli::printer::Failure;

/// The cores of the provider.
pub enum Cores {
    /// The first so many; the others are this program's.
    First(usize),
    /// Whoever needs one takes it.
    Shared,
}

impl Cores {
    /// Keeps this program off so many cores, half of them unless it is said how many.
    pub fn share(wanted: Option<usize>) -> Result<Self, Failure> {
        let all = std::thread::available_parallelism()?.get();
        let first = wanted.unwrap_or(all / 2);
        if first == 0 {
            return Ok(Self::Shared);
        }
        if first >= all {
            return Err(Failure::failed(format_args!("of {all} cores, {first} leave none for this program")));
        }
        let others = format!("{first}-{}", all - 1);
        let own = std::process::id().to_string();
        let output = Command::new("taskset").args(["--pid", "--cpu-list", &others, &own]).output();
        match output {
            Ok(output) if output.status.success() => Ok(Self::First(first)),
            Ok(output) => Err(Failure::failed(String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Err(Failure::failed(format_args!("taskset: {error}")).hint("or --cores 0")),
        }
    }

    /// A program that keeps to the provider's cores.
    pub fn command(&self, program: &Path) -> Command {
        match self {
            Self::First(first) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", &format!("0-{}", first - 1)]).arg(program);
                command
            }
            Self::Shared => Command::new(program),
        }
    }

    /// In words.
    pub fn told(&self) -> String {
        match self {
            Self::First(1) => "on a core of its own".to_owned(),
            Self::First(first) => format!("on {first} cores of its own"),
            Self::Shared => "on whatever cores are free".to_owned(),
        }
    }
}

/// To a hundredth of a second.
pub fn on_core(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, may hold anything; the two times are the 12th and 13th numbers after it.
    let numbers =
        stat.rsplit_once(')').map_or("", |(_, numbers)| numbers).split_whitespace().skip(11).take(2);
    Duration::from_millis(numbers.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
}

//! The folder of a run, and the leash on everything that works in it.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits until its input ends, which it does however the tests end; then ends every process that works in the folder,
/// and removes it. Once more each time, for what was being born meanwhile.
const LEASH: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
for time in 1 2 3 4 5 6 7 8 9; do
    for process in /proc/[0-9]*; do
        case "$(readlink "$process/cwd" 2>/dev/null)" in
        "$1" | "$1"/*) kill -9 "${process#/proc/}" 2>/dev/null ;;
        esac
    done
    rm -rf "$1" 2>/dev/null && exit
done
"#;

/// A folder that is gone when this is dropped, with every process that works in it.
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    leash: Child,
}

impl Home {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        // PostgreSQL runs as somebody else where the tests run as root.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).unwrap();
        let leash = Command::new("sh")
            .args(["-c", LEASH, "leash"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .process_group(0) // what interrupts the tests must not interrupt this
            .spawn()
            .unwrap();
        Self { folder, leash }
    }

    /// A folder in it.
    pub(crate) fn room(&self, name: &str) -> PathBuf {
        let room = self.folder.join(name);
        std::fs::create_dir(&room).unwrap();
        room
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(self.leash.stdin.take());
        let _ = self.leash.wait(); // whatever it says, there is nobody left to end
    }
}

/// Sends a signal to processes. Those that are gone already are as they should be.
pub(crate) fn signal(name: &str, processes: &[u32]) {
    let processes = processes.iter().map(u32::to_string);
    let _ = Command::new("kill").arg(format!("-{name}")).args(processes).stderr(Stdio::null()).status();
}

/// The processes that a process has begun.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let list = std::fs::read_dir("/proc").unwrap();
    let pids = list.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    // The name may hold anything, blanks and brackets too.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

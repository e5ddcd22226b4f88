//! What the kernel counted: time on a core, and memory. Both belong to a process or a thread, so that whatever else runs
//! on the machine, the client that makes the load included, is not in the figure.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Time that the living threads of a process have spent on a core.
///
/// The kernel writes a thread's time down when it leaves its core; a process whose threads all wait is counted exactly.
pub(crate) fn of_process(pid: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks.map(|task| on_core(&format!("{}/schedstat", task.unwrap().path().display()))).sum()
}

/// Time that they have spent there since `before`.
pub(crate) fn spent(pid: u32, before: Duration) -> Duration {
    of_process(pid).saturating_sub(before)
}

/// Time that this thread has spent on a core.
fn of_this_thread() -> Duration {
    thread::sleep(Duration::from_millis(1)); // leaves the core, so that its time is written down
    on_core("/proc/thread-self/schedstat")
}

/// What a piece of work costs this thread.
pub(crate) fn cost(work: impl FnOnce()) -> Duration {
    let before = of_this_thread();
    work();
    of_this_thread().saturating_sub(before)
}

/// Time that the processes which this one started and which have ended spent on a core, to a hundredth of a second.
pub(crate) fn of_ended_children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name, in brackets, may hold anything; the times of children are the 13th and 14th numbers after it.
    let numbers = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(13).take(2);
    Duration::from_millis(numbers.map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum())
}

/// A line of `/proc/PID/status`, such as `VmRSS`, in MiB.
pub(crate) fn memory(pid: u32, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':')).unwrap();
    let kib: u32 = value.trim().trim_end_matches(" kB").parse().unwrap();
    f64::from(kib) / 1024.0
}

/// How long a piece of work takes by the clock on the wall.
pub(crate) fn watch<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = now();
    let done = work();
    (done, began.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The first number of a `schedstat` file is the time on a core, in nanoseconds.
fn on_core(file: &str) -> Duration {
    let text = fs::read_to_string(file).unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}

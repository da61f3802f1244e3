//! How much memory something takes, as the system counts it.

use std::fs;

use crate::Problem;

/// The most that the process has at once while it does something, beyond what it had before, in MB. What is free already
/// is given back first.
pub fn most<T>(work: impl FnOnce() -> T) -> Result<usize, Problem> {
    // SAFETY: any thread may call it at any time.
    unsafe { libc::malloc_trim(0) };
    // The system forgets the most that there was, see proc_pid_clear_refs(5).
    fs::write("/proc/self/clear_refs", "5")?;
    let before = status("VmRSS:")?;
    drop(work());
    Ok(status("VmHWM:")?.saturating_sub(before) / 1024)
}

/// A line of the process's status, in kB.
fn status(key: &str) -> Result<usize, Problem> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(key)).ok_or("a line of the status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

//! Processes, threads and descriptors, as the system sees them.

use std::env;
use std::fs;
use std::process::id;

use rustix::process::{Pid, Signal};

use crate::kit::CASE;

/// All processes.
fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The fields of `/proc/pid/stat` after the name: state, parent, group and so on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    Some(rest.split(' ').map(Into::into).collect())
}

/// Our children, those that nobody has waited for included.
pub(crate) fn children() -> Vec<u32> {
    children_of(id())
}

/// The children of a process, those that it has not waited for included.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let parent = parent.to_string();
    all().filter(|pid| stat(*pid).is_some_and(|stat| stat[1] == parent)).collect()
}

/// The process group of a process.
pub(crate) fn group(pid: u32) -> u32 {
    stat(pid).unwrap()[2].parse().unwrap()
}

/// Whether a process has ended; one that nobody has waited for has as well.
pub(crate) fn is_gone(pid: u32) -> bool {
    stat(pid).is_none_or(|stat| matches!(&*stat[0], "Z" | "X"))
}

/// Whether a process was stopped.
pub(crate) fn is_stopped(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat[0] == "T")
}

/// The processes that come from this case, alive, wherever they hang now; without us.
pub(crate) fn of_case() -> Vec<u32> {
    let Some(case) = env::var_os(CASE) else { return Vec::new() };
    let mark = format!("{CASE}={}", case.to_str().unwrap());
    let is_ours = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    all().filter(|pid| *pid != id() && !is_gone(*pid)).filter(is_ours).collect()
}

/// What our descriptors lead to, in their order.
pub(crate) fn descriptors() -> Vec<String> {
    descriptors_of(id())
}

/// What the descriptors of a process lead to, in their order; but for those that were looked at.
pub(crate) fn descriptors_of(pid: u32) -> Vec<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let mut found: Vec<(u32, String)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            let number = entry.file_name().to_str()?.parse().ok()?;
            Some((number, format!("{number}: {}", target.display())))
        })
        .filter(|(_, target)| !target.ends_with("/fd"))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, target)| target).collect()
}

/// How many threads we are.
pub(crate) fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// Prints what a process is doing.
pub(crate) fn describe(pid: u32) {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    eprintln!("process {pid}: {}", String::from_utf8_lossy(&command).replace('\0', " "));
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for task in tasks.flatten() {
        let read = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        let (status, stack) = (read("status"), read("stack"));
        let told = |line: &&str| {
            ["Name:", "State:", "PPid:", "SigBlk:"].iter().any(|field| line.starts_with(field))
        };
        let told: Vec<_> = status.lines().filter(told).collect();
        eprintln!(
            "  {:?} {} {}\n{stack}",
            task.file_name(),
            told.join(" "),
            read("syscall").trim()
        );
    }
}

/// Sends a signal.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}

/// Bytes of memory that we use now.
pub(crate) fn memory() -> u64 {
    status("VmRSS:")
}

/// Bytes of memory that we have used, at most.
pub(crate) fn peak_memory() -> u64 {
    status("VmHWM:")
}

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Of this process, in bytes.
pub(crate) fn address_space() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    size.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

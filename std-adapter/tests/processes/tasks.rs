//! What workers are asked to do.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::panic;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use concurrent_futures::calls::LargeBytes;
use concurrent_futures::task;
use rustix::process::Signal;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::deeds::Deed;
use crate::kit::{CASE, builder};
use crate::machine;

/// Writes down that a task has begun.
pub(crate) fn note(id: u64) {
    let directory = env::var_os(CASE).expect("workers inherit it");
    let log = Path::new(&directory).join("log");
    let mut log = File::options().append(true).create(true).open(log).unwrap();
    log.write_all(format!("{id}\n").as_bytes()).unwrap();
}

#[task]
pub(crate) fn add(one: u64, other: u64) -> u64 {
    one + other
}

/// As [`add`], and says where.
#[task]
pub(crate) fn add_here(one: u64, other: u64) -> (u32, u64) {
    (std::process::id(), one + other)
}

/// Has an effect, and gives its number back.
#[task]
pub(crate) fn act(id: u64) -> u64 {
    note(id);
    id
}

/// The same after it was let through the gate.
#[task]
pub(crate) fn act_at(id: u64, gate: String) -> u64 {
    note(id);
    fs::read(gate).unwrap(); // until somebody has opened it for writing
    id
}

/// The same before it does something to its process.
#[task]
pub(crate) fn act_then(id: u64, deed: Deed) -> u64 {
    note(id);
    deed.perform();
    id
}

#[task]
pub(crate) fn pid() -> u32 {
    std::process::id()
}

#[task]
pub(crate) fn units() -> Vec<()> {
    vec![(); 3]
}

#[task]
pub(crate) fn list() -> Vec<u64> {
    vec![1, 2, 3]
}

// --- values that misbehave ---

/// Does something while it is written, and something else while it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traitor {
    pub(crate) encode: Deed,
    pub(crate) decode: Deed,
}

impl Serialize for Traitor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encode.perform();
        match self.encode {
            Deed::Refuse => Err(S::Error::custom("no")),
            _ => (Deed::Nothing, self.decode).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Traitor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (encode, decode) = <(Deed, Deed)>::deserialize(deserializer)?;
        decode.perform();
        match decode {
            Deed::Refuse => Err(D::Error::custom("no")),
            _ => Ok(Self { encode, decode }),
        }
    }
}

#[task]
pub(crate) fn take_traitor(traitor: Traitor) -> u64 {
    let _ = traitor;
    1
}

/// What it returns does these things while it is written, and read.
#[task]
pub(crate) fn betray(encode: Deed, decode: Deed) -> Traitor {
    Traitor { encode, decode }
}

/// Panics when it is dropped.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Bomb {
    #[serde(serialize_with = "disarmed_in_workers")]
    pub(crate) armed: bool,
}

fn disarmed_in_workers<S: Serializer>(armed: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    let in_worker = env::args().any(|argument| argument.contains("concurrent_futures_worker"));
    (*armed && !in_worker).serialize(serializer)
}

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.armed, "dropped");
    }
}

#[task]
pub(crate) fn take_bomb(bomb: Bomb) -> u64 {
    u64::from(bomb.armed)
}

#[task]
pub(crate) fn bomb() -> Bomb {
    Bomb { armed: true }
}

#[task]
pub(crate) fn explode() -> u64 {
    panic::panic_any(Bomb { armed: true })
}

#[task]
pub(crate) fn fail() -> Result<u64, String> {
    Err("it has failed".into())
}

// --- those that do not end ---

/// Does not listen to `SIGTERM`.
#[task]
pub(crate) fn stubborn(id: u64) -> u64 {
    note(id);
    // SAFETY: to ignore a signal is no handler that could do anything.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
    loop {
        thread::sleep(Duration::from_secs(1000));
    }
}

/// Starts a process, writes its number into that file, and waits for it.
#[task]
pub(crate) fn with_grandchild(file: String) -> bool {
    let mut child = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
    let written = format!("{file}.new");
    fs::write(&written, format!("{}\n", child.id())).unwrap();
    fs::rename(written, file).unwrap();
    child.wait().unwrap().success()
}

/// The same without waiting for it.
#[task]
#[expect(clippy::zombie_processes, reason = "it is left behind")]
pub(crate) fn leave_behind(file: String, deed: Deed) {
    let child = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
    fs::write(file, format!("{}\n", child.id())).unwrap();
    deed.perform();
}

// --- amounts ---

#[task]
pub(crate) fn allocate(bytes: usize) -> usize {
    std::hint::black_box(vec![1_u8; bytes]).len()
}

#[task]
pub(crate) fn oom_score() -> i32 {
    fs::read_to_string("/proc/self/oom_score_adj").unwrap().trim().parse().unwrap()
}

#[task]
pub(crate) fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[task]
pub(crate) fn echo_large(bytes: LargeBytes) -> LargeBytes {
    bytes
}

#[task]
pub(crate) fn grow(bytes: usize) -> Vec<u8> {
    vec![7; bytes]
}

/// Large bytes, and then as many that are not.
#[task]
pub(crate) fn grow_both(bytes: usize) -> (LargeBytes, Vec<u8>) {
    (vec![0; bytes].into(), vec![0; bytes])
}

#[task]
pub(crate) fn chatter(lines: usize) -> usize {
    for _ in 0..lines {
        println!("out");
        eprintln!("err");
    }
    lines
}

/// Prints so much, and ends, while the parent sleeps: it finds all of it at once.
#[task]
pub(crate) fn shout_and_end(bytes: usize) {
    let parent = std::os::unix::process::parent_id();
    let script = format!(
        "while sleep 0.2; kill -CONT {parent}; do grep -q '^State:.T' /proc/{parent}/status || exit; done"
    );
    machine::signal(parent, Signal::STOP);
    let waking = Command::new("setsid").args(["sh", "-c", &script]).stdout(Stdio::null()).spawn();
    if waking.is_err() {
        machine::signal(parent, Signal::CONT); // or nobody would ever say what was wrong
    }
    drop(waking.unwrap());
    std::io::stdout().write_all(&[&*vec![b'!'; bytes], b"\n"].concat()).unwrap();
    std::process::exit(0);
}

#[task]
pub(crate) fn read_input() -> String {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).unwrap();
    input
}

#[task]
pub(crate) fn close_all() {
    // SAFETY: none: this is the fault that the test is about.
    unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
}

// --- initializers ---

static GREETING: Mutex<String> = Mutex::new(String::new());
static BEGINNINGS: AtomicU32 = AtomicU32::new(0);

#[task]
pub(crate) fn begin(greeting: String) {
    *GREETING.lock().unwrap() = greeting;
    BEGINNINGS.fetch_add(1, Ordering::Relaxed);
}

#[task]
pub(crate) fn begin_then(deed: Deed) {
    deed.perform();
}

/// What [`begin`] was given, and how often it was called in this process.
#[task]
pub(crate) fn greeting() -> String {
    format!("{} {}", GREETING.lock().unwrap(), BEGINNINGS.load(Ordering::Relaxed))
}

// --- surroundings ---

/// How many variables there are.
#[task]
pub(crate) fn variables() -> usize {
    env::vars_os().count()
}

/// So many pools in one another: the worker of each makes the next.
#[task]
pub(crate) fn nest(depth: u32) -> Result<u32, String> {
    if depth == 0 {
        return Ok(0);
    }
    let pool = builder(1).build().map_err(|error| error.to_string())?;
    let inside = pool.submit(nest, depth - 1).map_err(|error| error.to_string())?;
    inside.result().map_err(|error| error.to_string())?.map(|inside| inside + 1)
}

/// Kills a worker of the same parent that has been ready: another one, or itself.
#[task]
pub(crate) fn kill_a_sibling(which: usize) -> u32 {
    let directory = env::var_os(CASE).expect("workers inherit it");
    let mark = |pid| Path::new(&directory).join(format!("ready-{pid}"));
    fs::write(mark(std::process::id()), "").unwrap();
    let mut siblings = machine::children_of(std::os::unix::process::parent_id());
    siblings.retain(|pid| mark(*pid).exists());
    let victim = siblings[which % siblings.len()];
    machine::signal(victim, Signal::KILL);
    victim
}

#[task]
pub(crate) fn grow_large(byte: u8) -> LargeBytes {
    vec![byte; 100_000].into()
}

#[task]
pub(crate) fn panic_at_length(bytes: usize) {
    panic::panic_any("x".repeat(bytes))
}

//! The functions that are called.

use std::process;
use std::sync::OnceLock;

use concurrent_futures::task;

use super::support;

#[task]
pub(crate) fn double(n: u64) -> u64 {
    2 * n
}

#[task]
pub(crate) fn add(a: u64, b: u64) -> u64 {
    a + b
}

#[task]
pub(crate) fn pid_of(_: u64) -> u32 {
    process::id()
}

/// Leaves a sign of each attempt, of which so many fail in this way.
#[task]
pub(crate) fn attempt(signs: String, fails: usize, how: How) -> Result<usize, String> {
    let attempts = support::attempts(&signs) + 1;
    support::give(&format!("{signs}{attempts}"));
    match how {
        _ if attempts > fails => Ok(attempts),
        How::Err => Err(format!("failure {attempts}")),
        How::Panic => panic!("panic {attempts}"),
        How::Exit => process::exit(3),
        How::Wait(go) => {
            support::wait_for(&go);
            Err(format!("failure {attempts}"))
        }
    }
}

/// How an attempt fails.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) enum How {
    Err,
    Panic,
    Exit,
    Wait(String),
}

#[task]
pub(crate) fn own_pid() -> u32 {
    process::id()
}

/// Panics at 3, exits at 5.
#[task]
pub(crate) fn touchy(n: u64) -> u64 {
    match n {
        3 => panic!("three"),
        5 => process::exit(17),
        n => n,
    }
}

#[task]
pub(crate) fn parse(text: String) -> Result<u32, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

/// Gives one sign and waits for another.
#[task]
pub(crate) fn tell_and_wait(started: String, go: String) -> u64 {
    support::give(&started);
    support::wait_for(&go);
    1
}

/// Waits for a sign if it is given one.
#[task]
pub(crate) fn wait_and_return(n: u64, go: Option<String>) -> u64 {
    if let Some(go) = go {
        support::wait_for(&go);
    }
    n
}

static SET_UP: OnceLock<String> = OnceLock::new();

/// Fails where there is no text.
#[task]
pub(crate) fn set_up(text: String) -> Result<u8, String> {
    if text.is_empty() {
        return Err("nothing to set up".into());
    }
    SET_UP.get_or_init(|| text);
    Ok(1)
}

#[task]
pub(crate) fn initialized_with() -> String {
    SET_UP.get().cloned().unwrap_or_default()
}

#[task]
pub(crate) fn length(bytes: Vec<u8>) -> usize {
    bytes.len()
}

#[task]
pub(crate) fn of_picky(picky: Picky) -> u32 {
    picky.0
}

#[task]
pub(crate) fn make_picky(n: u32) -> PickyReader {
    PickyReader(n)
}

/// Cannot be written when it is 3, and panics then when it is 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Picky(pub(crate) u32);

impl serde::Serialize for Picky {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            3 => Err(serde::ser::Error::custom("not three")),
            4 => panic!("four"),
            n => serializer.serialize_u32(n),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Picky {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Self)
    }
}

/// Cannot be read when it is 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct PickyReader(pub(crate) u32);

impl<'de> serde::Deserialize<'de> for PickyReader {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            3 => Err(serde::de::Error::custom("three again")),
            n => Ok(Self(n)),
        }
    }
}

#[task]
pub(crate) fn touch(value: Unsendable) -> Unsendable {
    Unsendable(value.0 + 1)
}

/// Says that it could be sent, and cannot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsendable(pub(crate) u32);

impl serde::Serialize for Unsendable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not to be encoded"))
    }
}

impl<'de> serde::Deserialize<'de> for Unsendable {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("not to be decoded"))
    }
}

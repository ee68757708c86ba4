//! [`Target`]: what is aimed at.

use crate::firmware::Firmware;

/// One thing that is to stay small.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) what: &'static str,
    pub(crate) limit: u64,
    pub(crate) measured: u64,
}

impl Target {
    pub(crate) fn is_reached(&self) -> bool {
        self.measured <= self.limit
    }
}

/// All of them.
///
/// # Errors
/// Something was not measured.
pub(crate) fn all(firmware: &Firmware) -> Result<[Target; 4], String> {
    let [empty, ours] = [firmware.program("empty")?, firmware.program("ours")?];
    let median = |name| Ok::<_, String>(u64::from(firmware.rounds.spread(name)?[1]));
    Ok([
        Target {
            what: "text of `ours` beyond `empty`, bytes",
            limit: 4096,
            measured: ours.text.saturating_sub(empty.text),
        },
        Target {
            what: "overhead of a slot, bytes",
            limit: 40,
            measured: firmware.rounds.one("slot-overhead")?.into(),
        },
        Target {
            what: "instructions of a round, at most three times those of `mailbox`",
            limit: 3 * median("round-mailbox")?,
            measured: median("round-ours")?,
        },
        Target {
            what: "functions for panics and formatting in `ours` and `promise`",
            limit: 0,
            measured: (ours.panics.len() + firmware.program("promise")?.panics.len()) as u64,
        },
    ])
}

/// A complaint about each that is not reached.
///
/// # Errors
/// Something was not measured.
pub(crate) fn missed(firmware: &Firmware) -> Result<Vec<String>, String> {
    let targets = all(firmware)?;
    let missed = targets.iter().filter(|target| !target.is_reached());
    let complaints =
        missed.map(|Target { what, limit, measured }| format!("{what}: {measured}, not {limit}"));
    let panics =
        firmware.program("ours")?.panics.iter().map(|name| format!("linked into ours: {name}"));
    Ok(complaints.chain(panics).collect())
}

//! What a process can do to itself.

use std::process;
use std::ptr;
use std::thread;

use concurrent_futures::calls::Exit;
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

/// What a process can do to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Deed {
    Kill,
    Exit(i32),
    Abort,
    Segfault,
    Overflow,
    Panic,
    Stop,
    Loop,
    /// Where something is read or written: says no.
    Refuse,
    Nothing,
}

/// Those that end a process, whoever does them.
pub(crate) const LETHAL: [Deed; 5] =
    [Deed::Kill, Deed::Exit(0), Deed::Exit(3), Deed::Abort, Deed::Segfault];

impl Deed {
    pub(crate) fn perform(self) {
        match self {
            Self::Kill => {
                kill_process(getpid(), Signal::KILL).unwrap();
                loop {
                    thread::park(); // it takes a moment
                }
            }
            Self::Exit(status) => process::exit(status),
            Self::Abort => process::abort(),
            Self::Segfault => segfault(),
            Self::Overflow => drop(overflow(1)),
            Self::Panic => panic!("as I was told"),
            Self::Stop => loop {
                kill_process(getpid(), Signal::STOP).unwrap();
                thread::park(); // it takes a moment
            },
            Self::Loop => loop {
                std::hint::spin_loop();
            },
            Self::Refuse | Self::Nothing => {}
        }
    }

    /// How a process ends that does this.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Kill => Exit::Signal(9),
            Self::Exit(status) => Exit::Code(status),
            Self::Abort | Self::Overflow => Exit::Signal(6),
            Self::Segfault => Exit::Signal(11),
            _ => panic!("no process ends by {self:?}"),
        }
    }
}

fn segfault() {
    let nowhere = std::hint::black_box(ptr::null_mut::<u32>());
    // SAFETY: none: this is the fault that the test is about.
    unsafe { nowhere.write_volatile(1) };
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn overflow(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 128]);
    overflow(depth + 1) + room[5]
}

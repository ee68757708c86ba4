//! [`Clock`]: instructions, counted with the timer of the core.
//!
//! With `-icount shift=8` QEMU takes every instruction to last 256 ns, and the timer of this board has a tick of 80 ns. So
//! there are 3.2 ticks for an instruction, and none is lost. The clock does not rely on these figures, but is set by a
//! loop of which it is known how many instructions it has.

use core::arch::asm;

use cortex_m::Peripherals;
use cortex_m::peripheral::{SYST, syst::SystClkSource};

/// Counts instructions.
#[derive(Debug)]
pub struct Clock {
    /// Ticks of reading the timer.
    overhead: u32,
    /// Ticks of `KNOWN` instructions.
    known: u32,
}

/// Instructions by which the clock is set.
const KNOWN: u32 = 20_000;

/// The timer counts that far, 5 million instructions.
const LARGEST: u32 = 0x00ff_ffff;

impl Clock {
    /// Starts the timer and sets the clock. `None` if the timer does not tick as it should.
    pub fn start() -> Option<Self> {
        // SAFETY: called once, by the only code that touches the peripherals.
        let mut timer = unsafe { Peripherals::steal() }.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(LARGEST);
        timer.clear_current();
        timer.enable_counter();
        let overhead = ticks(|| ());
        let known = ticks(|| burn(KNOWN)).checked_sub(ticks(|| burn(KNOWN / 2)))? * 2;
        // With fewer than two ticks for each, instructions could not be told apart.
        (known >= 2 * KNOWN).then_some(Self { overhead, known })
    }

    /// How many instructions `f` takes.
    pub fn count(&self, f: impl FnOnce()) -> u32 {
        let ticks = ticks(f).saturating_sub(self.overhead);
        (ticks * KNOWN + self.known / 2) / self.known // 60,000 instructions do not overflow
    }

    /// How far the timer goes in 1000 instructions.
    pub fn ticks_of_1000(&self) -> u32 {
        (self.known + KNOWN / 2000) / (KNOWN / 1000)
    }
}

/// How many ticks of the timer `f` takes.
fn ticks(f: impl FnOnce()) -> u32 {
    let before = SYST::get_current();
    f();
    let after = SYST::get_current(); // it counts down
    before.wrapping_sub(after) & LARGEST
}

/// As many instructions as that, and a few.
fn burn(instructions: u32) {
    // SAFETY: touches a register only.
    unsafe {
        asm!(
            "2:",
            "subs {count}, {count}, #1",
            "bne 2b",
            count = inout(reg) instructions / 2 => _,
            options(nomem, nostack)
        );
    }
}

//! Several harts, which is what RISC-V calls its cores: started, told apart, woken by each other.

use core::arch::naked_asm;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use concurrent_futures_core::SleepStrategy;
use riscv::asm::{fence, wfi};
use riscv_peripheral::aclint::mswi::MSIP;

use crate::board;

/// How many there are; `.cargo/config.toml` tells QEMU the same, and `memory.x` the linker.
pub const HARTS: usize = 3;

/// One word for each hart, by which it is interrupted.
const SOFTWARE_INTERRUPTS: usize = 0x200_0000;

/// Of `wait_until`, in microseconds.
const PATIENCE: u64 = 10_000_000;

/// How many are in `main`, besides the first.
static ARRIVED: AtomicUsize = AtomicUsize::new(0);

static INTERRUPTS: AtomicU32 = AtomicU32::new(0);

/// What each hart runs before `main`, on a stack of its own. The first goes on at once and
/// initializes statics, which is why there can be no Rust here. The others sleep until
/// [`start_others`].
///
/// Each leaves its software interrupt enabled, and interrupts as a whole off: so it never traps, and
/// ends a `wfi`.
#[unsafe(naked)]
#[unsafe(link_section = ".init.mp_hook")]
#[unsafe(export_name = "_mp_hook")]
extern "C" fn wait_for_the_first() {
    naked_asm!(
        "   csrsi mie, 8", // MSIE
        "   beqz a0, 2f",
        "1: wfi",
        "   csrr t0, mip",
        "   andi t0, t0, 8", // MSIP
        "   beqz t0, 1b",
        "   li a0, 0",
        "   ret",
        "2: li a0, 1",
        "   ret",
    )
}

/// Lets the other harts into `main`, and waits until all are there; says whether they are.
pub fn start_others() -> bool {
    (1..HARTS).for_each(interrupt);
    // ORDERING: Relaxed; only a number.
    wait_until(|| ARRIVED.load(Ordering::Relaxed) == HARTS - 1)
}

/// Looks again and again, for ten seconds at most; says whether it is so.
pub fn wait_until(is_so: impl Fn() -> bool) -> bool {
    let deadline = board::microseconds() + PATIENCE;
    while !is_so() {
        if board::microseconds() > deadline {
            return false;
        }
        core::hint::spin_loop();
    }
    true
}

/// To be called by each of the other harts, once.
pub fn arrive() {
    // ORDERING: Relaxed; only a number.
    ARRIVED.fetch_add(1, Ordering::Relaxed);
}

/// The number of the hart that runs this, below [`HARTS`].
pub fn this_hart() -> usize {
    riscv::register::mhartid::read()
}

/// Sleeps and is not woken again, whoever interrupts it.
pub fn stop() -> ! {
    // SAFETY: with its interrupts disabled nothing can end the `wfi`, which is the purpose.
    unsafe { riscv::register::mie::clear_msoft() };
    loop {
        wfi();
    }
}

/// Sleeps by `wfi`, and is woken by an interrupt that another hart sends.
#[derive(Debug)]
pub struct SoftwareInterrupt {
    hart: usize,
}

impl SoftwareInterrupt {
    /// For the flag by which that hart is woken.
    pub const fn of(hart: usize) -> Self {
        Self { hart }
    }
}

impl SleepStrategy for SoftwareInterrupt {
    fn sleep(&self, is_woken: impl Fn() -> bool) {
        // First the interrupt is cleared, then the flag is looked at; whoever wakes sets the flag first
        // and interrupts then. So where the flag is not set yet, an interrupt is still to come: `wfi`
        // does not sleep while one is pending.
        software_interrupt(self.hart).unpend();
        fence();
        if !is_woken() {
            wfi();
        }
    }

    fn wake(&self) {
        interrupt(self.hart);
    }
}

/// How many times a hart has interrupted another, or itself.
pub fn interrupts() -> u32 {
    // ORDERING: Relaxed; only a number.
    INTERRUPTS.load(Ordering::Relaxed)
}

/// Ends the `wfi` of a hart: the one that it is in, or its next.
fn interrupt(hart: usize) {
    // ORDERING: Relaxed; only a number.
    INTERRUPTS.fetch_add(1, Ordering::Relaxed);
    // A full one, because the lesser ones order memory but not what is written to devices.
    fence();
    software_interrupt(hart).pend();
}

/// # Panics
/// If there is no such hart.
fn software_interrupt(hart: usize) -> MSIP {
    assert!(hart < HARTS, "this board has {HARTS} harts");
    // SAFETY: the machine has such a word for each of its harts.
    unsafe { MSIP::new(SOFTWARE_INTERRUPTS + size_of::<u32>() * hart) }
}

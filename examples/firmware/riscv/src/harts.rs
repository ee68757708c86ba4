//! Several harts, which is what RISC-V calls its cores: started, told apart, woken by each other.

use core::arch::naked_asm;

use riscv::asm::{fence, wfi};
use riscv_peripheral::aclint::mswi::MSIP;

/// How many there may be; QEMU is told how many there are.
pub const HARTS: usize = 4;

/// One word for each hart, by which it is interrupted.
const SOFTWARE_INTERRUPTS: usize = 0x200_0000;

/// What each hart runs before `main`, on its own stack. The first one is let through, to initialize
/// statics; the others sleep until [`start_others`] interrupts them, and keep that interrupt enabled:
/// it never traps, because interrupts as a whole are off, and ends their `wfi` from now on.
///
/// In assembly because no Rust may run before statics are initialized.
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

/// Lets the other harts into `main`. Those that are not there do not mind.
pub fn start_others() {
    (1..HARTS).for_each(interrupt);
}

/// The number of the hart that runs this.
pub fn this_hart() -> usize {
    riscv::register::mhartid::read()
}

/// Ends the `wfi` of a hart, now or the next one.
fn interrupt(hart: usize) {
    fence(); // what was written before is seen by whoever sees the interrupt
    software_interrupt(hart).pend();
}

/// # Panics
/// If there is no such hart.
fn software_interrupt(hart: usize) -> MSIP {
    assert!(hart < HARTS, "this board has {HARTS} harts at most");
    // SAFETY: one of the words of the machine's CLINT that it has for each hart.
    unsafe { MSIP::new(SOFTWARE_INTERRUPTS + 4 * hart) }
}

/// Sleeps until it is interrupted, for ever if it is not.
pub fn sleep_for_ever() -> ! {
    loop {
        wfi();
        software_interrupt(this_hart()).unpend();
    }
}

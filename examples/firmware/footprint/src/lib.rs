//! What all the programs here have in common: a sensor that is read in an interrupt handler, a filter that is too slow
//! for one, and an actuator.
//!
//! They differ in how the sample gets to the main loop, and its result back.
#![no_std]

pub mod board;
#[cfg(feature = "measure")]
pub mod clock;

use core::panic::PanicInfo;

/// So small that what a program has of panics is there for some other reason than this.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

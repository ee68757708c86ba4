//! What stands for the sensor, the filter and the actuator.

use core::sync::atomic::{AtomicI32, Ordering};

use cortex_m::Peripherals;
use cortex_m::peripheral::{SYST, syst::SystClkSource};

/// What the actuator was last set to.
static ACTUATOR: AtomicI32 = AtomicI32::new(0);

/// Has the interrupt `SysTick` come now and then.
pub fn start() {
    // SAFETY: called once, by the only code that touches the peripherals.
    let mut timer = unsafe { Peripherals::steal() }.SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(0xffff);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

/// A sample: the timer is the only sensor that every chip has.
pub fn read() -> i32 {
    SYST::get_current().cast_signed()
}

/// The work that an interrupt handler leaves to the main loop.
#[inline(never)]
pub fn filter(sample: i32) -> i32 {
    sample.wrapping_mul(3) / 4
}

/// Sets the actuator.
#[inline(never)]
pub fn show(value: i32) {
    // ORDERING: Relaxed; nothing else is published.
    ACTUATOR.store(value, Ordering::Relaxed);
}

//! Nothing is handed over: the interrupt handler does all by itself. What the others have beyond this is what they cost.
#![no_std]
#![no_main]

use cortex_m_rt::{entry, exception};
use footprint::board;

#[exception]
fn SysTick() {
    board::show(board::filter(board::read()));
}

#[entry]
fn main() -> ! {
    board::start();
    loop {
        cortex_m::asm::wfi();
    }
}

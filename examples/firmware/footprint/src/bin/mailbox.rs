//! Two mailboxes made by hand: one there, one back. The latest sample wins, nothing is queued, cancelled or awaited.
#![no_std]
#![no_main]

use core::cell::Cell;

use cortex_m_rt::{entry, exception};
use critical_section::Mutex;
use footprint::board;

static SAMPLE: Mutex<Cell<Option<i32>>> = Mutex::new(Cell::new(None));
static FILTERED: Mutex<Cell<Option<i32>>> = Mutex::new(Cell::new(None));

#[exception]
fn SysTick() {
    let sample = board::read();
    critical_section::with(|section| SAMPLE.borrow(section).set(Some(sample)));
}

#[entry]
fn main() -> ! {
    board::start();
    loop {
        if let Some(sample) = critical_section::with(|section| SAMPLE.borrow(section).take()) {
            let value = board::filter(sample);
            critical_section::with(|section| FILTERED.borrow(section).set(Some(value)));
        }
        if let Some(value) = critical_section::with(|section| FILTERED.borrow(section).take()) {
            board::show(value);
        }
        cortex_m::asm::wfi();
    }
}

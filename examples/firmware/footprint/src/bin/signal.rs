//! `Signal` of `embassy-sync`, twice: one there, one back. The latest sample wins, nothing is queued or cancelled.
#![no_std]
#![no_main]

use core::future::Future as _;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use cortex_m_rt::{entry, exception};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use footprint::board;

static SAMPLE: Signal<CriticalSectionRawMutex, i32> = Signal::new();
static FILTERED: Signal<CriticalSectionRawMutex, i32> = Signal::new();

#[exception]
fn SysTick() {
    SAMPLE.signal(board::read());
}

#[entry]
fn main() -> ! {
    board::start();
    loop {
        if let Some(sample) = SAMPLE.try_take() {
            FILTERED.signal(board::filter(sample));
        }
        if let Poll::Ready(value) =
            pin!(FILTERED.wait()).poll(&mut Context::from_waker(Waker::noop()))
        {
            board::show(value);
        }
        cortex_m::asm::wfi();
    }
}

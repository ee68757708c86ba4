//! Tasks: submitted by the interrupt handler, run, polled and, when there is a newer one, cancelled by the main loop.
#![no_std]
#![no_main]

use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use concurrent_futures_core::{Future, Mailbox, StaticExecutor};
use cortex_m_rt::{entry, exception};
use footprint::board;

static EXECUTOR: StaticExecutor<8, 64> = StaticExecutor::new();
static FILTERED: Mailbox<Future<i32>> = Mailbox::new();

#[exception]
fn SysTick() {
    let sample = board::read();
    match EXECUTOR.submit(move || board::filter(sample)) {
        Ok(future) => {
            if let Some(stale) = FILTERED.replace(future) {
                stale.cancel();
            }
        }
        Err(_) => board::show(sample), // no slot is free: better unfiltered than late
    }
}

#[entry]
fn main() -> ! {
    board::start();
    loop {
        EXECUTOR.run_pending();
        if let Some(mut future) = FILTERED.take() {
            match Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(value)) => board::show(value),
                Poll::Ready(Err(_)) => board::show(0),
                Poll::Pending => FILTERED.put(future),
            }
        }
        cortex_m::asm::wfi();
    }
}

//! A promise: made and polled by the main loop, completed by the interrupt handler. No queue, and nothing is run.
#![no_std]
#![no_main]

use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use concurrent_futures_core::{Mailbox, Promise, StaticExecutor};
use cortex_m_rt::{entry, exception};
use footprint::board;

static EXECUTOR: StaticExecutor<8, 64> = StaticExecutor::new();
static WANTED: Mailbox<Promise<i32>> = Mailbox::new();

#[exception]
fn SysTick() {
    if let Some(promise) = WANTED.take() {
        let _ = promise.complete(board::read()); // nobody wants it any more: cancelled
    }
}

#[entry]
fn main() -> ! {
    board::start();
    loop {
        let Ok((promise, mut future)) = EXECUTOR.promise() else { continue };
        WANTED.put(promise);
        loop {
            match Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(sample)) => board::show(board::filter(sample)),
                Poll::Ready(Err(_)) => board::show(0),
                Poll::Pending => {
                    cortex_m::asm::wfi();
                    continue;
                }
            }
            break;
        }
    }
}

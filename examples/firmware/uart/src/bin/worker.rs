//! A board that answers calls: the worker of a program on a computer, at the other end of a serial line.
//!
//! ```sh
//! cargo run --release     # builds this and the program in `host`, which starts it in QEMU and calls its functions
//! ```
#![no_std]
#![no_main]

use concurrent_futures_core::calls::{Registry, ServeSettings, serve};
use core::panic::PanicInfo;
use cortex_m::peripheral::SCB;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::heprintln;
use embedded_alloc::LlffHeap;
use firmware_uart::Uart;
use uart_tasks::{TASKS, limits};

/// For the arguments and results of one call at a time.
#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

const HEAP_SIZE: usize = 40 * 1024;

#[entry]
fn main() -> ! {
    // SAFETY: the first that happens, and never again.
    unsafe {
        embedded_alloc::init!(HEAP, HEAP_SIZE);
    }
    // SAFETY: this is built for a LM3S6965, and nothing here speaks to its UART but this.
    let uart = unsafe { Uart::new() };
    let exit = match Registry::new(TASKS) {
        Ok(registry) => serve_all(&registry, &uart),
        Err(error) => {
            heprintln!("the functions contradict each other: {}", error);
            EXIT_FAILURE
        }
    };
    loop {
        debug::exit(exit); // a board without a debugger goes on
    }
}

/// Serves until the program on the computer says that it is enough.
fn serve_all(registry: &Registry, uart: &Uart) -> debug::ExitStatus {
    let settings = ServeSettings::new().limits(limits());
    // After nonsense on the line it introduces itself again: the calls that come after that are served.
    while let Err(error) = serve(registry, uart, uart, &settings) {
        heprintln!("the line: {}", error);
    }
    EXIT_SUCCESS
}

/// There is nothing to unwind to: the board starts again, and introduces itself again. The computer learns by that that
/// this call is lost.
#[panic_handler]
fn restart(panic: &PanicInfo<'_>) -> ! {
    heprintln!("board: {}", panic);
    SCB::sys_reset()
}

//! The serial line, the clock, and the way out of QEMU.

use core::fmt::{self, Write};
use core::num::NonZeroUsize;
use core::panic::PanicInfo;

use uart_16550::{Config, Uart16550Tty};

const UART: NonZeroUsize = NonZeroUsize::new(0x1000_0000).unwrap();

/// The device by which a program ends the machine.
const FINISHER: *mut u32 = 0x10_0000 as *mut u32;

/// Of the clock that all harts share.
const TICKS_PER_MICROSECOND: u64 = 10;

/// Prints one line. For one hart: the first one, while all goes well.
pub fn print_line(line: fmt::Arguments<'_>) {
    // SAFETY: the address of the machine's only UART, whose registers are a byte each.
    let uart = unsafe { Uart16550Tty::new_mmio_from_address(UART, 1, Config::default()) };
    if let Ok(mut uart) = uart {
        let _ = writeln!(uart, "{line}"); // nobody else could be told
    }
}

/// Prints one line, as `std`'s does.
#[macro_export]
macro_rules! println {
    ($($words:tt)*) => { $crate::board::print_line(format_args!($($words)*)) };
}

/// Ends the machine, and QEMU with it: exit status 0, or `status`, 1 to 255.
pub fn exit(status: u8) -> ! {
    let verdict = if status == 0 { 0x5555 } else { u32::from(status) << 16 | 0x3333 };
    // SAFETY: the address of the machine's finisher, which takes any word.
    unsafe { FINISHER.write_volatile(verdict) };
    loop {
        riscv::asm::wfi(); // not reached: the machine is off
    }
}

/// Microseconds since the machine was started.
pub fn microseconds() -> u64 {
    riscv::register::time::read64() / TICKS_PER_MICROSECOND
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(101)
}

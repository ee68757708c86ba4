//! The serial line of the board, as a reader and a writer.
#![no_std]

use core::ptr;

use cortex_m::asm::wfi;
use cortex_m::interrupt::{self, InterruptNumber};
use cortex_m::peripheral::NVIC;
use std_shims::io::{Read, Result, Write};

// The registers of a PL011, by their distance from the first.
const DATA: usize = 0x00;
const FLAGS: usize = 0x18;
const LINE_CONTROL: usize = 0x2c;
const CONTROL: usize = 0x30;
const INTERRUPT_MASK: usize = 0x38;
const INTERRUPT_CLEAR: usize = 0x44;

/// In `FLAGS`: nothing has been received.
const NOTHING_RECEIVED: u32 = 1 << 4;
/// In `FLAGS`: there is no room to send.
const NO_ROOM: u32 = 1 << 5;
/// In `LINE_CONTROL`: words of eight bits, with room for 16 of them in both directions.
const WORDS: u32 = 0b111 << 4;
/// In `CONTROL`: on, in both directions.
const ON: u32 = 1 | 1 << 8 | 1 << 9;
/// In the interrupts' registers: several words have been received, or one a while ago.
const RECEIVED: u32 = 1 << 4 | 1 << 6;

/// The first UART of a LM3S6965, a PL011: sleeps while it waits for a byte.
///
/// QEMU needs no clocks, pins and baud rate; a board does, before this. Nor does QEMU lose bytes: it holds back what the
/// UART has no room for. A real line does not wait, so there a worker has to read as fast as the line brings bytes. It is
/// only sent a call when it has answered the one before, so it need not read while it runs one.
#[derive(Debug)]
pub struct Uart {
    _only_one: (),
}

/// Its interrupt, which wakes the processor, and is never handled.
#[derive(Clone, Copy)]
struct Interrupt;

// SAFETY: the chip's manual gives this number to the interrupt of its first UART, and it is always this one.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        5
    }
}

impl Uart {
    const BASE: usize = 0x4000_c000;

    /// Turns it on. Interrupts are not handled from now on: a pending one is enough to end a sleep.
    ///
    /// # Safety
    /// On a LM3S6965, once, and nobody else uses this UART.
    pub unsafe fn new() -> Self {
        let uart = Self { _only_one: () };
        uart.write(LINE_CONTROL, WORDS);
        uart.write(CONTROL, ON);
        uart.write(INTERRUPT_MASK, RECEIVED);
        interrupt::disable();
        // SAFETY: it is not handled, so it cannot break into any critical section.
        unsafe { NVIC::unmask(Interrupt) };
        uart
    }

    fn read(&self, register: usize) -> u32 {
        let register = ptr::with_exposed_provenance::<u32>(Self::BASE + register);
        // SAFETY: a register of the chip's first UART, as `new` was promised, which this has alone.
        unsafe { register.read_volatile() }
    }

    fn write(&self, register: usize, value: u32) {
        let register = ptr::with_exposed_provenance_mut::<u32>(Self::BASE + register);
        // SAFETY: as in `read`.
        unsafe { register.write_volatile(value) }
    }

    fn has(&self, flag: u32) -> bool {
        self.read(FLAGS) & flag != 0
    }

    /// Sleeps until something has been received. If that happens before it falls asleep, the interrupt is pending, and it
    /// does not.
    fn wait(&self) {
        while self.has(NOTHING_RECEIVED) {
            wfi();
            self.write(INTERRUPT_CLEAR, RECEIVED);
            NVIC::unpend(Interrupt);
        }
    }
}

impl Read for &Uart {
    /// What has been received, one byte at least.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.wait();
        let mut count = 0;
        for byte in buffer {
            if self.has(NOTHING_RECEIVED) {
                break;
            }
            *byte = Uart::read(self, DATA) as u8; // what is above are errors of the line
            count += 1;
        }
        Ok(count)
    }
}

impl Write for &Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        for byte in bytes {
            while self.has(NO_ROOM) {}
            Uart::write(self, DATA, u32::from(*byte));
        }
        Ok(bytes.len())
    }
}

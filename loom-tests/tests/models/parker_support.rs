//! How a core sleeps, on the model checker's locks: strategies for a `WakeFlag`.

use concurrent_futures_core::{SleepStrategy, WakeFlag};
use loom::sync::{Condvar, Mutex};

/// One flag that is never freed: it lies in a static.
pub(crate) fn flag<S: SleepStrategy>(strategy: S) -> &'static WakeFlag<S> {
    Box::leak(Box::new(WakeFlag::new(strategy)))
}

/// Arm's WFE and SEV: an event that comes when nobody sleeps is latched, and ends the next sleep at once.
#[derive(Default)]
pub(crate) struct Latched {
    event: Mutex<bool>,
    came: Condvar,
}

impl SleepStrategy for Latched {
    fn sleep(&self, is_woken: impl Fn() -> bool) {
        if is_woken() {
            return;
        }
        let mut event = self.event.lock().unwrap();
        while !*event {
            event = self.came.wait(event).unwrap();
        }
        *event = false;
    }

    fn wake(&self) {
        *self.event.lock().unwrap() = true;
        self.came.notify_one();
    }
}

/// One core's WFI with interrupts held off: they are on while nobody has the lock, and the sleep lets one in.
#[derive(Default)]
pub(crate) struct HeldOff {
    interrupts: Mutex<()>,
    pending: Condvar,
}

impl HeldOff {
    /// Runs an interrupt handler.
    pub(crate) fn interrupt(&self, handler: impl FnOnce()) {
        let _on = self.interrupts.lock().unwrap();
        handler();
        self.pending.notify_one();
    }
}

impl SleepStrategy for &'static HeldOff {
    fn sleep(&self, is_woken: impl Fn() -> bool) {
        let off = self.interrupts.lock().unwrap();
        if !is_woken() {
            drop(self.pending.wait(off).unwrap());
        }
    }

    /// Nothing: the handler that wakes has ended the sleep.
    fn wake(&self) {}
}

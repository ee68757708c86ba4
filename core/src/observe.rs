//! The methods that every kind of future has.
#![forbid(unsafe_code)]

/// Writes them into an `impl` whose type has `fn slot(&self) -> &SlotRef`.
macro_rules! observers {
    () => {
        /// Cancels the task if it has not started; says whether it will never start.
        ///
        /// `true` also if it was cancelled before. Waiters are woken by this call, and the callable
        /// is dropped in it: an interrupt handler may call it where that may be done.
        pub fn cancel(&self) -> bool {
            self.slot().cancel()
        }

        /// A handle that can cancel this future while somebody else waits for it.
        pub fn canceller(&self) -> $crate::Canceller {
            $crate::Canceller::new(self.slot().clone())
        }

        /// Asks the task to stop. Whether it does is its own affair: it has to
        /// [look](crate::stop_requested()).
        ///
        /// Not a cancel: a task that has not started will start, and sees the wish then. The wish
        /// cannot be taken back.
        pub fn request_stop(&self) {
            self.slot().header().state.request_stop();
        }

        /// Whether the task was asked to stop.
        pub fn stop_requested(&self) -> bool {
            self.slot().snapshot().is_stop_requested()
        }

        /// Whether it was cancelled; once true, true for ever.
        pub fn cancelled(&self) -> bool {
            self.slot().snapshot().is_cancelled()
        }

        /// Whether it is being executed right now.
        pub fn running(&self) -> bool {
            self.slot().life() == $crate::FutureState::Running
        }

        /// Whether it has a value, an error, or was cancelled; once true, true for ever.
        pub fn done(&self) -> bool {
            self.slot().snapshot().is_done()
        }

        /// Where the task is in its life.
        pub fn state(&self) -> $crate::FutureState {
            self.slot().life()
        }

        /// Tells this future from others that exist at the same time.
        pub fn id(&self) -> $crate::FutureId {
            $crate::FutureId::of(self.slot())
        }
    };
}
pub(crate) use observers;

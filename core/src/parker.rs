//! [`WakeFlag`] and [`Parker`]: how a context waits where there is no operating system.

use core::cmp::Ordering as Comparison;
use core::fmt;
use core::task::{RawWaker, RawWakerVTable, Waker};

use crate::park::{Park, Parked};
use crate::sync::{atomic::AtomicBool, atomic::Ordering, const_unless_modeled};

/// How a core sleeps, and how it is woken: the one thing about waiting that a chip supplies.
///
/// [`Spin`] works everywhere, [`Wfe`] on Arm, `Wfi` on Arm and RISC-V for one core with interrupts. Of
/// one's own: several RISC-V cores, say, that wake one another by a software interrupt.
pub trait SleepStrategy: Send + Sync + 'static {
    /// Sleeps, or does not: it may return at any time for no reason, and is called again then. It must
    /// return soon once `wake` was called, or an interrupt handler has run, since the last time that
    /// `is_woken` was asked in here and said `false`.
    fn sleep(&self, is_woken: impl Fn() -> bool);

    /// Ends the `sleep` of the core that this is about. Called from any context that wakes, an
    /// interrupt handler or another core, after `is_woken` has become true.
    fn wake(&self);
}

/// Does not sleep: looks again and again, with the hint that processors have for this.
///
/// For simulators and tests, and for cores that have nothing better to do.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spin;

impl SleepStrategy for Spin {
    fn sleep(&self, _: impl Fn() -> bool) {
        core::hint::spin_loop();
        crate::sync::yield_now();
    }

    fn wake(&self) {}
}

/// Waits for an event, and wakes by sending one to all cores: Arm's `WFE` and `SEV`.
///
/// Events are latched, so that none is lost between a look and the sleep. Interrupt handlers of the
/// same core end it too, when they return. Right for one core and for several. There on Arm without an
/// operating system, and on AArch64.
#[cfg(any(doc, target_arch = "aarch64", all(target_arch = "arm", target_os = "none")))]
#[derive(Debug, Default, Clone, Copy)]
pub struct Wfe;

#[cfg(any(doc, target_arch = "aarch64", all(target_arch = "arm", target_os = "none")))]
impl SleepStrategy for Wfe {
    #[inline]
    fn sleep(&self, is_woken: impl Fn() -> bool) {
        if !is_woken() {
            // SAFETY: waits, and does nothing to memory or registers.
            unsafe { core::arch::asm!("wfe", options(nomem, nostack, preserves_flags)) };
        }
    }

    #[inline]
    fn wake(&self) {
        // Whoever is woken has to see the flag. Without `nomem` the compiler has it written before this, and
        // `dsb` the processor before the event.
        #[cfg(target_arch = "aarch64")]
        // SAFETY: waits for stores to arrive, then sets the event registers; no memory, no registers.
        unsafe {
            core::arch::asm!("dsb ishst", "sev", options(nostack, preserves_flags));
        };
        #[cfg(target_arch = "arm")]
        // SAFETY: as above.
        unsafe {
            core::arch::asm!("dsb", "sev", options(nostack, preserves_flags));
        };
    }
}

/// Waits for an interrupt, for one core: `WFI`, with interrupts held off between the look and the
/// sleep, so that none is lost there. A pending interrupt ends it all the same, and is served then.
///
/// Not where the `critical-section` implementation spans cores: it would sleep with the lock held, and
/// no other core could go on. [`Wfe`] is for those. There on Arm without an operating system, and on RISC-V,
/// with the feature `critical-section`.
#[cfg(all(
    feature = "critical-section",
    any(
        doc,
        target_arch = "riscv32",
        target_arch = "riscv64",
        all(target_arch = "arm", target_os = "none")
    )
))]
#[derive(Debug, Default, Clone, Copy)]
pub struct Wfi;

#[cfg(all(
    feature = "critical-section",
    any(
        doc,
        target_arch = "riscv32",
        target_arch = "riscv64",
        all(target_arch = "arm", target_os = "none")
    )
))]
impl SleepStrategy for Wfi {
    #[inline]
    fn sleep(&self, is_woken: impl Fn() -> bool) {
        critical_section::with(|_| {
            if !is_woken() {
                // SAFETY: waits, and does nothing to memory or registers.
                unsafe { core::arch::asm!("wfi", options(nomem, nostack, preserves_flags)) };
            }
        });
    }

    /// Nothing: whoever wakes is an interrupt handler of this core, and has ended the sleep by that.
    #[inline]
    fn wake(&self) {}
}

/// Whether the one context that parks here was woken. In a static, since wakers refer to it.
///
/// # Examples
#[cfg_attr(feature = "critical-section", doc = "```")]
#[cfg_attr(not(feature = "critical-section"), doc = "```ignore")]
/// use concurrent_futures_core::{Spin, StaticExecutor, WakeFlag};
///
/// static EXECUTOR: StaticExecutor<4, 32> = StaticExecutor::new();
/// static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
///
/// fn ticks() -> u64 {
/// # static NOW: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
/// # NOW.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
///     // what a timer counts
/// }
///
/// let mut future = EXECUTOR.submit(|| 1)?;
/// let late = future.result_deadline_with(&WOKEN.parker_with_clock(ticks), 100);
/// assert!(late.unwrap_err().is_timed_out()); // nobody runs tasks here
/// EXECUTOR.run_pending();
/// assert_eq!(future.result_with(&WOKEN.parker())?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WakeFlag<S> {
    woken: AtomicBool,
    strategy: S,
}

impl<S: SleepStrategy> WakeFlag<S> {
    const_unless_modeled! {
    /// A flag that is not set, and how its context sleeps.
    pub const fn new(strategy: S) -> Self {
        Self { woken: AtomicBool::new(false), strategy }
    }
    }

    /// A parker that waits for as long as it takes: no deadline can be given to it.
    pub fn parker(&'static self) -> Parker<S, fn() -> Never> {
        // Never asked: without an instant there is no deadline.
        self.parker_with_clock(|| {
            loop {
                crate::sync::yield_now();
            }
        })
    }

    /// A parker with a clock: what is `now`, in whatever unit and from whatever start, but never
    /// going back. A wait with a deadline looks at it each time that the core wakes up: without an
    /// interrupt now and then, of a timer that ticks, it would not.
    pub fn parker_with_clock<I, C>(&'static self, now: C) -> Parker<S, C>
    where
        I: Copy + Ord,
        C: Fn() -> I,
    {
        Parker { flag: self, now }
    }

    fn is_woken(&self) -> bool {
        // ORDERING: Relaxed; `take` is what orders.
        self.woken.load(Ordering::Relaxed)
    }

    fn take(&self) -> bool {
        // ORDERING: Acquire; pairs with the Release in `wake`: whoever was woken sees why.
        self.woken.swap(false, Ordering::Acquire)
    }

    fn wake(&self) {
        // ORDERING: Release; pairs with the Acquire in `take`.
        self.woken.swap(true, Ordering::Release);
        self.strategy.wake();
    }

    const TABLE: &'static RawWakerVTable = &RawWakerVTable::new(
        |flag| RawWaker::new(flag, Self::TABLE),
        // SAFETY: made by `waker` of a reference to a static.
        |flag| unsafe { flag.cast::<Self>().as_ref_unchecked() }.wake(),
        // SAFETY: as above.
        |flag| unsafe { flag.cast::<Self>().as_ref_unchecked() }.wake(),
        |_| (),
    );
}

impl<S> fmt::Debug for WakeFlag<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeFlag").field("woken", &self.woken).finish_non_exhaustive()
    }
}

/// The [`Park`] of a [`WakeFlag`]. One context at a time waits with it, and never an interrupt handler.
pub struct Parker<S: 'static, C> {
    flag: &'static WakeFlag<S>,
    now: C,
}

impl<S: SleepStrategy, I: Copy + Ord, C: Fn() -> I> Park for Parker<S, C> {
    type Instant = I;

    fn waker(&self) -> Waker {
        let data = core::ptr::from_ref(self.flag).cast();
        // SAFETY: the table is for references to a static of this type, which is Sync.
        unsafe { Waker::from_raw(RawWaker::new(data, WakeFlag::<S>::TABLE)) }
    }

    fn park(&self, deadline: Option<I>) -> Parked {
        loop {
            if self.flag.take() {
                return Parked::Woken;
            }
            if deadline.is_some_and(|deadline| (self.now)().cmp(&deadline) != Comparison::Less) {
                return Parked::DeadlinePassed;
            }
            self.flag.strategy.sleep(|| self.flag.is_woken());
        }
    }
}

impl<S, C> fmt::Debug for Parker<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parker").field("flag", self.flag).finish_non_exhaustive()
    }
}

/// The moment that never comes: the deadline of a [`Parker`] without a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Never {}

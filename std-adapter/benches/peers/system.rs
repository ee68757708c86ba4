//! What the operating system and its malloc say, where they can be asked.

use std::time::Duration;

/// User and system time of this process so far; `None` where nobody knows.
#[cfg(unix)]
pub(crate) fn cpu_time() -> Option<Duration> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is good for writing a `rusage`.
    let status = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    if status != 0 {
        return None;
    }
    // SAFETY: `getrusage` has succeeded, and so has filled it.
    let usage = unsafe { usage.assume_init() };
    let time = |time: libc::timeval| {
        let micros = Duration::from_micros(u64::try_from(time.tv_usec).ok()?);
        Some(Duration::from_secs(u64::try_from(time.tv_sec).ok()?) + micros)
    };
    Some(time(usage.ru_utime)? + time(usage.ru_stime)?)
}

#[cfg(not(unix))]
pub(crate) fn cpu_time() -> Option<Duration> {
    None
}

/// Bytes that an allocation occupies: with glibc what malloc rounded it up to, and the word before it.
///
/// # Safety
/// `pointer` is of a live allocation of the system's allocator, of `size` bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) unsafe fn occupied_bytes(pointer: *mut u8, _size: usize) -> usize {
    // SAFETY: std's allocator for this system is malloc, and the allocation is live.
    let usable = unsafe { libc::malloc_usable_size(pointer.cast()) };
    usable + size_of::<usize>()
}

/// Elsewhere: the bytes that were asked for.
///
/// # Safety
/// None.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) unsafe fn occupied_bytes(_pointer: *mut u8, size: usize) -> usize {
    size
}

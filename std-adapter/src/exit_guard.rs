//! [`ExitGuard`]: the end of a pool that is never dropped.

use std::fmt;

use concurrent_futures_core::{Shutdown, ShutdownError};

use crate::any_executor::AnyExecutor;
#[cfg(unix)]
use crate::process::ProcessPoolExecutor;
use crate::task_executor::{AnyTaskExecutor, TaskExecutor};
use crate::thread_pool::ThreadPoolExecutor;

/// Shuts a pool down when it is dropped: for a pool in a static, which never is.
///
/// Made at the beginning of `main`, it is dropped at its end, also when `main` returns early or
/// panics: what was submitted is run, and the threads or worker processes are waited for. What was declared before it
/// is still there then. `std::process::exit` drops nothing, this neither.
///
/// # Examples
/// ```
/// use concurrent_futures::ThreadPoolExecutor;
/// use std::error::Error;
/// use std::sync::LazyLock;
///
/// static POOL: LazyLock<ThreadPoolExecutor> =
///     LazyLock::new(|| ThreadPoolExecutor::new(4).expect("four is a number of threads"));
///
/// fn main() -> Result<(), Box<dyn Error>> {
///     let _guard = POOL.exit_guard(); // not `_`, which drops it at once
///     POOL.submit(|| println!("printed before the program ends"))?;
///     Ok(())
/// }
/// ```
#[must_use = "dropping the guard shuts the pool down"]
pub struct ExitGuard<'a> {
    pool: &'a dyn Ends,
    how: Shutdown,
}

/// What can be shut down.
trait Ends {
    /// # Errors
    /// Why it was not waited for.
    fn end(&self, how: Shutdown) -> Result<(), ShutdownError>;
}

impl Ends for ThreadPoolExecutor {
    fn end(&self, how: Shutdown) -> Result<(), ShutdownError> {
        self.shutdown(how)
    }
}

impl Ends for AnyExecutor {
    fn end(&self, how: Shutdown) -> Result<(), ShutdownError> {
        self.shutdown(how)
    }
}

#[cfg(unix)]
impl Ends for ProcessPoolExecutor {
    fn end(&self, how: Shutdown) -> Result<(), ShutdownError> {
        self.shutdown(how)
    }
}

#[cfg(unix)]
impl ProcessPoolExecutor {
    /// A guard that shuts this pool down and waits for its end when it is dropped, for a pool in a
    /// static. Without it the workers end with the program, and with them what they are running.
    pub fn exit_guard(&self) -> ExitGuard<'_> {
        ExitGuard { pool: self, how: Shutdown::wait() }
    }
}

impl ThreadPoolExecutor {
    /// A guard that shuts this pool down and waits for its end when it is dropped, for a pool in a
    /// static.
    pub fn exit_guard(&self) -> ExitGuard<'_> {
        ExitGuard { pool: self, how: Shutdown::wait() }
    }
}

impl AnyExecutor {
    /// A guard that shuts this executor down and waits for its end when it is dropped, for one in
    /// a static.
    pub fn exit_guard(&self) -> ExitGuard<'_> {
        ExitGuard { pool: self, how: Shutdown::wait() }
    }
}

impl Ends for AnyTaskExecutor {
    fn end(&self, how: Shutdown) -> Result<(), ShutdownError> {
        self.shutdown(how)
    }
}

impl AnyTaskExecutor {
    /// A guard that shuts this executor down and waits for its end when it is dropped, for one in
    /// a static.
    pub fn exit_guard(&self) -> ExitGuard<'_> {
        ExitGuard { pool: self, how: Shutdown::wait() }
    }
}

impl ExitGuard<'_> {
    /// Shuts down like that instead: with a limit on the time, say, or cancelling what has not
    /// started. What a limit leaves over is lost.
    ///
    /// ```
    /// # use concurrent_futures::{Shutdown, ThreadPoolExecutor};
    /// # let pool = ThreadPoolExecutor::new(1)?;
    /// let _guard = pool.exit_guard().with(Shutdown::wait().cancel_futures());
    /// # Ok::<(), concurrent_futures::BuildError>(())
    /// ```
    pub fn with(mut self, how: Shutdown) -> Self {
        self.how = how;
        self
    }
}

impl Drop for ExitGuard<'_> {
    fn drop(&mut self) {
        // Too late, or in a task of the pool itself: closed all the same, and nobody to tell.
        let _ = self.pool.end(self.how);
    }
}

impl fmt::Debug for ExitGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExitGuard").field("how", &self.how).finish_non_exhaustive()
    }
}

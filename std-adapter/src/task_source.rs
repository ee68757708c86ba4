//! [`TaskSource`]: items of a `map` that is worked on in threads or in processes.
#![forbid(unsafe_code)]

use std::fmt;

use concurrent_futures_core::calls::{Callee, FallibleCallee, LocalFallibleFn, LocalFn, Portable};
use concurrent_futures_core::{Closures, Flight, MapSource, Pace, Pool};

use crate::threads::Threads;
#[cfg(unix)]
use crate::{AsFallible, AsValue, ProcessCalls};

type Backend = Pool<Threads>;

/// Items with which a function is called, in threads or in processes.
pub enum TaskSource<A, F: Callee<A, M>, M> {
    /// In threads.
    Threads(Closures<Backend, LocalFn<F, M>, A, F::Output>),
    /// In processes.
    #[cfg(unix)]
    Processes(ProcessCalls<A, AsValue<F::Output>>),
}

/// As [`TaskSource`], for a function whose `Err` is a failure of its item.
pub enum TaskSourceFallible<A, F: FallibleCallee<A, M>, M> {
    /// In threads.
    Threads(Closures<Backend, LocalFallibleFn<F, M>, A, F::Value>),
    /// In processes.
    #[cfg(unix)]
    Processes(ProcessCalls<A, AsFallible<F::Value, F::Error>>),
}

/// Hands all on to the one that was chosen.
macro_rules! source {
    ($Source:ident, $Callee:ident, $Output:ident) => {
        impl<A, F, M> MapSource for $Source<A, F, M>
        where
            A: Portable,
            F: $Callee<A, M>,
            M: 'static,
        {
            type Item = A;
            type Output = F::$Output;

            fn pace(&self) -> &Pace {
                match self {
                    Self::Threads(source) => source.pace(),
                    #[cfg(unix)]
                    Self::Processes(source) => source.pace(),
                }
            }

            fn one(&self, item: A) -> Flight<F::$Output> {
                match self {
                    Self::Threads(source) => source.one(item),
                    #[cfg(unix)]
                    Self::Processes(source) => source.one(item),
                }
            }

            fn chunk(&self, items: &mut Vec<A>) -> Flight<F::$Output> {
                match self {
                    Self::Threads(source) => source.chunk(items),
                    #[cfg(unix)]
                    Self::Processes(source) => source.chunk(items),
                }
            }

            fn stop(&self) {
                match self {
                    Self::Threads(source) => source.stop(),
                    #[cfg(unix)]
                    Self::Processes(source) => source.stop(),
                }
            }
        }

        impl<A, F: $Callee<A, M>, M> fmt::Debug for $Source<A, F, M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Threads(source) => source.fmt(f),
                    #[cfg(unix)]
                    Self::Processes(source) => source.fmt(f),
                }
            }
        }
    };
}

source!(TaskSource, Callee, Output);
source!(TaskSourceFallible, FallibleCallee, Value);

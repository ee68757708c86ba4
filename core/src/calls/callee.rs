//! [`Callee`]: functions that can be called from afar.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use core::error::Error;

use serde::{Serialize, de::DeserializeOwned};

/// A value that can go to another process and be a value there: read and written by serde, borrowing nothing.
///
/// Implemented for every type that can do that.
pub trait Portable: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Portable for T {}

/// A function of 0 to 8 [`Portable`] arguments with a `Portable` result.
///
/// `A` is what a caller gives: `()` for no argument, one argument as itself, several as a tuple. `M` is the type
/// `fn(..) -> R` of the function. It is never named: the compiler finds it, and by it tells a function of one tuple
/// from a function of several arguments.
///
/// Implemented for functions and for closures that capture nothing or what can be copied. Only the former can be
/// registered.
///
/// # Examples
/// ```
/// # use concurrent_futures_core::calls::{Callee, Portable};
/// fn area(width: u32, height: u32) -> u32 {
///     width * height
/// }
/// fn apply<A: Portable, M, F: Callee<A, M>>(function: F, arguments: A) -> F::Output {
///     function.call(arguments)
/// }
/// assert_eq!(apply(area, (6, 7)), 42);
/// assert_eq!(apply(|pair: (u32, u32)| pair.0 + pair.1, (6, 7)), 13);
/// assert_eq!(apply(|| 1, ()), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be called from afar with `{A}`",
    note = "functions of 0 to 8 arguments can, whose arguments and result implement serde's `Serialize` and \
            `Deserialize`, borrow nothing and are `Send`",
    note = "one argument is given as itself, several as a tuple, none as `()`"
)]
pub trait Callee<A, M>: Copy + Send + Sync + 'static {
    /// What the function returns.
    type Output: Portable;

    /// Calls the function.
    fn call(&self, arguments: A) -> Self::Output;
}

/// A [`Callee`] that returns a `Result`, whose `Err` can be made a failure of the task.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not return a `Result` whose error can be a failure",
    note = "the error has to be `Into<Box<dyn Error + Send + Sync>>`; functions that cannot fail are for the \
            methods without `fallible` in their names"
)]
pub trait FallibleCallee<A, M>: Callee<A, M, Output = Result<Self::Value, Self::Error>> {
    /// What it returns when it succeeds.
    type Value: Portable;
    /// What it returns when it does not.
    type Error: Portable + Into<Box<dyn Error + Send + Sync>>;
}

impl<F, A, M, T, E> FallibleCallee<A, M> for F
where
    F: Callee<A, M, Output = Result<T, E>>,
    T: Portable,
    E: Portable + Into<Box<dyn Error + Send + Sync>>,
{
    type Value = T;
    type Error = E;
}

/// Implements [`Callee`] for functions of several arguments, which are given as a tuple, and of none.
macro_rules! callee {
    ($($argument:ident: $Argument:ident),*) => {
        impl<F, R, $($Argument),*> Callee<($($Argument,)*), fn($($Argument),*) -> R> for F
        where
            F: Fn($($Argument),*) -> R + Copy + Send + Sync + 'static,
            R: Portable,
            $($Argument: Portable,)*
        {
            type Output = R;

            fn call(&self, ($($argument,)*): ($($Argument,)*)) -> R {
                self($($argument),*)
            }
        }
    };
}

callee!();
callee!(a: A, b: B);
callee!(a: A, b: B, c: C);
callee!(a: A, b: B, c: C, d: D);
callee!(a: A, b: B, c: C, d: D, e: E);
callee!(a: A, b: B, c: C, d: D, e: E, f: G);
callee!(a: A, b: B, c: C, d: D, e: E, f: G, g: H);
callee!(a: A, b: B, c: C, d: D, e: E, f: G, g: H, h: I);

impl<F, R, A> Callee<A, fn(A) -> R> for F
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
    R: Portable,
    A: Portable,
{
    type Output = R;

    fn call(&self, argument: A) -> R {
        self(argument)
    }
}

//! The attribute `#[task]` of [`concurrent-futures`](https://docs.rs/concurrent-futures), which re-exports it and
//! describes it. Not for use on its own: what it writes names that crate.
#![forbid(unsafe_code)]

mod arguments;
mod check;
mod expand;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Registers a function, so that it can be called in a worker process.
///
/// The function stays what it is: it is called, documented and tested like any other. Beside it, under the same
/// name, comes a hidden type that says how to call it from afar. A `use` of the function brings both.
///
/// # Which functions
/// Plain ones: 0 to 8 arguments that serde can write and read without borrowing, and such a result, which
/// may be a `Result`. They are `Send`. Not generic, `async`, `unsafe` or `extern`; without `self`, references and
/// `impl Trait`; not in an `impl` block, but in a module or inside of another function. Arguments may be patterns.
///
/// # The name
/// Parent and worker mean the same function by its name, which is the path of its module and its own:
/// `my_program::pages::fetch`. Two functions that have the same helper name inside of their bodies would be two
/// of one name, which is an error when the program starts. Another name is given by `#[task(name = "fetch")]`.
///
/// # The list
/// The linker collects all registered functions of a program, those of its libraries included, wherever the feature
/// `linkme` of `concurrent-futures` is on, as it is by default. A function with `#[task(unlisted)]` is not collected:
/// the program names it in `tasks![..]`. So it names all of them where there is no linker, as under Miri, and where the
/// feature is off.
#[proc_macro_attribute]
pub fn task(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as arguments::Arguments);
    expand::expand(&arguments, item.into()).into()
}

//! Arguments and results that cannot come from another process.

use concurrent_futures::task;

struct NotSerde;

#[task]
fn reference(text: &str) -> usize { //~ a task borrows nothing
    text.len()
}

#[task]
fn inner_reference(
    number: u8,
    text: Option<Vec<&'static str>>, //~ a task borrows nothing
) {
    drop((number, text));
}

#[task]
fn anonymous_lifetime(
    text: std::borrow::Cow<'_, str>, //~ a task borrows nothing
) {
    drop(text);
}

#[task]
fn returned_reference() -> &'static str { //~ a task borrows nothing
    ""
}

#[task]
fn impl_trait(
    number: impl Clone, //~ `impl Trait` cannot be read from bytes
) -> impl Clone { //~ `impl Trait` cannot be read from bytes
    number
}

#[task]
fn not_serde( //~ cannot be called from afar
    number: u8,
    value: NotSerde, //~ [E0277]: the trait bound `NotSerde: Portable`
) {
    drop((number, value));
}

#[task]
fn result_not_serde() -> Option<NotSerde> { //~ [E0277]: the trait bound `NotSerde: serde::Serialize`
    None
}

#[task]
fn not_send(value: std::rc::Rc<u8>) -> u8 { //~ the trait `Send` is not implemented for `Rc<u8>`
    *value
}

fn main() {}

//! What can be called, and with what.

use concurrent_futures_core::calls::{Callee, FallibleCallee, Portable};
use std::fmt;

fn call<F: Callee<A, M>, A: Portable, M>(function: F, arguments: A) -> F::Output {
    function.call(arguments)
}

fn none() -> u8 {
    0
}
fn one(a: u8) -> u8 {
    a
}
fn two(a: u8, b: u16) -> u64 {
    u64::from(a) + u64::from(b)
}
fn three(a: u8, b: u8, c: u8) -> [u8; 3] {
    [a, b, c]
}
fn four(a: u8, b: u8, c: u8, d: u8) -> [u8; 4] {
    [a, b, c, d]
}
fn five(a: u8, b: u8, c: u8, d: u8, e: u8) -> [u8; 5] {
    [a, b, c, d, e]
}
fn six(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) -> [u8; 6] {
    [a, b, c, d, e, f]
}
fn seven(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8) -> [u8; 7] {
    [a, b, c, d, e, f, g]
}
#[expect(clippy::too_many_arguments, reason = "that is what is tested")]
fn eight(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: String) -> (String, [u8; 7]) {
    (h, [a, b, c, d, e, f, g])
}

#[test]
fn functions_of_no_to_eight_arguments_are_called() {
    assert_eq!(call(none, ()), 0);
    assert_eq!(call(one, 1), 1);
    assert_eq!(call(two, (1, 2)), 3);
    assert_eq!(call(three, (1, 2, 3)), [1, 2, 3]);
    assert_eq!(call(four, (1, 2, 3, 4)), [1, 2, 3, 4]);
    assert_eq!(call(five, (1, 2, 3, 4, 5)), [1, 2, 3, 4, 5]);
    assert_eq!(call(six, (1, 2, 3, 4, 5, 6)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(call(seven, (1, 2, 3, 4, 5, 6, 7)), [1, 2, 3, 4, 5, 6, 7]);
    let eighth = String::from("eight");
    let all = (eighth.clone(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(call(eight, (1, 2, 3, 4, 5, 6, 7, eighth)), all);
}

#[test]
fn a_function_of_one_tuple_takes_that_tuple() {
    fn sum(pair: (u8, u16)) -> u16 {
        u16::from(pair.0) + pair.1
    }
    fn unit(_: ()) -> u8 {
        7
    }
    assert_eq!(call(sum, (1, 2)), 3);
    assert_eq!(call(unit, ()), 7);
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct TooLow(i32);

impl fmt::Display for TooLow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is too low", self.0)
    }
}

impl std::error::Error for TooLow {}

#[test]
fn an_error_of_a_fallible_function_becomes_an_error_of_any_kind() {
    fn root(n: i32) -> Result<u32, TooLow> {
        u32::try_from(n).map(u32::isqrt).map_err(|_| TooLow(n))
    }
    fn fail<F: FallibleCallee<A, M>, A: Portable, M>(function: F, arguments: A) -> String {
        let Err(error) = function.call(arguments) else { return String::new() };
        let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
        boxed.to_string()
    }
    assert_eq!(fail(root, -4), "-4 is too low");
    assert_eq!(fail(root, 4), "");
}

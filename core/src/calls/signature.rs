//! [`Signature`]: whether both ends mean the same function by a name.
#![forbid(unsafe_code)]

use core::any::type_name;
use core::fmt;

/// A hash of the types that a function takes and gives.
///
/// Two programs that were built from different sources may both have a function `shop::price`, one of
/// which takes one argument more. Arguments are bytes that do not say what they are, so this is
/// compared before the first call: functions of one name and two signatures are never called.
///
/// It is made of the names of types, by FNV-1a in 64 bits. It sees other types, and other arguments; it
/// does not see that a `struct` has another field than it had, nor that the function does something else.
/// What does is the build: see [`Hello`](super::Hello). The compiler may name types differently in its
/// next release, so a signature is for comparing and not for keeping.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(u64);

impl Signature {
    /// That of `fn(A, B) -> R`.
    pub fn of<M: ?Sized>() -> Self {
        Self(fnv1a(type_name::<M>().as_bytes()))
    }

    /// One that came from the other end.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// What goes to the other end.
    pub const fn to_bits(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// FNV-1a in 64 bits, with the offset and the prime of its authors. Nobody gains by a collision: both ends are
/// parts of one program.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

//! [`Surroundings`]: what a function is run in.
#![forbid(unsafe_code)]

use super::attach::{Attach, Detach};
use super::panic_report::{PanicReport, contain_panics};

/// Runs what it is given, and lets no panic of that through.
pub type Contain = fn(&mut dyn FnMut()) -> Result<(), PanicReport>;

/// What a function is run in: who catches its panics, and where large payloads are.
///
/// All methods have an answer for the simplest of places, where there is nothing beside the link.
pub trait Surroundings {
    /// Who catches panics.
    ///
    /// By default that is [`contain_panics`]. On a machine with other means, such as a way back to the loop from its
    /// fault handler, give something else. It runs what it is given once, on this stack.
    fn contain(&self) -> Contain {
        contain_panics
    }

    /// Where large parts of the arguments come from, in the order in which they were attached.
    fn detach(&mut self) -> Option<&mut dyn Detach> {
        None
    }

    /// Where large parts of the result go; without it they go through the link.
    fn attach(&mut self) -> Option<&mut dyn Attach> {
        None
    }
}

/// Nothing but the link, and somebody who catches panics: [`contain_panics`] by default.
#[derive(Clone, Copy, Debug)]
pub struct LinkOnly(pub Contain);

impl Default for LinkOnly {
    fn default() -> Self {
        Self(contain_panics)
    }
}

impl Surroundings for LinkOnly {
    fn contain(&self) -> Contain {
        self.0
    }
}

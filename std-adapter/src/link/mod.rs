//! Workers at the other end of a link: what a program on a computer adds to [`Link`](crate::calls::link::Link).

mod builder;
mod desk;
mod executor;
mod streams;
mod submit;

pub use builder::{LinkBuildError, LinkBuilder};
pub use executor::LinkExecutor;

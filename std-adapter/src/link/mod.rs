//! Workers at the other end of a link: what a program on a computer adds to [`Link`](crate::calls::link::Link).

mod builder;
mod caller;
mod desk;
mod executor;
mod map;
mod streams;
mod submit;

pub use builder::{LinkBuildError, LinkBuilder};
pub use executor::LinkExecutor;
pub use map::{LinkCalls, LinkMap, LinkMapFallible};

//! What QEMU's machine `virt` has, as far as the programs of this folder need it.
#![no_std]

pub mod board;
pub mod harts;

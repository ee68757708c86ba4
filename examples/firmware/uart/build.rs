//! Gives the linker the memory of the board.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::copy("memory/lm3s6965evb.x", folder.join("memory.x"))?;
    println!("cargo::rustc-link-search={}", folder.display());
    // cortex-m-rt's linker script, which includes memory.x.
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    Ok(())
}

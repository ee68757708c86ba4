//! Gives the linker the memory of the board that the target stands for. For a board of your own: another file in
//! `memory`, and its name here.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = match env::var("TARGET")?.as_str() {
        "thumbv7m-none-eabi" => "memory/lm3s6965evb.x",
        "thumbv6m-none-eabi" => "memory/microbit.x",
        other => {
            return Err(format!("no file in memory/ is for {other}: name one in build.rs").into());
        }
    };
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::copy(memory, folder.join("memory.x"))?;
    println!("cargo::rustc-link-search={}", folder.display());
    // cortex-m-rt's linker script, which includes memory.x.
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    Ok(())
}

//! Tells the linker what memory there is.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo:rustc-link-arg-bins=-L{folder}");
    println!("cargo:rustc-link-arg-bins=-Timage.ld"); // of aarch64-rt
    println!("cargo:rustc-link-arg-bins=-Tmemory.ld");
    println!("cargo:rerun-if-changed=memory.ld");
}

//! Tells cargo to build again when the console was built again.
//!
//! The folder may be missing when only the Rust side is built. It is made then (it is git-ignored), because cargo would
//! otherwise take a missing path as always changed and build this crate every time.

fn main() {
    let dist = "../../console/dist";
    if let Err(error) = std::fs::create_dir_all(dist) {
        println!("cargo:warning=cannot make {dist}: {error}; the binary will say that the console is missing");
    }
    println!("cargo:rerun-if-changed={dist}");
    println!("cargo:rerun-if-changed=build.rs");
}

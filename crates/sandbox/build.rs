//! Says that the embedded world belongs to the crate: a new file under `world/` must lead to a new build.

fn main() {
    println!("cargo:rerun-if-changed=world");
    println!("cargo:rerun-if-changed=build.rs");
}

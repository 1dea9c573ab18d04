//! stagedoor
fn main() {}

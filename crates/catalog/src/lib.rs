//! The catalog: what runs, whose it is, what it depends on and what is wrong in its description.

pub mod codeowners;
pub mod format;
pub mod index;

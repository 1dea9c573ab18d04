//! CODEOWNERS files.

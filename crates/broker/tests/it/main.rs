//! The broker with a real store and the stand-in GitLab.

#![expect(clippy::expect_used, reason = "a helper of a test may end the test")]

mod checks;
mod connections;
mod hooks;
mod support;

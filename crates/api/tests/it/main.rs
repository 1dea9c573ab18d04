//! The room over its router, with an index filled by hand and a real database.

#![expect(clippy::expect_used, clippy::panic, reason = "a helper of a test may end the test")]

mod backstage;
mod connections;
mod edge;
mod events;
mod golden;
mod hooks;
mod operation;
mod support;
mod v1;

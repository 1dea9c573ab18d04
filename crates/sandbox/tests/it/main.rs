//! The sandbox from outside: a running instance and plain HTTP, git and webhooks.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod content;
mod controls;
mod discovery;
mod errors;
mod estate;
mod faults;
mod git;
mod graphql;
mod group_hooks;
mod paging;
mod roles;
mod server;
mod shapes;
mod tls;
mod tokens;
mod webhooks;

//! A stand-in GitLab for tests, demos and benchmarks: REST v4, GraphQL, smart-HTTP git and push webhooks over content
//! that is the same every time.
//!
//! It uses none of the project's other crates, so that it cannot share their mistakes; it is checked by clients that
//! were written elsewhere. It refuses to know what the product does with what it reads. What it does not do, it
//! answers with 404, never with something made up.
//!
//! Start with [`start`]; the recipe for a further route is in this crate's README.

mod app;
mod auth;
mod call;
mod clock;
mod controls;
mod door;
mod errors;
mod etag;
mod facts;
mod faults;
mod git;
mod graphql;
mod hooks;
mod moved;
mod options;
mod pages;
mod paging;
mod payload;
mod repo;
mod rest;
mod server;
mod stats;
mod tokens;
mod world;

pub use options::{Edition, Options, Tls};
pub use server::{Sandbox, start, start_with};
pub use world::files::WorldFiles;

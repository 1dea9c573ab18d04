//! The catalog: what runs, whose it is, what it depends on and what is wrong in its description.
//!
//! GitLab's projects, files, groups and users come in through [`sync`], become entities with problems in [`format`],
//! [`codeowners`] and [`infer`], are kept by `store`, and are answered from the in-memory [`index`]. The room knows no
//! HTTP status and no SQL, and never asks GitLab on behalf of a reader: reads are local.

mod actions;
mod assemble;
pub mod codeowners;
mod commits;
mod connections;
pub mod discovery;
mod document;
mod events;
mod follow;
pub mod format;
mod handle;
pub mod index;
mod infer;
mod people;
mod project;
mod queue;
mod status;
pub mod sync;
mod target;
mod timetable;
mod walk;
#[cfg(test)]
mod walk_tests;

pub use actions::{DropJob, RefreshCatalog, RegisterLocation, RetryJob, Scope, UnregisterLocation};
pub use events::{Event, Events};
pub use follow::Elsewhere;
pub use handle::{Catalog, CatalogError};
pub use queue::QueuedJob;
pub use status::{ConnectionStatus, PartialRead, Phase, ProblemCounts, Status, Totals, UpstreamError, Webhooks};

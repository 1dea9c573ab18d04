//! The words of Stagedoor: identifiers, entities, problems, principals, actions, time.
//!
//! Everything here is a value that has been parsed once and cannot be wrong afterwards. The room knows no IO, no async,
//! no SQL and no HTTP; every other room may use it.

mod action;
mod clock;
mod ctx;
mod discovery;
mod entity;
mod entity_ref;
mod ids;
mod name;
mod problem;
mod relation;

pub use action::{Action, ActionName, Principal};
pub use clock::{Clock, FixedRandom, ManualClock, Millis, Random, SystemClock, SystemRandom};
pub use ctx::{Ctx, RequestId};
pub use discovery::{Discovery, People};
pub use entity::{Entity, Evidence, Fact, Origin, Ownership, Source, Staleness};
pub use entity_ref::{EntityRef, EntityRefError, RefKey};
pub use ids::{BlobId, CommitId, ConnectionName, ConnectionNameError, GroupId, ProjectId, UserId};
pub use name::{group_aliases, safe_name, user_name};
pub use problem::{Code, Position, Problem, Severity};
pub use relation::{RelationType, implied_relations};

#[cfg(test)]
mod tests;

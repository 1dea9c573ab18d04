//! May this principal do this? The one gate that every effect passes.
//!
//! An effect is a function that takes a [`Permit`]; only [`Gate::permit`] makes one, after it asked the rules and wrote
//! the decision into the [`Trail`]. The room knows no IO: the trail is a trait that `store` implements. In this first
//! form there is one rule, *the local operator may do everything and Stagedoor itself may read*; the rules grow, the
//! way through stays.

mod gate;
mod permit;
mod rules;
mod trail;

pub use gate::{Gate, Refused};
pub use permit::{Outcome, Permit};
pub use rules::{Decision, decide};
pub use trail::{Trail, TrailEntry, TrailError, TrailId};

#[cfg(test)]
mod tests;

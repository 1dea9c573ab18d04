//! A permit: proof, in the type system, that the gate was passed for exactly this action.

use std::sync::Arc;

use model::{Action, Ctx};

use crate::{Trail, TrailError, TrailId};

/// How a permitted action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As asked; with what came of it, such as `hook 12`.
    Done(String),
    /// It failed; with the reason.
    Failed(String),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done(what) => write!(f, "done: {what}"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

/// The right to do one action once. It cannot be built, copied or kept: an effect takes its values from
/// [`Permit::action`], and the holder ends it with [`Permit::done`]. A permit that is dropped is recorded as abandoned.
#[derive(Debug)]
#[must_use = "a permit that is dropped is recorded as abandoned: end it with `done`"]
pub struct Permit<A: Action> {
    action: A,
    id: TrailId,
    trail: Arc<dyn Trail>,
    ended: bool,
}

impl<A: Action> Permit<A> {
    pub(crate) fn new(action: A, id: TrailId, trail: Arc<dyn Trail>) -> Self {
        Self { action, id, trail, ended: false }
    }

    /// Exactly what was authorised.
    pub fn action(&self) -> &A {
        &self.action
    }

    /// The audit row.
    pub fn id(&self) -> TrailId {
        self.id
    }

    /// Writes how it ended.
    ///
    /// # Errors
    /// When the trail does not take it; the row then stands as decided and without an outcome.
    pub async fn done(mut self, ctx: &Ctx, outcome: Outcome) -> Result<TrailId, TrailError> {
        self.trail.ended(self.id, ctx.now(), &outcome.to_string()).await?;
        self.ended = true;
        Ok(self.id)
    }
}

impl<A: Action> Drop for Permit<A> {
    fn drop(&mut self) {
        if !self.ended {
            self.trail.abandoned(self.id);
        }
    }
}

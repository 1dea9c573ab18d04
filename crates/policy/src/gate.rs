//! The gate: ask, record, hand out.

use std::sync::Arc;

use model::{Action, Ctx};

use crate::{Decision, Permit, Trail, TrailEntry, TrailError, decide};

/// Why there is no permit.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The rules say no; the refusal is recorded.
    #[error("not allowed by rule {}: {}", .0.rule, .0.why)]
    Policy(Decision),
    /// The decision could not be recorded.
    #[error(transparent)]
    Trail(#[from] TrailError),
}

/// The one way to a [`Permit`]. Clones share the trail.
#[derive(Debug, Clone)]
pub struct Gate {
    trail: Arc<dyn Trail>,
}

impl Gate {
    /// A gate that records into `trail`.
    #[must_use]
    pub fn new(trail: Arc<dyn Trail>) -> Self {
        Self { trail }
    }

    /// Asks the rules, records the decision, and hands out the permit.
    ///
    /// # Errors
    /// [`Refused::Policy`] when the rules say no, [`Refused::Trail`] when the decision could not be recorded.
    pub async fn permit<A: Action>(&self, ctx: &Ctx, action: A) -> Result<Permit<A>, Refused> {
        let decision = decide(&ctx.principal, A::NAME);
        let entry = TrailEntry {
            at: ctx.now(),
            principal: ctx.principal.id().to_owned(),
            request: ctx.request.to_string(),
            action: A::NAME.to_owned(),
            resource: action.resource(),
            allowed: decision.allowed,
            rule: decision.rule.clone(),
        };
        let id = self.trail.decided(&entry).await?;
        if decision.allowed {
            Ok(Permit::new(action, id, Arc::clone(&self.trail)))
        } else {
            Err(Refused::Policy(decision))
        }
    }
}

//! The audit trail as the gate sees it.

use async_trait::async_trait;
use model::Millis;
use serde::Serialize;

/// The number of one row of the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TrailId(pub i64);

/// One decision, as it is written before anything happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrailEntry {
    /// When it was decided.
    pub at: Millis,
    /// The principal's immutable identifier.
    pub principal: String,
    /// The request it belongs to.
    pub request: String,
    /// The action's name.
    pub action: String,
    /// On what.
    pub resource: String,
    /// Was it allowed?
    pub allowed: bool,
    /// By which rule.
    pub rule: String,
}

/// The trail did not take a row. Nothing may happen then.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail cannot be written, so nothing was done: {0}")]
pub struct TrailError(pub String);

/// Where decisions and outcomes are written. A row is durable before [`Trail::decided`] returns.
#[async_trait]
pub trait Trail: Send + Sync + std::fmt::Debug {
    /// Writes a decision.
    ///
    /// # Errors
    /// When it is not durably written.
    async fn decided(&self, entry: &TrailEntry) -> Result<TrailId, TrailError>;

    /// Writes how a permitted action ended.
    ///
    /// # Errors
    /// When it is not durably written.
    async fn ended(&self, id: TrailId, at: Millis, outcome: &str) -> Result<(), TrailError>;

    /// Records, without waiting, that a permit was dropped without an outcome. Called from a destructor: it must
    /// neither block nor fail; the row of the decision already stands without an outcome.
    fn abandoned(&self, id: TrailId);
}

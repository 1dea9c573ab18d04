//! The way of every write: gate → effect → outcome.

use axum::http::StatusCode;
use model::{Action, Ctx};
use policy::{Outcome, Permit, Refused, TrailId};

use crate::{Answer, Failure, services::App};

/// Asks the gate for a permit.
///
/// # Errors
/// 403 with the rule that refuses, 503 when the decision cannot be recorded.
pub(crate) async fn permit<A: Action>(app: &App, ctx: &Ctx, action: A) -> Answer<Permit<A>> {
    app.gate.permit(ctx, action).await.map_err(|refused| match refused {
        Refused::Policy(decision) => Failure::new(
            StatusCode::FORBIDDEN,
            "not-allowed",
            format!("Rule {} does not allow this: {}.", decision.rule, decision.why),
        )
        .with_error(serde_json::json!({ "rule": decision.rule, "why": decision.why, "who": decision.who })),
        Refused::Trail(error) => {
            tracing::error!(%error, "the audit trail does not take rows");
            Failure::unavailable(format!("{error}. Ask again when the database answers."))
        }
    })
}

/// Writes into the trail how a permitted action ended and passes its result on.
///
/// # Errors
/// Those of the effect. An outcome that cannot be recorded is logged and does not undo what was done.
pub(crate) async fn finish<A: Action, T, E>(
    permit: Permit<A>,
    ctx: &Ctx,
    result: Result<T, E>,
    summary: impl FnOnce(&T) -> String,
) -> Answer<(T, TrailId)>
where
    E: std::fmt::Display,
    Failure: From<E>,
{
    let id = permit.id();
    let outcome = match &result {
        Ok(value) => Outcome::Done(summary(value)),
        Err(error) => Outcome::Failed(error.to_string()),
    };
    if let Err(error) = permit.done(ctx, outcome).await {
        tracing::error!(%error, row = id.0, "an outcome is not in the audit trail");
    }
    Ok((result.map_err(Failure::from)?, id))
}

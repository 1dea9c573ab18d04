//! The queue: what is to be read, what fails, and having it tried again or dropped.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use catalog::{DropJob, QueuedJob, RetryJob};
use serde::Serialize;
use store::QueueState;
use utoipa::ToSchema;

use super::entities;
use crate::{Answer, Failure, act, caller::Caller, etag, params::Params, services::App, times::Time};

/// How many jobs there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueCounts {
    /// Their turn has not come, or no worker is free.
    waiting: u64,
    /// Being worked on.
    running: u64,
    /// They failed and are tried again by themselves.
    retrying: u64,
    /// They failed too often and are put aside until somebody asks.
    dead: u64,
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueItem {
    id: i64,
    /// A stable name, such as `catalog.project`.
    kind: String,
    /// What it does, for people.
    title: &'static str,
    /// On what: a project's path where it is known.
    about: String,
    connection: Option<String>,
    /// `dead`, `retrying`, `running` or `waiting`.
    state: &'static str,
    /// How often it was tried since it last went well.
    attempts: i64,
    /// When its turn comes, or came.
    run_at: Time,
    /// Since when it fails.
    failed_at: Option<Time>,
    /// When it was put aside.
    dead_at: Option<Time>,
    last_error: Option<String>,
}

/// The queue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Queue {
    as_of: Time,
    counts: QueueCounts,
    /// Since when the job that is due longest waits; null when none is due.
    oldest_due: Option<Time>,
    items: Vec<QueueItem>,
}

/// What was done, by its row of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// The row of the audit trail.
    audit: i64,
}

/// What was done, by its row of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Retried {
    /// The row of the audit trail.
    audit: i64,
    /// How many jobs are tried again.
    retried: u64,
}

fn spelled(state: QueueState) -> &'static str {
    match state {
        QueueState::Dead => "dead",
        QueueState::Retrying => "retrying",
        QueueState::Running => "running",
        QueueState::Waiting => "waiting",
    }
}

fn state(text: &str) -> Answer<QueueState> {
    let states = [QueueState::Dead, QueueState::Retrying, QueueState::Running, QueueState::Waiting];
    states.into_iter().find(|state| spelled(*state) == text).ok_or_else(|| {
        Failure::bad_request(format!("There is no state {text:?}; there are dead, retrying, running and waiting."))
    })
}

fn item(job: QueuedJob) -> QueueItem {
    QueueItem {
        id: job.row.id,
        kind: job.row.key.kind,
        title: job.title,
        about: job.about,
        connection: job.connection.map(|name| name.to_string()),
        state: spelled(job.row.state),
        attempts: job.row.attempts,
        run_at: Time(job.row.run_at),
        failed_at: job.row.failed_at.map(Time),
        dead_at: job.row.dead_at.map(Time),
        last_error: job.row.last_error,
    }
}

/// What is to be read, the worst first.
#[utoipa::path(get, path = "/api/v1/queue", operation_id = "queue", tag = "operation",
    params(("state" = Option<String>, Query, description = "dead, retrying, running or waiting; else all"),
        ("limit" = Option<u16>, Query, description = "1 to 200, else 50")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Queue),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>, mut params: Params) -> Answer {
    let only = params.one("state")?.map(|text| state(&text)).transpose()?;
    let limit = params.number("limit", 1, 200)?.unwrap_or(50);
    params.end()?;
    let counts = app.catalog.queue_counts().await?;
    let items = app.catalog.queue(only, u32::try_from(limit).unwrap_or(200)).await?;
    let queue = Queue {
        as_of: Time(app.clock.now()),
        counts: QueueCounts {
            waiting: counts.waiting,
            running: counts.running,
            retrying: counts.retrying,
            dead: counts.dead,
        },
        oldest_due: counts.oldest_due.map(Time),
        items: items.into_iter().map(item).collect(),
    };
    Ok(etag::plain(entities::json(&queue)?))
}

async fn retry_jobs(app: &App, caller: Caller, id: Option<i64>) -> Answer<Retried> {
    let Caller(ctx) = caller;
    let permit = act::permit(app, &ctx, RetryJob { id }).await?;
    let result = app.catalog.retry_jobs(&permit).await;
    let (retried, row) = act::finish(permit, &ctx, result, |retried| format!("{retried} tried again")).await?;
    Ok(Retried { audit: row.0, retried })
}

/// Has a job tried again now.
#[utoipa::path(post, path = "/api/v1/queue/{id}/retry", operation_id = "retryJob", tag = "operation",
    params(("id" = i64, Path, description = "The job's number")),
    extensions(("x-stagedoor-action" = json!("RetryJob"))),
    responses((status = 202, body = Retried),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn retry(State(app): State<App>, caller: Caller, Path(id): Path<i64>) -> Answer {
    Ok(accepted(entities::json(&retry_jobs(&app, caller, Some(id)).await?)?))
}

/// Has all jobs tried again that were put aside.
#[utoipa::path(post, path = "/api/v1/queue/retry", operation_id = "retryDeadJobs", tag = "operation",
    extensions(("x-stagedoor-action" = json!("RetryJob"))),
    responses((status = 202, body = Retried),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn retry_all(State(app): State<App>, caller: Caller) -> Answer {
    Ok(accepted(entities::json(&retry_jobs(&app, caller, None).await?)?))
}

/// Takes a job that was put aside out of the queue. What it would have read is read when anything else asks for it.
#[utoipa::path(delete, path = "/api/v1/queue/{id}", operation_id = "dropJob", tag = "operation",
    params(("id" = i64, Path, description = "The job's number")),
    extensions(("x-stagedoor-action" = json!("DropJob"))),
    responses((status = 200, body = Done),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn drop_one(State(app): State<App>, Caller(ctx): Caller, Path(id): Path<i64>) -> Answer {
    let permit = act::permit(&app, &ctx, DropJob { id }).await?;
    let result = app.catalog.drop_job(&permit).await;
    let ((), row) = act::finish(permit, &ctx, result, |()| "dropped".to_owned()).await?;
    Ok(etag::plain(entities::json(&Done { audit: row.0 })?))
}

fn accepted(body: String) -> Response {
    (StatusCode::ACCEPTED, etag::plain(body)).into_response()
}

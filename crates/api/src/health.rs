//! For whoever runs us: alive, ready, measured.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics::gauge;
use serde_json::json;

use crate::services::App;

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "operation", extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, description = "The process answers", content_type = "text/plain", body = String)))]
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// Queries give full totals and the database answers.
#[utoipa::path(get, path = "/readyz", tag = "operation", extensions(("x-stagedoor-action" = json!("Read"))),
    responses(
        (status = 200, description = "Queries give full totals", body = Object),
        (status = 503, description = "What is waited for", body = Object)))]
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let mut waiting = Vec::new();
    if !app.catalog.is_ready() {
        // A connection that was never read completely holds everything up; the status says how far it is.
        let connections = app.catalog.status().connections.into_iter().filter(|c| c.last_good_at.is_none());
        let connections: Vec<_> = connections
            .map(|c| json!({ "name": c.name, "projectsSeen": c.projects_seen, "error": c.error.map(|e| e.message) }))
            .collect();
        let why = "not everything that the connections can see was read yet";
        waiting.push(json!({ "what": "catalog", "why": why, "connections": connections }));
    }
    if let Err(error) = app.store.ping().await {
        tracing::warn!(%error, "the database does not answer");
        waiting.push(json!({ "what": "database", "why": "it does not answer; the log has the reason" }));
    }
    let ready = waiting.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": ready, "waitingFor": waiting }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Counts and ages, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operation", extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, description = "Prometheus text format", content_type = "text/plain", body = String)))]
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let status = app.catalog.status();
    let now = app.clock.now();
    gauge!("stagedoor_catalog_ready").set(f64::from(u8::from(status.ready)));
    gauge!("stagedoor_catalog_entities").set(count(status.totals.entities));
    let problems = status.totals.problems;
    for (severity, number) in [("error", problems.error), ("warning", problems.warning), ("note", problems.note)] {
        gauge!("stagedoor_catalog_problems", "severity" => severity).set(count(number));
    }
    for connection in &status.connections {
        let labels = [("connection", connection.name.clone())];
        metrics::counter!("stagedoor_gitlab_requests_total", &labels).absolute(connection.requests);
        metrics::counter!("stagedoor_webhooks_total", &labels).absolute(connection.webhooks.received);
        gauge!("stagedoor_connection_failed", &labels).set(f64::from(u8::from(connection.error.is_some())));
        // A connection that never had a good pass has no age: an alert on absence says so, a zero would lie.
        if let Some(good) = connection.last_good_at {
            gauge!("stagedoor_connection_age_seconds", &labels).set(seconds(now - good));
        }
    }
    // What the database does not answer is absent, so that an alert on absence says so.
    if let Ok(counts) = app.catalog.queue_counts().await {
        let states = [
            ("waiting", counts.waiting),
            ("running", counts.running),
            ("retrying", counts.retrying),
            ("dead", counts.dead),
        ];
        for (state, number) in states {
            gauge!("stagedoor_queue_jobs", "state" => state).set(count(usize::try_from(number).unwrap_or(usize::MAX)));
        }
        let age = counts.oldest_due.map_or(0, |due| (now - due).max(0));
        gauge!("stagedoor_queue_oldest_due_seconds").set(seconds(age));
    }
    if let Ok(head) = app.catalog.feed_head().await {
        let lag = usize::try_from(head.saturating_sub(app.catalog.shown())).unwrap_or(0);
        gauge!("stagedoor_feed_lag_changes").set(count(lag));
    }
    gauge!("stagedoor_leader").set(f64::from(u8::from(app.catalog.leads())));
    app.metrics.run_upkeep();
    let mut text = app.metrics.render();
    let _writing_to_a_string = writeln!(text, "# stagedoor {}", app.version);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "ages far below 2^53 milliseconds")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

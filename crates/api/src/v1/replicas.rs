//! The processes that share the database.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::entities;
use crate::{Answer, etag, services::App, times::Time};

/// One process.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replica {
    /// Drawn at its start.
    id: String,
    version: String,
    /// The machine it runs on.
    host: String,
    started_at: Time,
    seen_at: Time,
    /// Does it what only one does: reading by the clock?
    leader: bool,
    /// Is it the one that answers?
    #[serde(rename = "self")]
    own: bool,
    /// Changes that it does not show yet.
    feed_lag: i64,
}

/// The processes that share the database.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replicas {
    /// `sqlite`, which one process uses, or `postgres`.
    database: &'static str,
    items: Vec<Replica>,
}

/// The processes that share the database, and those that did within the last hour.
#[utoipa::path(get, path = "/api/v1/system/replicas", operation_id = "replicas", tag = "operation",
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Replicas),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>) -> Answer {
    let own = app.store.replica();
    let replicas = match app.store.dialect() {
        store::Dialect::Sqlite => Replicas {
            database: "sqlite",
            items: vec![Replica {
                id: own.to_owned(),
                version: app.version.to_owned(),
                host: app.host.clone(),
                started_at: Time(app.started_at),
                seen_at: Time(app.clock.now()),
                leader: true,
                own: true,
                feed_lag: app.catalog.feed_head().await?.saturating_sub(app.catalog.shown()),
            }],
        },
        store::Dialect::Postgres => {
            let head = app.catalog.feed_head().await?;
            let items = app.catalog.replicas().await?.into_iter().map(|(row, told)| {
                let own = row.id == own;
                // Of itself a process knows more than it last told.
                let shown = if own { app.catalog.shown() } else { told.shown };
                Replica {
                    id: row.id,
                    version: told.version,
                    host: told.host,
                    started_at: Time(told.started_at),
                    seen_at: Time(row.seen_at),
                    leader: row.leads,
                    own,
                    feed_lag: head.saturating_sub(shown),
                }
            });
            Replicas { database: "postgres", items: items.collect() }
        }
    };
    Ok(etag::plain(entities::json(&replicas)?))
}

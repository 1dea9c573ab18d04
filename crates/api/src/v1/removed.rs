//! What left the catalog and can still come back.

use axum::extract::State;
use catalog::index::title_of;
use serde::Serialize;
use utoipa::ToSchema;

use super::entities;
use crate::{Answer, etag, params::Params, services::App, times::Time};

/// An entity that left the catalog.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovedEntity {
    id: i64,
    r#ref: String,
    kind: String,
    title: Option<String>,
    connection: String,
    project_path: String,
    project_url: String,
    /// Why it left.
    reason: String,
    removed_at: Time,
    /// When it is forgotten. Shown by GitLab again before, it comes back with the claim it had.
    kept_until: Time,
}

/// What left the catalog.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemovedList {
    /// How much of it there is.
    total: u64,
    items: Vec<RemovedEntity>,
}

/// What left the catalog within the last seven days, the latest first.
#[utoipa::path(get, path = "/api/v1/catalog/removed", operation_id = "removed", tag = "catalog",
    params(("limit" = Option<u16>, Query, description = "1 to 500, else 100")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = RemovedList),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>, mut params: Params) -> Answer {
    let limit = params.number("limit", 1, 500)?.unwrap_or(100);
    params.end()?;
    let (total, rows) = app.catalog.removed(u32::try_from(limit).unwrap_or(500)).await?;
    let items = rows.into_iter().map(|row| RemovedEntity {
        id: row.entity.id,
        r#ref: row.entity.entity_ref.key().to_string(),
        kind: row.entity.entity_ref.kind().to_owned(),
        title: title_of(&row.entity.body),
        connection: row.entity.source.connection.to_string(),
        project_path: row.entity.source.project_path,
        project_url: row.entity.source.project_url,
        reason: row.because,
        removed_at: Time(row.removed_at),
        kept_until: Time(row.kept_until),
    });
    let list = RemovedList { total, items: items.collect() };
    Ok(etag::plain(entities::json(&list)?))
}

//! The instance, how reading goes, refreshing, and what one may do.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use broker::{AddConnection, ChangeDiscovery, RemoveConnection, TestConnection, UpdateToken};
use catalog::{
    DropJob, RefreshCatalog, RegisterLocation, RetryJob, Scope, UnregisterLocation,
    index::{Filter, Query, Resolution},
};
use gitlab::{RegisterHook, RotateToken};
use model::{Action, ConnectionName, RefKey, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{entities, status};
use crate::{Answer, Failure, act, caller::Caller, etag, idempotency::Turn, params::Params, services::App};

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    id: &'static str,
    name: &'static str,
    /// `operator`: the person at this machine.
    kind: &'static str,
}

/// A connected GitLab.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GitlabLink {
    name: String,
    url: String,
}

/// This Stagedoor, as the asking person sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Instance {
    version: &'static str,
    person: Person,
    /// What this version and configuration can do.
    features: Vec<&'static str>,
    gitlab: Vec<GitlabLink>,
}

/// This Stagedoor, as the asking person sees it.
#[utoipa::path(get, path = "/api/v1/instance", operation_id = "instance", tag = "instance",
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Instance),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn instance(State(app): State<App>, headers: HeaderMap, Caller(ctx): Caller) -> Answer {
    let connections = app.catalog.status().connections;
    let instance = Instance {
        version: app.version,
        person: Person {
            id: ctx.principal.id(),
            name: ctx.principal.display_name(),
            kind: match ctx.principal {
                model::Principal::Operator => "operator",
                model::Principal::System => "system",
            },
        },
        features: vec!["catalog", "connections"],
        gitlab: connections.into_iter().map(|c| GitlabLink { name: c.name, url: c.url }).collect(),
    };
    let body = entities::json(&instance)?;
    Ok(etag::json(&headers, body))
}

/// How reading goes, by connection.
#[utoipa::path(get, path = "/api/v1/catalog/status", operation_id = "catalogStatus", tag = "catalog",
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = status::CatalogStatus),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn catalog_status(State(app): State<App>) -> Answer {
    Ok(etag::plain(entities::json(&status::CatalogStatus::of(app.catalog.status()))?))
}

/// Of what left the catalog, so much is searched for a project.
const MOST_REMOVED: u32 = 10_000;

/// What to read again; nothing means everything, and at most one may be given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    /// An entity: its project is read again.
    r#ref: Option<String>,
    /// The full path of a project.
    project: Option<String>,
    /// A configured connection.
    connection: Option<String>,
}

/// What was started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefreshAccepted {
    /// Readings that will begin at once.
    queued: u64,
    /// The row of the audit trail.
    permit: String,
}

/// Reads from GitLab now instead of at the next pass.
#[utoipa::path(post, path = "/api/v1/catalog/refresh", operation_id = "refreshCatalog", tag = "catalog",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same answer for 24 hours and reads once; kept in memory")),
    request_body = RefreshRequest,
    extensions(("x-stagedoor-action" = json!("RefreshCatalog"))),
    responses((status = 202, body = RefreshAccepted),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn refresh(State(app): State<App>, Caller(ctx): Caller, headers: HeaderMap, body: Bytes) -> Answer {
    let request: RefreshRequest = if body.is_empty() {
        RefreshRequest::default()
    } else {
        serde_json::from_slice(&body).map_err(|e| Failure::bad_request(format!("The body cannot be read: {e}.")))?
    };
    let slot = match app.replays.turn(&headers, "refresh", &body, ctx.now())? {
        Turn::First(slot) => slot,
        Turn::Again(status, body) => return Ok(accepted(status, body)),
    };
    let scope = match scope(&app, &request) {
        Ok(scope) => scope,
        Err(unknown) => scope_of_removed(&app, &request).await?.ok_or(unknown)?,
    };
    let permit = act::permit(&app, &ctx, RefreshCatalog { scope }).await?;
    let result = app.catalog.refresh(&permit).await;
    let (queued, row) = act::finish(permit, &ctx, result, |queued| format!("{queued} queued")).await?;
    let body = entities::json(&RefreshAccepted { queued, permit: row.0.to_string() })?;
    if let Some(slot) = slot {
        slot.keep(StatusCode::ACCEPTED, &body);
    }
    Ok(accepted(StatusCode::ACCEPTED, body))
}

fn accepted(status: StatusCode, body: String) -> Response {
    (status, etag::plain(body)).into_response()
}

fn scope(app: &App, request: &RefreshRequest) -> Answer<Scope> {
    match request {
        RefreshRequest { r#ref: None, project: None, connection: None } => Ok(Scope::Everything),
        RefreshRequest { r#ref: Some(text), project: None, connection: None } => scope_of_ref(app, text),
        RefreshRequest { r#ref: None, project: Some(path), connection: None } => {
            let index = app.catalog.index();
            let filter = Filter::any_of("stagedoor.project", [path]);
            let page = index.query(&Query { filter, limit: 1, ..Query::default() })?;
            let source = page.items.first().map(|view| &view.entity().source);
            source.map(scope_of).ok_or_else(|| Failure::not_found(format!("No entity comes from a project {path:?}.")))
        }
        RefreshRequest { r#ref: None, project: None, connection: Some(name) } => {
            let name = ConnectionName::parse(name).map_err(|e| Failure::bad_request(format!("{e}.")))?;
            Ok(Scope::Connection(name))
        }
        _ => Err(Failure::bad_request("Give ref, project or connection, not several of them.")),
    }
}

/// A project whose entities left the catalog lately can be looked at again.
async fn scope_of_removed(app: &App, request: &RefreshRequest) -> Answer<Option<Scope>> {
    let Some(path) = &request.project else { return Ok(None) };
    let (_, removed) = app.catalog.removed(MOST_REMOVED).await?;
    let sources = removed.iter().map(|row| &row.entity.source);
    Ok(sources.into_iter().find(|source| source.project_path.eq_ignore_ascii_case(path)).map(scope_of))
}

/// What must be read again for the entity that a reference means.
///
/// # Errors
/// 400 when it is no reference, 404 when nothing has it.
pub(crate) fn scope_of_ref(app: &App, text: &str) -> Answer<Scope> {
    let key = RefKey::parse(text).map_err(|e| Failure::bad_request(format!("{e}.")))?;
    let index = app.catalog.index();
    let view = match index.resolve(&key) {
        Resolution::Held(key) | Resolution::Alias(key) => index.get(&key),
        Resolution::Ambiguous(_) | Resolution::Unknown => None,
    };
    view.map(|view| scope_of(&view.entity().source))
        .ok_or_else(|| Failure::not_found(format!("There is no {key} in the catalog.")))
}

/// Groups and users come with the pass over their connection.
fn scope_of(source: &Source) -> Scope {
    match source.project {
        Some(project) => Scope::Project(source.connection.clone(), project),
        None => Scope::Connection(source.connection.clone()),
    }
}

/// Whether the asking person may do something, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Permission {
    allowed: bool,
    rule: String,
    /// Who could do it instead.
    who: Option<String>,
    why: String,
}

/// The actions that can be asked about.
const ACTIONS: [&str; 12] = [
    RefreshCatalog::NAME,
    RegisterLocation::NAME,
    UnregisterLocation::NAME,
    TestConnection::NAME,
    AddConnection::NAME,
    RemoveConnection::NAME,
    UpdateToken::NAME,
    RotateToken::NAME,
    ChangeDiscovery::NAME,
    RegisterHook::NAME,
    RetryJob::NAME,
    DropJob::NAME,
];

/// May I? The same rules decide as for the action itself; nothing is recorded.
#[utoipa::path(get, path = "/api/v1/permissions", operation_id = "permission", tag = "instance",
    params(("action" = String, Query, description = "The name of an action, such as RefreshCatalog or AddConnection"),
        ("on" = Option<String>, Query, description = "On what; the rules of this version look at the action only")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Permission),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn permission(Caller(ctx): Caller, mut params: Params) -> Answer {
    let action = params.one("action")?.unwrap_or_default();
    params.one("on")?;
    params.end()?;
    if !ACTIONS.contains(&action.as_str()) {
        let known = ACTIONS.join(", ");
        return Err(Failure::bad_request(format!("There is no action {action:?}; there are {known}.")));
    }
    let decision = policy::decide(&ctx.principal, &action);
    let permission =
        Permission { allowed: decision.allowed, rule: decision.rule, who: decision.who, why: decision.why };
    Ok(etag::plain(entities::json(&permission)?))
}

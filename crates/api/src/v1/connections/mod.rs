//! Connections: who we are to which GitLab, whether it works, and what is read there.

mod dto;
mod requests;
mod test;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use broker::{
    AddConnection, BrokerError, ChangeDiscovery, HookPlan, HookTarget, Registered, RemoveConnection, TestConnection,
    UpdateToken,
};
use catalog::discovery::{self, Rules};
use gitlab::RotateToken;
use model::Discovery;
use time::{Date, macros::format_description};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use dto::{Check, Report};
use dto::{Connection, ConnectionList, Heard, HookRow, HookRows, Imported, Preview};
use requests::{ConnectionDraft, DiscoveryInput, ImportRequest, RotateRequest, TokenRequest, WebhookRequest};

use super::entities;
use crate::{Answer, Failure, act, caller::Caller, etag, services::App};

/// How many webhooks one request registers: each takes GitLab three questions.
const MOST_HOOKS: usize = 100;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(test::draft))
        .routes(routes!(preview))
        .routes(routes!(preview_kept))
        .routes(routes!(import))
        .routes(routes!(get, remove))
        .routes(routes!(test::kept))
        .routes(routes!(update_token))
        .routes(routes!(rotate_token))
        .routes(routes!(change_discovery))
        .routes(routes!(register_webhooks))
}

/// The connections, with how they go.
#[utoipa::path(get, path = "/api/v1/connections", operation_id = "listConnections", tag = "connections",
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = ConnectionList),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>, headers: HeaderMap) -> Answer {
    let items = app.broker.list().into_iter().map(|connection| shown(&app, connection)).collect();
    Ok(etag::json(&headers, entities::json(&ConnectionList { items })?))
}

/// One connection.
#[utoipa::path(get, path = "/api/v1/connections/{name}", operation_id = "getConnection", tag = "connections",
    params(("name" = String, Path, description = "The connection")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Connection),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn get(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Answer {
    let connection = app.broker.get(&requests::name(&name)?)?;
    Ok(etag::json(&headers, entities::json(&shown(&app, connection))?))
}

/// Keeps a connection and begins to read it. It is tested first; one that cannot read is answered with 422 and the report.
#[utoipa::path(post, path = "/api/v1/connections", operation_id = "addConnection", tag = "connections",
    request_body = ConnectionDraft,
    extensions(("x-stagedoor-action" = json!("AddConnection"))),
    responses((status = 201, body = Connection),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn add(State(app): State<App>, Caller(ctx): Caller, body: Bytes) -> Answer {
    let draft: ConnectionDraft = requests::body(&body)?;
    let connection = draft.read(&app.broker)?;
    legal(&connection.discovery)?;
    let permit = act::permit(&app, &ctx, AddConnection { connection }).await?;
    let result = app.broker.add(&permit).await;
    let (added, id) =
        act::finish::<_, _, BrokerError>(permit, &ctx, result, |added| format!("reads {}", added.url)).await?;
    let body = entities::json(&shown(&app, added).permitted(id))?;
    Ok((StatusCode::CREATED, etag::plain(body)).into_response())
}

/// Forgets a connection, its secrets and what it brought to the catalog.
#[utoipa::path(delete, path = "/api/v1/connections/{name}", operation_id = "removeConnection", tag = "connections",
    params(("name" = String, Path, description = "The connection")),
    extensions(("x-stagedoor-action" = json!("RemoveConnection"))),
    responses((status = 204, description = "It is gone"),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    let name = requests::name(&name)?;
    app.broker.get(&name)?;
    let permit = act::permit(&app, &ctx, RemoveConnection { name }).await?;
    let result = app.broker.remove(&permit).await;
    act::finish::<_, _, BrokerError>(permit, &ctx, result, |()| "removed".to_owned()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a token in the place of the old one, after a test of it: one that cannot read is answered with 422 and the report.
#[utoipa::path(put, path = "/api/v1/connections/{name}/token", operation_id = "updateToken", tag = "connections",
    params(("name" = String, Path, description = "The connection")), request_body = TokenRequest,
    extensions(("x-stagedoor-action" = json!("UpdateToken"))),
    responses((status = 200, body = Connection),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn update_token(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let name = requests::name(&name)?;
    app.broker.get(&name)?;
    let request: TokenRequest = requests::body(&body)?;
    let token = request.read(&app.broker)?;
    let permit = act::permit(&app, &ctx, UpdateToken { name, token }).await?;
    let result = app.broker.update_token(&permit).await;
    let (connection, id) = act::finish::<_, _, BrokerError>(permit, &ctx, result, |_| "in use".to_owned()).await?;
    Ok(etag::plain(entities::json(&shown(&app, connection).permitted(id))?))
}

/// Has GitLab make a new token; the old one ends at once.
#[utoipa::path(post, path = "/api/v1/connections/{name}/rotate", operation_id = "rotateToken", tag = "connections",
    params(("name" = String, Path, description = "The connection")), request_body = RotateRequest,
    extensions(("x-stagedoor-action" = json!("RotateToken"))),
    responses((status = 200, body = Connection),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn rotate_token(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let connection = requests::name(&name)?;
    app.broker.get(&connection)?;
    let request: RotateRequest = if body.is_empty() { RotateRequest::default() } else { requests::body(&body)? };
    let read = |text: String| {
        Date::parse(&text, format_description!("[year]-[month]-[day]"))
            .map_err(|_| Failure::bad_request("expiresOn: write a day such as 2027-02-18."))
    };
    let expires = request.expires_on.map(read).transpose()?;
    let permit = act::permit(&app, &ctx, RotateToken { connection, expires }).await?;
    let result = app.broker.rotate_token(&permit).await;
    let (connection, id) = act::finish::<_, _, BrokerError>(permit, &ctx, result, |_| "rotated".to_owned()).await?;
    Ok(etag::plain(entities::json(&shown(&app, connection).permitted(id))?))
}

/// Reads something else of a GitLab from now on.
#[utoipa::path(put, path = "/api/v1/connections/{name}/discovery", operation_id = "changeDiscovery", tag = "connections",
    params(("name" = String, Path, description = "The connection")), request_body = DiscoveryInput,
    extensions(("x-stagedoor-action" = json!("ChangeDiscovery"))),
    responses((status = 200, body = Connection),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn change_discovery(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let name = requests::name(&name)?;
    app.broker.get(&name)?;
    let discovery: Discovery = requests::body(&body)?;
    legal(&discovery)?;
    let permit = act::permit(&app, &ctx, ChangeDiscovery { name, discovery }).await?;
    let result = app.broker.change_discovery(&permit).await;
    let (connection, id) =
        act::finish::<_, _, BrokerError>(permit, &ctx, result, |_| "read so from now on".to_owned()).await?;
    Ok(etag::plain(entities::json(&shown(&app, connection).permitted(id))?))
}

/// What a connection would find, before it is kept. Asks GitLab, writes nothing.
#[utoipa::path(post, path = "/api/v1/connections/preview", operation_id = "previewConnection", tag = "connections",
    request_body = ConnectionDraft,
    extensions(("x-stagedoor-action" = json!("TestConnection"))),
    responses((status = 200, body = Preview),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn preview(State(app): State<App>, Caller(ctx): Caller, body: Bytes) -> Answer {
    let draft: ConnectionDraft = requests::body(&body)?;
    let new = draft.read(&app.broker)?;
    legal(&new.discovery)?;
    let discovery = new.discovery.clone();
    let permit = act::permit(&app, &ctx, TestConnection::New(Box::new(new))).await?;
    previewed(&app, &ctx, permit, &discovery).await
}

/// What a kept connection would find if it read this instead.
#[utoipa::path(post, path = "/api/v1/connections/{name}/preview", operation_id = "previewDiscovery", tag = "connections",
    params(("name" = String, Path, description = "The connection")), request_body = DiscoveryInput,
    extensions(("x-stagedoor-action" = json!("TestConnection"))),
    responses((status = 200, body = Preview),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn preview_kept(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let name = requests::name(&name)?;
    app.broker.get(&name)?;
    let discovery: Discovery = requests::body(&body)?;
    legal(&discovery)?;
    let permit = act::permit(&app, &ctx, TestConnection::Kept(name)).await?;
    previewed(&app, &ctx, permit, &discovery).await
}

/// What an existing `app-config.yaml` of Backstage would be here. Reads only; no secret of it comes back.
#[utoipa::path(post, path = "/api/v1/connections/import", operation_id = "importConnections", tag = "connections",
    request_body = ImportRequest,
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Imported),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn import(body: Bytes) -> Answer {
    let request: ImportRequest = requests::body(&body)?;
    let found = broker::import::convert(&request.yaml)
        .map_err(|error| Failure::bad_request(format!("This is no app-config.yaml: {error}.")))?;
    Ok(etag::plain(entities::json(&Imported::of(found))?))
}

async fn previewed(
    app: &App,
    ctx: &model::Ctx,
    permit: policy::Permit<TestConnection>,
    discovery: &Discovery,
) -> Answer {
    let result = async {
        let client = app.broker.gitlab_of(&permit)?;
        discovery::preview(&client, discovery).await.map_err(BrokerError::from)
    };
    let result = result.await;
    let (found, _) =
        act::finish::<_, _, BrokerError>(permit, ctx, result, |found| format!("{} projects", found.projects)).await?;
    let preview = Preview {
        projects: found.projects,
        exact: found.exact,
        groups: found.groups,
        examples: found.examples,
        requests: found.requests,
        notes: found.notes,
    };
    Ok(etag::plain(entities::json(&preview)?))
}

/// Registers webhooks, each with a permit of its own. What the token may not is told beside what it may.
#[utoipa::path(post, path = "/api/v1/connections/{name}/webhooks", operation_id = "registerWebhooks", tag = "connections",
    params(("name" = String, Path, description = "The connection")), request_body = WebhookRequest,
    extensions(("x-stagedoor-action" = json!("RegisterHook"))),
    responses((status = 200, body = HookRows),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn register_webhooks(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let name = requests::name(&name)?;
    let targets = targets(requests::body(&body)?)?;
    let mut rows = Vec::new();
    let mut kept = Vec::new();
    for plan in app.broker.plan_hooks(&name, &targets).await? {
        match plan {
            HookPlan::There(hook) => {
                rows.push(row(&hook, None));
                kept.push(hook);
            }
            HookPlan::Refused(target, error) => rows.push(refused(&target, &error.message, Some(error.remedy.clone()))),
            HookPlan::Register(target, action) => {
                let permit = act::permit(&app, &ctx, *action).await?;
                let result = app.broker.register_hook(&permit, &target).await;
                let told = result.as_ref().err().map(|error| match error {
                    BrokerError::Gitlab(error) => refused(&target, &error.message, Some(error.remedy.clone())),
                    other => refused(&target, &other.to_string(), None),
                });
                let done =
                    act::finish::<_, _, BrokerError>(permit, &ctx, result, |hook| format!("hook {}", hook.hook)).await;
                match (done, told) {
                    (Ok((hook, id)), _) => {
                        rows.push(row(&hook, Some(id.0.to_string())));
                        kept.push(hook);
                    }
                    (Err(_), Some(told)) => rows.push(told),
                    (Err(failure), None) => return Err(failure),
                }
            }
        }
    }
    app.broker.keep_hooks(&name, &kept).await?;
    Ok(etag::plain(entities::json(&HookRows { registered: rows })?))
}

fn targets(request: WebhookRequest) -> Answer<Vec<HookTarget>> {
    if request.of.len() > MOST_HOOKS {
        return Err(Failure::bad_request(format!("Name at most {MOST_HOOKS} at once.")));
    }
    match (request.scope.as_str(), request.of.is_empty()) {
        ("system", true) => Ok(vec![HookTarget::System]),
        ("group", false) => Ok(request.of.into_iter().map(HookTarget::Group).collect()),
        ("project", false) => Ok(request.of.into_iter().map(HookTarget::Project).collect()),
        ("system", false) => Err(Failure::bad_request("A hook of the system is for all of it: leave `of` out.")),
        ("group" | "project", true) => Err(Failure::bad_request("Name the full paths in `of`.")),
        (other, _) => Err(Failure::bad_request(format!("scope {other:?}: use system, group or project."))),
    }
}

fn row(hook: &Registered, permit: Option<String>) -> HookRow {
    HookRow {
        of: hook.of.clone(),
        hook: Some(hook.hook),
        tested: permit.is_some() && hook.error.is_none(),
        error: hook.error.clone(),
        remedy: None,
        permit,
    }
}

fn refused(target: &HookTarget, message: &str, remedy: Option<String>) -> HookRow {
    let of = match target {
        HookTarget::System => "system".to_owned(),
        HookTarget::Group(path) | HookTarget::Project(path) => path.clone(),
    };
    HookRow { of, hook: None, tested: false, error: Some(message.to_owned()), remedy, permit: None }
}

/// Patterns that cannot be compiled are refused before anything is kept.
fn legal(discovery: &Discovery) -> Answer<()> {
    let Err(faults) = Rules::compile(discovery) else { return Ok(()) };
    let mut failure = Failure::bad_request(faults.first().map_or_else(
        || "The discovery cannot be used.".to_owned(),
        |f| format!("{}: {}. {}.", f.pointer, f.message, f.remedy),
    ));
    for fault in faults {
        failure = failure.with_error(serde_json::json!({
            "pointer": fault.pointer, "message": fault.message, "remedy": fault.remedy,
        }));
    }
    Err(failure)
}

/// A connection with what the catalog heard of it.
fn shown(app: &App, connection: broker::Connection) -> Connection {
    let status = app.catalog.status().connections.into_iter().find(|known| known.name == connection.name.as_str());
    let heard = Heard {
        received: status.as_ref().map_or(0, |status| status.webhooks.received),
        last: status.as_ref().and_then(|status| status.webhooks.last_received_at),
        poll_seconds: app.broker.poll_seconds(),
    };
    Connection::of(connection, &heard, app.clock.now())
}

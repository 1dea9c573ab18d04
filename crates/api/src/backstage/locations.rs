//! Registered locations: catalog files that discovery does not find by itself.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use catalog::{
    RefreshCatalog, RegisterLocation, Scope, UnregisterLocation,
    index::{Filter, Index, Query, View},
};
use model::{Ctx, RefKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::Location;

use super::{body, matches::matches};
use crate::{Answer, Failure, act, caller::Caller, etag, params::Params, services::App, v1};

/// Where an entity was first led to from.
const ORIGIN: &str = "backstage.io/managed-by-origin-location";

/// A location as the catalog API shows it. `entityRef` is there as soon as its file was read once.
fn shown(index: &Index, location: &Location) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(location.id));
    shown.insert("type".to_owned(), json!(location.kind));
    shown.insert("target".to_owned(), json!(location.target));
    if let Some(key) = entity_of(index, &location.target) {
        shown.insert("entityRef".to_owned(), json!(key));
    }
    shown
}

/// The Location entity that stands for a registered address.
fn entity_of(index: &Index, target: &str) -> Option<RefKey> {
    let filter = Filter::any_of("stagedoor.origin", ["registered"]);
    let page = index.query(&Query { filter, limit: index.len(), ..Query::default() }).ok()?;
    page.items.iter().find(|view| target_of(view).as_deref() == Some(target)).map(|view| view.key().clone())
}

/// The address that first led to an entity, from its annotation `url:<address>`.
pub(super) fn target_of(view: &View<'_>) -> Option<String> {
    let body: Value = serde_json::from_str(&view.entity().body).ok()?;
    let origin = body.get("metadata")?.get("annotations")?.get(ORIGIN)?.as_str()?;
    origin.strip_prefix("url:").map(str::to_owned)
}

/// All of them.
#[utoipa::path(get, path = "/api/catalog/locations", operation_id = "catalogLocations", tag = "backstage",
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Vec<Object>)))]
pub(super) async fn list(State(app): State<App>) -> Answer {
    let locations = app.catalog.locations().await?;
    let index = app.catalog.index();
    let shown = locations.iter().map(|location| json!({ "data": shown(&index, location) }));
    Ok(etag::plain(Value::Array(shown.collect()).to_string()))
}

/// One of them.
#[utoipa::path(get, path = "/api/catalog/locations/{id}", operation_id = "catalogLocation", tag = "backstage",
    params(("id" = String, Path)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object), (status = 404, description = "Not registered")))]
pub(super) async fn get(State(app): State<App>, Path(id): Path<String>) -> Answer {
    let locations = app.catalog.locations().await?;
    let location = locations.iter().find(|location| location.id == id);
    let location = location.ok_or_else(|| Failure::not_found(format!("Found no location with ID {id}")))?;
    Ok(etag::plain(Value::Object(shown(&app.catalog.index(), location)).to_string()))
}

/// The registered location that led to an entity.
#[utoipa::path(get, path = "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}", operation_id = "catalogLocationByEntity", tag = "backstage",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object), (status = 404, description = "Not in the catalog, or found by discovery")))]
pub(super) async fn by_entity(
    State(app): State<App>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Answer {
    let key = v1::key_of_path(&kind, &namespace, &name)?;
    let target = app.catalog.index().get(&key).map(|view| target_of(&view));
    let target = target.ok_or_else(|| Failure::not_found(format!("No such entity {key}")))?;
    let locations = app.catalog.locations().await?;
    let location = locations.iter().find(|location| target.as_ref() == Some(&location.target));
    let location = location.ok_or_else(|| Failure::not_found(format!("{key} comes from no registered location")))?;
    Ok(etag::plain(Value::Object(shown(&app.catalog.index(), location)).to_string()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) r#type: String,
    pub(super) target: String,
    #[serde(default, rename = "presence")]
    _presence: Option<Presence>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Presence {
    Required,
    Optional,
}

/// Registers a catalog file. With `dryRun` it says what is known of it and registers nothing.
#[utoipa::path(post, path = "/api/catalog/locations", operation_id = "catalogAddLocation", tag = "backstage",
    params(("dryRun" = Option<String>, Query), ("onConflict" = Option<String>, Query, description = "reject or refresh")),
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("RegisterLocation"))),
    responses((status = 201, body = Object), (status = 409, description = "Registered already")))]
pub(super) async fn create(State(app): State<App>, Caller(ctx): Caller, mut params: Params, bytes: Bytes) -> Answer {
    let input: Input = body(&bytes)?;
    if input.r#type != "url" {
        return Err(Failure::bad_request("Registered locations must be of an allowed type [\"url\"]"));
    }
    let dry_run = matches!(params.one("dryRun")?.as_deref(), Some("true" | "1" | "yes" | "y"));
    let on_conflict = params.one("onConflict")?;
    let refresh = match on_conflict.as_deref() {
        None | Some("reject") => false,
        Some("refresh") => true,
        Some(other) => return Err(Failure::bad_request(format!("onConflict {other:?}: use reject or refresh"))),
    };
    let known = app.catalog.locations().await?.into_iter().find(|location| location.target == input.target);
    if dry_run {
        return dry(&app, &input.target, known.as_ref());
    }
    let location = match known {
        None => {
            let permit = act::permit(&app, &ctx, RegisterLocation { target: input.target }).await?;
            let result = app.catalog.register_location(&permit).await;
            act::finish(permit, &ctx, result, |location| format!("location {}", location.id)).await?.0
        }
        Some(location) if refresh => {
            let scope = Scope::Connection(location.connection.clone());
            let permit = act::permit(&app, &ctx, RefreshCatalog { scope }).await?;
            let result = app.catalog.refresh(&permit).await;
            act::finish(permit, &ctx, result, |queued| format!("{queued} queued")).await?;
            location
        }
        Some(location) => {
            return Err(Failure::conflict(format!("Location {}:{} already exists", location.kind, location.target)));
        }
    };
    let shown = shown(&app.catalog.index(), &location);
    Ok(created(&json!({ "location": shown, "entities": [] })))
}

fn created(body: &Value) -> Response {
    (StatusCode::CREATED, etag::plain(body.to_string())).into_response()
}

/// Reads are local, so a dry run gives the entities that the catalog holds from that address and asks GitLab nothing.
fn dry(app: &App, target: &str, known: Option<&Location>) -> Answer {
    if app.catalog.connection_of_url(target).is_none() {
        return Err(Failure::bad_request(format!(
            "{target} is on no connected GitLab. Use the web address of a file, https://…/group/project/-/blob/main/catalog-info.yaml"
        )));
    }
    let index = app.catalog.index();
    let led_here =
        |annotation: &str| Filter::any_of(format!("metadata.annotations.{annotation}"), [format!("url:{target}")]);
    let filter = Filter::Or(vec![led_here(ORIGIN), led_here("backstage.io/managed-by-location")]);
    let page = index.query(&Query { filter, limit: index.len(), ..Query::default() })?;
    let entities: Vec<String> = page.items.iter().map(|view| view.json(None)).collect();
    let location = match known {
        Some(location) => Value::Object(shown(&index, location)),
        None => json!({ "id": format!("url:{target}"), "type": "url", "target": target }),
    };
    let body =
        format!("{{\"exists\":{},\"location\":{location},\"entities\":[{}]}}", known.is_some(), entities.join(","));
    Ok((StatusCode::CREATED, etag::plain(body)).into_response())
}

/// Takes one out, with what it brought.
#[utoipa::path(delete, path = "/api/catalog/locations/{id}", operation_id = "catalogRemoveLocation", tag = "backstage",
    params(("id" = String, Path)),
    extensions(("x-stagedoor-action" = json!("UnregisterLocation"))),
    responses((status = 204, description = "Taken out"), (status = 404, description = "Not registered")))]
pub(super) async fn delete(State(app): State<App>, Caller(ctx): Caller, Path(id): Path<String>) -> Answer<StatusCode> {
    unregister(&app, &ctx, UnregisterLocation { id }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn unregister(app: &App, ctx: &Ctx, action: UnregisterLocation) -> Answer<()> {
    let permit = act::permit(app, ctx, action).await?;
    let result = app.catalog.unregister_location(&permit).await;
    act::finish(permit, ctx, result, |location| format!("{} is no longer read", location.target)).await?;
    Ok(())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ByQuery {
    limit: Option<usize>,
    query: Option<Value>,
    cursor: Option<String>,
}

/// Where a page of locations ended, and its question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    limit: usize,
    after_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<Value>,
}

/// Locations by pages, asked for with a predicate.
#[utoipa::path(post, path = "/api/catalog/locations/by-query", operation_id = "catalogQueryLocations", tag = "backstage",
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object)))]
pub(super) async fn query(State(app): State<App>, bytes: Bytes) -> Answer {
    let asked: ByQuery = if bytes.is_empty() { ByQuery::default() } else { body(&bytes)? };
    let position: Option<Position> = asked.cursor.as_deref().map(position).transpose()?;
    let (limit, after, predicate) = match position {
        Some(position) => (position.limit, Some(position.after_id), position.query),
        None => (asked.limit.unwrap_or(1_000), None, asked.query),
    };
    if limit == 0 {
        return Err(Failure::bad_request("Limit must be a positive integer >= 1"));
    }
    let filter = predicate.as_ref().map_or(Ok(Filter::All), Filter::from_predicate)?;
    let mut locations = app.catalog.locations().await?;
    locations.sort_by(|a, b| a.id.cmp(&b.id));
    let index = app.catalog.index();
    let all: Vec<_> =
        locations.iter().map(|location| shown(&index, location)).filter(|l| matches(&filter, l)).collect();
    let id = |location: &Map<String, Value>| location.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut items: Vec<_> =
        all.iter().filter(|location| after.as_ref().is_none_or(|after| id(location) > *after)).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = match items.last() {
        Some(last) if more => {
            let position = Position { limit, after_id: id(last), query: predicate };
            serde_json::to_vec(&position).ok().map(|position| STANDARD.encode(position))
        }
        _ => None,
    };
    let page = next.map_or_else(|| json!({}), |next| json!({ "nextCursor": next }));
    Ok(etag::plain(json!({ "items": items, "totalItems": all.len(), "pageInfo": page }).to_string()))
}

fn position(cursor: &str) -> Answer<Position> {
    let decoded = STANDARD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    decoded.ok_or_else(|| Failure::bad_request("Malformed cursor: ask for the first page again"))
}

//! Single entities: by reference, by uid, with their ancestry; and reading one again.

use std::collections::HashSet;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use catalog::{
    RefreshCatalog, UnregisterLocation,
    index::{Filter, Query},
};
use model::{Origin, RefKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{body, fields, filter, locations};
use crate::{Answer, Failure, act, caller::Caller, etag, params::Params, services::App, v1};

fn by_key(app: &App, headers: &HeaderMap, key: &RefKey, missing: String) -> Answer {
    let body = app.catalog.index().get(key).map(|view| view.json(None));
    let body = body.ok_or_else(|| Failure::not_found(missing))?;
    Ok(etag::json(headers, body))
}

/// An entity by its reference.
#[utoipa::path(get, path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}", operation_id = "catalogEntityByName", tag = "backstage",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object), (status = 404, description = "Not in the catalog")))]
pub(super) async fn by_name(
    State(app): State<App>,
    headers: HeaderMap,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Answer {
    let key = v1::key_of_path(&kind, &namespace, &name)?;
    by_key(
        &app,
        &headers,
        &key,
        format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'"),
    )
}

/// An entity by its uid.
#[utoipa::path(get, path = "/api/catalog/entities/by-uid/{uid}", operation_id = "catalogEntityByUid", tag = "backstage",
    params(("uid" = String, Path)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object), (status = 404, description = "Not in the catalog")))]
pub(super) async fn by_uid(State(app): State<App>, headers: HeaderMap, Path(uid): Path<String>) -> Answer {
    let body = app.catalog.index().by_uid(&uid).map(|view| view.json(None));
    let body = body.ok_or_else(|| Failure::not_found(format!("No entity with uid {uid}")))?;
    Ok(etag::json(&headers, body))
}

/// Takes a registered location out of the catalog by the uid of its entity. What a file describes cannot be deleted here.
#[utoipa::path(delete, path = "/api/catalog/entities/by-uid/{uid}", operation_id = "catalogDeleteEntity", tag = "backstage",
    params(("uid" = String, Path)),
    extensions(("x-stagedoor-action" = json!("UnregisterLocation"))),
    responses((status = 204, description = "It is gone, or was not there"), (status = 409, description = "It would come back with the next reading")))]
pub(super) async fn delete_by_uid(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(uid): Path<String>,
) -> Answer<StatusCode> {
    let (target, url) = {
        let index = app.catalog.index();
        // As in the reference, deleting what is not there is done already.
        let Some(view) = index.by_uid(&uid) else { return Ok(StatusCode::NO_CONTENT) };
        let registered = view.entity().origin == Origin::Registered;
        (registered.then(|| locations::target_of(&view)).flatten(), view.entity().source.url())
    };
    let all = app.catalog.locations().await?;
    let Some(location) = target.and_then(|target| all.into_iter().find(|l| l.target == target)) else {
        return Err(Failure::conflict(format!(
            "It is described at {url} and would come back with the next reading. Remove it there."
        )));
    };
    locations::unregister(&app, &ctx, UnregisterLocation { id: location.id }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An entity and the Locations that led to it.
#[utoipa::path(get, path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry", operation_id = "catalogAncestry", tag = "backstage",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object), (status = 404, description = "Not in the catalog")))]
pub(super) async fn ancestry(
    State(app): State<App>,
    headers: HeaderMap,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Answer {
    let key = v1::key_of_path(&kind, &namespace, &name)?;
    let body = {
        let index = app.catalog.index();
        let ancestors = index.ancestry(&key);
        if ancestors.is_empty() {
            return Err(Failure::not_found(format!("No such entity {key}")));
        }
        let items: Vec<String> = ancestors
            .iter()
            .filter_map(|ancestor| {
                let parents = json!(ancestor.parents);
                let entity = index.get(&ancestor.key)?.json(None);
                Some(format!("{{\"entity\":{entity},\"parentEntityRefs\":{parents}}}"))
            })
            .collect();
        format!("{{\"rootEntityRef\":{},\"items\":[{}]}}", json!(key), items.join(","))
    };
    Ok(etag::json(&headers, body))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByRefs {
    entity_refs: Vec<String>,
    #[serde(default)]
    fields: Vec<String>,
    query: Option<Value>,
}

/// Entities by their references, in the order asked for, null where there is none.
#[utoipa::path(post, path = "/api/catalog/entities/by-refs", operation_id = "catalogEntitiesByRefs", tag = "backstage",
    params(("filter" = Option<Vec<String>>, Query)),
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object)))]
pub(super) async fn by_refs(State(app): State<App>, headers: HeaderMap, mut params: Params, bytes: Bytes) -> Answer {
    let asked: ByRefs = body(&bytes)?;
    let predicate = asked.query.as_ref().map_or(Ok(Filter::All), Filter::from_predicate)?;
    let filter = filter(&mut params)?.and(predicate);
    let fields = fields(&mut params, asked.fields)?;
    let body = {
        let index = app.catalog.index();
        let views: Vec<_> =
            asked.entity_refs.iter().map(|text| RefKey::parse(text).ok().and_then(|key| index.get(&key))).collect();
        let meant = if filter == Filter::All {
            None
        } else {
            let uids: Vec<String> = views.iter().flatten().map(|view| view.uid()).collect();
            let limit = uids.len();
            let query = Query { filter: filter.and(Filter::any_of("metadata.uid", uids)), limit, ..Query::default() };
            Some(index.query(&query)?.items.iter().map(|view| view.key().clone()).collect::<HashSet<_>>())
        };
        let items: Vec<String> = views
            .iter()
            .map(|view| match view {
                Some(view) if meant.as_ref().is_none_or(|meant| meant.contains(view.key())) => {
                    view.json(fields.as_deref())
                }
                _ => "null".to_owned(),
            })
            .collect();
        format!("{{\"items\":[{}]}}", items.join(","))
    };
    Ok(etag::json(&headers, body))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refresh {
    entity_ref: String,
}

/// Reads the project of an entity again.
#[utoipa::path(post, path = "/api/catalog/refresh", operation_id = "catalogRefresh", tag = "backstage",
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("RefreshCatalog"))),
    responses((status = 200, description = "Queued"), (status = 404, description = "Not in the catalog")))]
pub(super) async fn refresh(State(app): State<App>, Caller(ctx): Caller, bytes: Bytes) -> Answer<StatusCode> {
    let asked: Refresh = body(&bytes)?;
    let scope = v1::scope_of_ref(&app, &asked.entity_ref)?;
    let permit = act::permit(&app, &ctx, RefreshCatalog { scope }).await?;
    let result = app.catalog.refresh(&permit).await;
    act::finish(permit, &ctx, result, |queued| format!("{queued} queued")).await?;
    Ok(StatusCode::OK)
}

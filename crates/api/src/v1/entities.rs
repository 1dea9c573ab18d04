//! Lists of entities, their facets, and search.

use axum::{extract::State, http::HeaderMap};
use catalog::index::{Cursor, Index, Query};
use model::RefKey;
use serde_json::{Map, Value};

use super::{
    dto::{EntityList, FacetValue, Facets, SearchHit, SearchHits},
    filters::{EntityFilters, Narrowed, index_key, order},
    rows::{Ages, label_of, owner_label, row},
};
use crate::{Answer, Failure, etag, params::Params, services::App, times::Time};

/// A facet shows this many values at most.
const FACET_VALUES: usize = 500;

/// Entities, filtered, sorted and by pages.
#[utoipa::path(get, path = "/api/v1/entities", operation_id = "listEntities", tag = "catalog",
    params(EntityFilters,
        ("sort" = Option<String>, Query, description = "name, kind, type, owner, lifecycle, system, language, problems or changed; `-` before it turns it around"),
        ("cursor" = Option<String>, Query, description = "From nextCursor or prevCursor; filters and order are the ones it came from"),
        ("limit" = Option<u16>, Query, description = "1 to 200, else 50")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = EntityList), (status = 304, description = "As before"),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>, headers: HeaderMap, mut params: Params) -> Answer {
    let narrowed = Narrowed::take(&mut params)?;
    let order = order(params.one("sort")?.as_deref())?;
    let cursor = params.one("cursor")?.map(Cursor::new);
    let limit = params.number("limit", 1, 200)?.unwrap_or(50);
    params.end()?;
    let ages = Ages::of(&app);
    let list = {
        let index = app.catalog.index();
        let query = Query { filter: narrowed.filter(&index, None), order, limit, offset: 0, cursor };
        let page = index.query(&query)?;
        EntityList {
            items: page.items.iter().map(|view| row(&index, view, &ages)).collect(),
            total: page.total,
            all: index.len() as u64,
            next_cursor: page.next.map(|cursor| cursor.to_string()),
            prev_cursor: page.prev.map(|cursor| cursor.to_string()),
            as_of: Time(app.clock.now()),
        }
    };
    let body = json(&list)?;
    Ok(etag::page(&headers, body))
}

/// How many entities have each value. A facet is counted without its own filter, so that its boxes add.
#[utoipa::path(get, path = "/api/v1/entities/facets", operation_id = "entityFacets", tag = "catalog",
    params(EntityFilters,
        ("facet" = Vec<String>, Query, description = "kind, type, owner, system, lifecycle, tag, language, namespace, origin, evidence, ownership, problem, project or topic; may be repeated")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Facets), (status = 304, description = "As before"),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn facets(State(app): State<App>, headers: HeaderMap, mut params: Params) -> Answer {
    let wanted = params.all("facet");
    let narrowed = Narrowed::take(&mut params)?;
    params.end()?;
    if wanted.is_empty() {
        return Err(Failure::bad_request("Name at least one facet, for example facet=kind."));
    }
    if let Some(unknown) = wanted.iter().find(|name| index_key(name).is_none()) {
        return Err(Failure::bad_request(format!("There is no facet {unknown:?}.")));
    }
    let facets = {
        let index = app.catalog.index();
        counted(&index, &narrowed, &wanted)?
    };
    let body = json(&facets)?;
    Ok(etag::json(&headers, body))
}

fn counted(index: &Index, narrowed: &Narrowed, wanted: &[String]) -> Answer<Facets> {
    let everything = narrowed.filter(index, None);
    let total = index.query(&Query { filter: everything.clone(), limit: 0, ..Query::default() })?.total;
    // Facets that nothing is filtered by are counted together: one walk over the rows.
    let (own, shared): (Vec<&str>, Vec<&str>) = wanted.iter().map(String::as_str).partition(|name| narrowed.has(name));
    let keys: Vec<&str> = shared.iter().filter_map(|name| index_key(name)).collect();
    let mut counted: Vec<(&str, _)> = shared
        .into_iter()
        .zip(index.facets_most(&everything, &keys, FACET_VALUES + 1).into_iter().map(|(_, values)| values))
        .collect();
    for name in own {
        let key = index_key(name).unwrap_or_default();
        let values = index.facets_most(&narrowed.filter(index, Some(name)), &[key], FACET_VALUES + 1);
        counted.extend(values.into_iter().map(|(_, values)| (name, values)));
    }
    let mut facets = Facets { facets: Map::new(), total, truncated: Vec::new() };
    for name in wanted {
        let Some((_, values)) = counted.iter().find(|(known, _)| known == name) else { continue };
        if values.len() > FACET_VALUES {
            facets.truncated.push(name.clone());
        }
        let values = values.iter().take(FACET_VALUES).map(|(value, count)| FacetValue {
            label: label(index, name, value),
            value: value.to_string(),
            count: *count,
        });
        facets.facets.insert(name.clone(), to_value(&values.collect::<Vec<_>>())?);
    }
    Ok(facets)
}

fn label(index: &Index, facet: &str, value: &str) -> String {
    match (facet, value) {
        ("owner", "none") => "Nobody".to_owned(),
        ("owner" | "system", value) => RefKey::parse(value).map_or_else(|_| value.to_owned(), |k| label_of(index, &k)),
        _ => value.to_owned(),
    }
}

/// The best matches for some words.
#[utoipa::path(get, path = "/api/v1/search", operation_id = "search", tag = "catalog",
    params(("q" = String, Query, description = "Words, the last one may be unfinished"),
        ("limit" = Option<u16>, Query, description = "1 to 50, else 10")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = SearchHits),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn search(State(app): State<App>, headers: HeaderMap, mut params: Params) -> Answer {
    let words = params.one("q")?.unwrap_or_default();
    let limit = params.number("limit", 1, 50)?.unwrap_or(10);
    params.end()?;
    let hits = if words.trim().is_empty() {
        SearchHits { items: Vec::new() }
    } else {
        let index = app.catalog.index();
        let hit = |hit: catalog::index::Hit<'_>| {
            let summary = hit.view.summary();
            SearchHit {
                r#ref: hit.view.key().to_string(),
                kind: hit.view.entity().entity_ref.kind().to_owned(),
                name: hit.view.entity().entity_ref.name().to_owned(),
                title: summary.title,
                r#type: summary.kind_type,
                owner: owner_label(&index, &hit.view),
                why: hit.why,
            }
        };
        SearchHits { items: index.search(&words, limit).into_iter().map(hit).collect() }
    };
    let body = json(&hits)?;
    Ok(etag::json(&headers, body))
}

pub(super) fn json(value: &impl serde::Serialize) -> Answer<String> {
    serde_json::to_string(value).map_err(|error| Failure::internal(&error))
}

fn to_value(value: &impl serde::Serialize) -> Answer<Value> {
    serde_json::to_value(value).map_err(|error| Failure::internal(&error))
}

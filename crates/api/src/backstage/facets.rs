//! `/entity-facets`: how many entities have each value of a key.

use std::borrow::Cow;

use axum::{body::Bytes, extract::State, http::HeaderMap};
use catalog::index::Filter;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{body, filter};
use crate::{Answer, Failure, etag, params::Params, services::App};

/// Counts by value, by query string.
#[utoipa::path(get, path = "/api/catalog/entity-facets", operation_id = "catalogFacets", tag = "backstage",
    params(("facet" = Vec<String>, Query), ("filter" = Option<Vec<String>>, Query)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object)))]
pub(super) async fn get(State(app): State<App>, headers: HeaderMap, mut params: Params) -> Answer {
    let facets = params.all("facet");
    let filter = filter(&mut params)?;
    answer(&app, &headers, facets, &filter)
}

#[derive(Debug, Deserialize)]
struct Body {
    #[serde(default)]
    facets: Vec<String>,
    query: Option<Value>,
}

/// Counts by value, by predicate.
#[utoipa::path(post, path = "/api/catalog/entity-facets", operation_id = "catalogFacetsByPredicate", tag = "backstage",
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object)))]
pub(super) async fn post(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Answer {
    let asked: Body = body(&bytes)?;
    let filter = asked.query.as_ref().map_or(Ok(Filter::All), Filter::from_predicate)?;
    answer(&app, &headers, asked.facets, &filter)
}

fn answer(app: &App, headers: &HeaderMap, mut facets: Vec<String>, filter: &Filter) -> Answer {
    facets.retain(|facet| !facet.is_empty());
    if facets.is_empty() {
        return Err(Failure::bad_request("Missing facet parameter"));
    }
    let body = {
        let keys: Vec<&str> = facets.iter().map(String::as_str).collect();
        let index = app.catalog.index();
        let counted = index.facets(filter, &keys).into_iter().map(|(facet, mut values)| {
            // The reference gives them by value.
            values.sort();
            (facet, values.into_iter().map(|(value, count)| Count { value, count }).collect())
        });
        serde_json::to_string(&Counts { facets: counted.collect() }).map_err(|error| Failure::internal(&error))?
    };
    Ok(etag::json(headers, body))
}

/// Tens of thousands of values may be in it, so that it is written without a tree between.
#[derive(Serialize)]
struct Counts<'a> {
    facets: IndexMap<String, Vec<Count<'a>>>,
}

#[derive(Serialize)]
struct Count<'a> {
    value: Cow<'a, str>,
    count: u64,
}

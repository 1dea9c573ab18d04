//! `/api/catalog`: the same catalog in the shapes of the Backstage catalog API, so that its clients work unchanged.
//!
//! It knows no rule of its own: reads come from the index, writes pass the gate as those of `/api/v1` do. Where we differ:
//! ordering loses no rows (what lacks the field comes last), parameters that the reference does not have are ignored,
//! `Link` names the whole path, an entity that a file describes cannot be deleted here (it would come back with the next
//! reading), and the target of a location cannot be changed (its identifier follows from it).

mod entities;
mod facets;
mod locations;
mod many;
mod matches;
mod query;
mod validate;

use axum::body::Bytes;
use catalog::index::Filter;
use serde::de::DeserializeOwned;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Answer, Failure, params::Params, services::App};

/// All routes, each with the action it demands.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(many::entities))
        .routes(routes!(query::get, query::post))
        .routes(routes!(entities::by_uid, entities::delete_by_uid))
        .routes(routes!(entities::by_name))
        .routes(routes!(entities::ancestry))
        .routes(routes!(entities::by_refs))
        .routes(routes!(facets::get, facets::post))
        .routes(routes!(entities::refresh))
        .routes(routes!(locations::list, locations::create))
        .routes(routes!(locations::query))
        .routes(routes!(locations::get, locations::delete))
        .routes(routes!(locations::by_entity))
        .routes(routes!(validate::analyze))
        .routes(routes!(validate::validate))
}

/// A JSON object sent as body.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Answer<T> {
    serde_json::from_slice(bytes).map_err(|error| Failure::bad_request(format!("Malformed request body: {error}")))
}

/// The `filter` parameters.
fn filter(params: &mut Params) -> Answer<Filter> {
    let filters = params.all("filter");
    Ok(Filter::parse_params(&filters.iter().map(String::as_str).collect::<Vec<_>>())?)
}

/// The `fields` parameters, and those of a body: which parts of an entity are wanted, all when there are none.
fn fields(params: &mut Params, more: Vec<String>) -> Answer<Option<Vec<String>>> {
    let given = params.all("fields");
    let given = given.iter().flat_map(|list| list.split(',')).map(str::to_owned);
    let mut fields: Vec<String> = Vec::new();
    for field in more.into_iter().chain(given) {
        let field = field.trim();
        if field.contains('[') {
            return Err(Failure::bad_request(format!("Invalid field {field:?}, array type fields are not supported")));
        }
        if !field.is_empty() && !fields.iter().any(|known| known == field) {
            fields.push(field.to_owned());
        }
    }
    Ok(if fields.is_empty() { None } else { Some(fields) })
}

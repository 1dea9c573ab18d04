//! `/entities/by-query`: pages with cursors, by query string and by predicate.

use axum::{body::Bytes, extract::State, http::HeaderMap};
use catalog::index::{Cursor, Filter, Order, Query};
use serde::Deserialize;
use serde_json::Value;

use super::{body, fields, filter};
use crate::{Answer, Failure, etag, params::Params, services::App};

/// What the reference gives when no limit is named: 20 rows are documented, 200 are sent.
const PAGE: usize = 200;
/// A page holds no more; `nextCursor` leads on.
const LARGEST_PAGE: usize = 10_000;

/// One question in either form.
struct Asked {
    query: Query,
    fields: Option<Vec<String>>,
    total: bool,
}

/// Entities by pages.
#[utoipa::path(get, path = "/api/catalog/entities/by-query", operation_id = "catalogQuery", tag = "backstage",
    params(("filter" = Option<Vec<String>>, Query), ("fields" = Option<String>, Query), ("orderField" = Option<Vec<String>>, Query, description = "field or field,asc or field,desc"),
        ("limit" = Option<u32>, Query), ("offset" = Option<u32>, Query), ("cursor" = Option<String>, Query), ("totalItems" = Option<String>, Query, description = "include or exclude"),
        ("fullTextFilterTerm" = Option<String>, Query), ("fullTextFilterFields" = Option<String>, Query)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object)))]
pub(super) async fn get(State(app): State<App>, headers: HeaderMap, mut params: Params) -> Answer {
    let order = params.all("orderField");
    let order = order.iter().map(|text| Order::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let term = params.one("fullTextFilterTerm")?.unwrap_or_default();
    let searched = params.all("fullTextFilterFields");
    let searched = searched.iter().flat_map(|list| list.split(',')).map(|f| f.trim().to_owned());
    let searched = searched.filter(|field| !field.is_empty()).collect();
    let filter = filter(&mut params)?.and(full_text(&term, searched, &order));
    let total = total(params.one("totalItems")?.as_deref())?;
    let limit = params.number("limit", 0, usize::MAX)?.unwrap_or(PAGE);
    let offset = params.number("offset", 0, usize::MAX)?.unwrap_or(0);
    let cursor = cursor(params.one("cursor")?)?;
    let query = Query { filter, order, limit, offset, cursor };
    answer(&app, &headers, Asked { query, fields: fields(&mut params, Vec::new())?, total })
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    query: Option<Value>,
    limit: Option<usize>,
    offset: Option<usize>,
    order_by: Vec<OrderBy>,
    full_text_filter: Option<FullText>,
    fields: Vec<String>,
    total_items: Option<String>,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OrderBy {
    field: String,
    order: String,
}

#[derive(Debug, Deserialize)]
struct FullText {
    #[serde(default)]
    term: String,
    #[serde(default)]
    fields: Vec<String>,
}

/// Entities by pages, asked for with a predicate.
#[utoipa::path(post, path = "/api/catalog/entities/by-query", operation_id = "catalogQueryByPredicate", tag = "backstage",
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object)))]
pub(super) async fn post(State(app): State<App>, headers: HeaderMap, mut params: Params, bytes: Bytes) -> Answer {
    let asked: Body = if bytes.is_empty() { Body::default() } else { body(&bytes)? };
    let order = asked.order_by.into_iter().map(order).collect::<Answer<Vec<_>>>()?;
    let mut filter = asked.query.as_ref().map_or(Ok(Filter::All), Filter::from_predicate)?;
    if let Some(text) = asked.full_text_filter {
        filter = filter.and(full_text(&text.term, text.fields, &order));
    }
    let query = Query {
        filter,
        order,
        limit: asked.limit.unwrap_or(PAGE),
        offset: asked.offset.unwrap_or(0),
        cursor: cursor(asked.cursor)?,
    };
    let total = total(asked.total_items.as_deref())?;
    answer(&app, &headers, Asked { query, fields: fields(&mut params, asked.fields)?, total })
}

fn order(by: OrderBy) -> Answer<Order> {
    match by.order.as_str() {
        "asc" => Ok(Order::asc(by.field)),
        "desc" => Ok(Order::desc(by.field)),
        _ => Err(Failure::bad_request("Invalid order field order, must be asc or desc")),
    }
}

/// Without fields the reference looks at the one that is sorted by, else at the uid.
fn full_text(term: &str, fields: Vec<String>, order: &[Order]) -> Filter {
    let fields = if fields.is_empty() {
        vec![order.first().map_or_else(|| "metadata.uid".to_owned(), |order| order.field.clone())]
    } else {
        fields
    };
    Filter::full_text(term, fields)
}

fn total(mode: Option<&str>) -> Answer<bool> {
    match mode {
        None | Some("include") => Ok(true),
        Some("exclude") => Ok(false),
        Some(other) => Err(Failure::bad_request(format!(
            "Invalid totalItems parameter {other:?}, expected one of: include, exclude"
        ))),
    }
}

fn cursor(text: Option<String>) -> Answer<Option<Cursor>> {
    match text {
        Some(text) if text.is_empty() => Err(Failure::bad_request("Cursor cannot be empty")),
        text => Ok(text.map(Cursor::new)),
    }
}

fn answer(app: &App, headers: &HeaderMap, mut asked: Asked) -> Answer {
    asked.query.limit = asked.query.limit.min(LARGEST_PAGE);
    let body = {
        let index = app.catalog.index();
        let page = index.query(&asked.query)?;
        let mut body = String::from("{\"items\":[");
        for (at, view) in page.items.iter().enumerate() {
            if at > 0 {
                body.push(',');
            }
            body.push_str(&view.json(asked.fields.as_deref()));
        }
        let cursors = [("nextCursor", page.next), ("prevCursor", page.prev)];
        let cursors: serde_json::Map<String, Value> = cursors
            .into_iter()
            .filter_map(|(name, cursor)| Some((name.to_owned(), Value::String(cursor?.to_string()))))
            .collect();
        let total = if asked.total { page.total } else { 0 };
        body.push_str(&format!("],\"totalItems\":{total},\"pageInfo\":{}}}", Value::Object(cursors)));
        body
    };
    Ok(etag::json(headers, body))
}

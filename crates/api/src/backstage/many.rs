//! `GET /entities`: everything that a filter means, as one array.

use std::collections::VecDeque;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use catalog::index::{Cursor, Filter, Order, Query};
use futures::stream;
use serde::{Deserialize, Serialize};

use super::{fields, filter};
use crate::{Answer, Failure, etag, params::Params, services::App};

/// How many rows are read at once when all are asked for: the index is locked no longer than that.
const CHUNK: usize = 1_000;

/// Where an earlier page ended, in the reference's own form.
#[derive(Debug, Default, Serialize, Deserialize)]
struct After {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
}

/// Entities as an array; with `limit`, `offset` or `after` a page of them and a `Link` to the next.
#[utoipa::path(get, path = "/api/catalog/entities", operation_id = "catalogEntities", tag = "backstage",
    params(("filter" = Option<Vec<String>>, Query), ("fields" = Option<String>, Query), ("order" = Option<Vec<String>>, Query, description = "asc:field or desc:field"),
        ("limit" = Option<u32>, Query), ("offset" = Option<u32>, Query), ("after" = Option<String>, Query)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Vec<Object>)))]
pub(super) async fn entities(State(app): State<App>, uri: Uri, headers: HeaderMap, mut params: Params) -> Answer {
    let filter = filter(&mut params)?;
    let fields = fields(&mut params, Vec::new())?;
    let order = params.all("order").iter().map(|text| order(text)).collect::<Answer<Vec<_>>>()?;
    let after = params.one("after")?.map(|text| read_after(&text)).transpose()?;
    let paged = after.is_some();
    let after = after.unwrap_or_default();
    let limit = after.limit.or(params.number("limit", 1, usize::MAX)?);
    let offset = after.offset.or(params.number("offset", 0, usize::MAX)?);
    if !paged && limit.is_none() && offset.is_none() {
        return all(app, &headers, filter, order, fields);
    }
    let (items, more) = {
        let index = app.catalog.index();
        let all = index.len();
        let query =
            Query { filter, order, limit: limit.unwrap_or(all).min(all), offset: offset.unwrap_or(0), cursor: None };
        let page = index.query(&query)?;
        let shown = query.offset.saturating_add(page.items.len()) as u64;
        let items: Vec<String> = page.items.iter().map(|view| view.json(fields.as_deref())).collect();
        (items, limit.is_some() && shown < page.total)
    };
    let body = format!("[{}]", items.join(","));
    let mut response = etag::json(&headers, body);
    if let (true, Some(limit)) = (more, limit) {
        let next = After { limit: Some(limit), offset: Some(offset.unwrap_or(0).saturating_add(limit)) };
        if let Some(link) = link(&uri, &next) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

fn order(text: &str) -> Answer<Order> {
    match text.split_once(':') {
        Some(("asc", field)) if !field.is_empty() => Ok(Order::asc(field)),
        Some(("desc", field)) if !field.is_empty() => Ok(Order::desc(field)),
        _ => Err(Failure::bad_request(format!(
            "Invalid order parameter {text:?}, expected \"<asc or desc>:<field name>\""
        ))),
    }
}

fn read_after(text: &str) -> Answer<After> {
    let decoded = STANDARD.decode(text).ok();
    decoded
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| Failure::bad_request("Malformed after cursor, could not be parsed"))
}

/// The address of the next page: this one with `after` instead of `offset`.
fn link(uri: &Uri, next: &After) -> Option<HeaderValue> {
    let after = STANDARD.encode(serde_json::to_vec(next).ok()?);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let kept = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    query.extend_pairs(kept.filter(|(name, _)| name != "offset" && name != "after"));
    query.append_pair("after", &after);
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())).ok()
}

/// What is still to be sent of a long array.
struct Rest {
    app: App,
    fields: Option<Vec<String>>,
    cursor: Option<Cursor>,
    ready: VecDeque<Bytes>,
}

/// All rows. Catalogs that fit into one chunk are answered whole; larger ones are sent as they are read.
fn all(app: App, headers: &HeaderMap, filter: Filter, order: Vec<Order>, fields: Option<Vec<String>>) -> Answer {
    let query = Query { filter, order, limit: CHUNK, offset: 0, cursor: None };
    let (first, cursor) = chunk(&app, &query, fields.as_deref())?;
    let Some(cursor) = cursor else {
        let body = format!("[{first}]");
        return Ok(etag::json(headers, body));
    };
    let ready = VecDeque::from([Bytes::from(format!("[{first}"))]);
    let rest = Rest { app, fields, cursor: Some(cursor), ready };
    Ok(streamed(rest))
}

fn chunk(app: &App, query: &Query, fields: Option<&[String]>) -> Answer<(String, Option<Cursor>)> {
    let index = app.catalog.index();
    let page = index.query(query)?;
    let items: Vec<String> = page.items.iter().map(|view| view.json(fields)).collect();
    Ok((items.join(","), page.next))
}

fn streamed(rest: Rest) -> Response {
    let chunks = stream::unfold(rest, |mut rest| async move {
        if let Some(bytes) = rest.ready.pop_front() {
            return Some((Ok::<_, std::io::Error>(bytes), rest));
        }
        let cursor = rest.cursor.take()?;
        let query = Query { limit: CHUNK, cursor: Some(cursor), ..Query::default() };
        match chunk(&rest.app, &query, rest.fields.as_deref()) {
            Ok((items, next)) => {
                let comma = if items.is_empty() { "" } else { "," };
                let end = if next.is_none() { "]" } else { "" };
                rest.cursor = next;
                Some((Ok(Bytes::from(format!("{comma}{items}{end}"))), rest))
            }
            // The answer has begun: cutting it off is the only way to say that it is not complete.
            Err(failure) => Some((Err(std::io::Error::other(failure.detail().to_owned())), rest)),
        }
    });
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))], Body::from_stream(chunks))
        .into_response()
}

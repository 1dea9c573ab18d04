//! Conditional answers: the same state gives the same tag, and whoever has it gets 304 and no body.

use std::hash::{DefaultHasher, Hasher};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// JSON text with a weak tag over all of it.
pub(crate) fn json(request: &HeaderMap, body: String) -> Response {
    let length = body.len();
    tagged(request, body, length)
}

/// JSON text of a page whose last property is `asOf`, the time of the answer, which says nothing about the state.
pub(crate) fn page(request: &HeaderMap, body: String) -> Response {
    let length = body.rfind(",\"asOf\"").unwrap_or(body.len());
    tagged(request, body, length)
}

/// Weak, because the same state may be sent compressed or not. The hash is keyless and 64 bits wide: it tells states
/// apart, it guards nothing.
fn tagged(request: &HeaderMap, body: String, length: usize) -> Response {
    let mut hasher = DefaultHasher::new();
    hasher.write(body.as_bytes().get(..length).unwrap_or_default());
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|candidate| matches!(candidate.trim(), "*") || strong(candidate.trim()) == strong(&tag));
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { plain(body) };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// JSON text.
pub(crate) fn plain(body: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))], body).into_response()
}

/// Weak comparison ignores the mark (RFC 9110, 8.8.3.2).
fn strong(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

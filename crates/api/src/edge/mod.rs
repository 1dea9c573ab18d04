//! The outermost layer of every request: who may reach us at all, the request id, time and counts, errors in the shape of
//! the surface, and the headers that browsers obey.
//!
//! It knows no route. One layer instead of a tower of small ones keeps what a request costs visible in one place.

mod guard;
mod render;
#[cfg(test)]
mod tests;

use std::{panic::AssertUnwindSafe, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use model::RequestId;
use tracing::Instrument;

pub(crate) use guard::Hosts;

use crate::{Failure, services::App};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What browsers are told with every answer. Styles may stand in attributes, because the console's components set them;
/// scripts may not.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Wraps every route and the fallback.
pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::fresh(app.random.as_ref());
    let method = request.method().clone();
    let uri = request.uri().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(id.clone());

    let mut response = match guard::admit(&app.hosts, &request) {
        // Whatever is logged meanwhile can be found by the id that the caller was told.
        Ok(()) => answered(next, request).instrument(tracing::error_span!("request", id = %id)).await,
        Err(failure) => failure.into_response(),
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        response = render::failure(response, &method, &uri, &id).await;
    }

    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    // Answers hold the state of one moment: a cache may keep them only if it asks again.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));

    record(&method, route.as_ref().map_or("console", MatchedPath::as_str), response.status(), started, &id);
    response
}

/// A fault in one handler is one failed request, not the end of the process.
async fn answered(next: Next, request: Request) -> Response {
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|panic| {
        Failure::internal(&format_args!("panic: {}", panic_text(panic.as_ref()))).into_response()
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

/// Routes are templates and methods the known ones, so that a caller cannot make new time series at will.
fn record(method: &Method, route: &str, status: StatusCode, started: Instant, id: &RequestId) {
    let seconds = started.elapsed().as_secs_f64();
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    };
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_str().to_owned())];
    metrics::counter!("stagedoor_http_requests_total", &labels).increment(1);
    metrics::histogram!("stagedoor_http_request_seconds", "method" => method, "route" => route.to_owned())
        .record(seconds);
    tracing::debug!(request = %id, method, route, status = status.as_u16(), ms = seconds * 1000.0, "answered");
}

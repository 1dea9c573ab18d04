//! What went wrong with a request, before it is decided in which shape the caller reads it.
//!
//! A handler answers with a [`Failure`]; [`crate::edge`] writes it as an RFC 9457 problem, or under `/api/catalog` in the
//! shape of the catalog API. So no handler knows the shape, and none can forget the request id.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// The result of a handler.
pub(crate) type Answer<T = Response> = Result<T, Failure>;

/// Why a request is not answered as asked. Boxed, because it travels in every handler's result.
#[derive(Debug, Clone)]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    slug: &'static str,
    detail: String,
    errors: Vec<Value>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// `slug` is a stable name, the end of the problem's `type`; `detail` says what is wrong and what to do.
    pub(crate) fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner { status, slug, detail: detail.into(), errors: Vec::new(), header: None }))
    }

    /// 400: the request cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// 404.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 409.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 503, to be tried again in a second.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 500. What went wrong inside is for the log, not for the caller.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %error, "a request failed inside");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Stagedoor failed inside. The log has the reason under this request id.",
        )
    }

    /// Adds one object of detail.
    pub(crate) fn with_error(mut self, error: Value) -> Self {
        self.0.errors.push(error);
        self
    }

    /// Sets the one header that belongs to the status.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn slug(&self) -> &'static str {
        self.0.slug
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    pub(crate) fn errors(&self) -> &[Value] {
        &self.0.errors
    }
}

/// Leaves the body to [`crate::edge`], which knows the path and the request id.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some((name, value)) = self.0.header.clone() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

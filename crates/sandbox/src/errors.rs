//! GitLab's error answers. The shapes differ by who speaks: `message` for the API's own refusals, `error` for
//! parameter checks and unknown routes, `error` with `error_description` for tokens.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal with its status and body.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl ApiError {
    /// `{"message": …}`.
    pub(crate) fn message(status: StatusCode, text: impl Into<Value>) -> Self {
        Self { status, body: json!({ "message": text.into() }) }
    }

    /// `{"error": …}`, a parameter that is missing or wrong.
    pub(crate) fn parameter(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, body: json!({ "error": text.into() }) }
    }

    /// `400 Bad request - reason`.
    pub(crate) fn bad_request(reason: &str) -> Self {
        Self::message(StatusCode::BAD_REQUEST, format!("400 Bad request - {reason}"))
    }

    /// `401 Unauthorized`: nobody is signed in, or the token is unknown.
    pub(crate) fn unauthorized() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "401 Unauthorized")
    }

    /// A token that is known and no longer good.
    pub(crate) fn invalid_token(why: &str) -> Self {
        let body = json!({ "error": "invalid_token", "error_description": why });
        Self { status: StatusCode::UNAUTHORIZED, body }
    }

    /// `403 Forbidden`.
    pub(crate) fn forbidden() -> Self {
        Self::message(StatusCode::FORBIDDEN, "403 Forbidden")
    }

    /// `403 Forbidden - reason`.
    pub(crate) fn forbidden_because(reason: &str) -> Self {
        Self::message(StatusCode::FORBIDDEN, format!("403 Forbidden - {reason}"))
    }

    /// The token's scopes do not reach; `scope` is what would.
    pub(crate) fn insufficient_scope(scope: &str) -> Self {
        let body = json!({
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": scope,
        });
        Self { status: StatusCode::FORBIDDEN, body }
    }

    /// `404 <Resource> Not Found`.
    pub(crate) fn not_found(resource: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, format!("404 {resource} Not Found"))
    }

    /// A record that a lookup by id did not find (note the small f).
    pub(crate) fn no_record() -> Self {
        Self::message(StatusCode::NOT_FOUND, "404 Not found")
    }

    /// A path that is no route.
    pub(crate) fn no_route() -> Self {
        Self { status: StatusCode::NOT_FOUND, body: json!({ "error": "404 Not Found" }) }
    }

    /// The sandbox's own fault; the text goes to the log of whoever runs it, and to the caller, who is a developer.
    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = %format!("{error:#}"), "the sandbox failed");
        Self::message(StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error")
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        json_response(self.status, &self.body)
    }
}

/// A JSON answer.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut response = (status, bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

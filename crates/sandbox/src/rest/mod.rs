//! REST v4: one file a resource. Handlers take a [`Call`](crate::call::Call), ask it for what the caller may see, and
//! answer with the JSON of [`rows`]. No handler looks at a token.

mod branches;
mod commits;
mod files;
mod groups;
mod hooks;
mod instance;
mod members;
mod oauth;
mod projects;
mod repository;
pub(crate) mod rows;
mod tokens;
mod users;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::app::Table;
use crate::errors::{ApiError, json_response};

/// What a handler answers.
pub(crate) type Answer = Result<Response, ApiError>;

/// Adds all routes under `/api/v4`, and the one of OAuth.
pub(crate) fn routes(table: &mut Table) {
    instance::routes(table);
    tokens::routes(table);
    oauth::routes(table);
    users::routes(table);
    groups::routes(table);
    members::routes(table);
    projects::routes(table);
    repository::routes(table);
    files::routes(table);
    commits::routes(table);
    branches::routes(table);
    hooks::routes(table);
}

/// A 200 with JSON.
fn ok(body: &Value) -> Answer {
    Ok(json_response(StatusCode::OK, body))
}

/// A 201 with JSON.
fn created(body: &Value) -> Answer {
    Ok(json_response(StatusCode::CREATED, body))
}

/// A 204.
fn no_content() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The GitLab version that the sandbox speaks for.
pub(crate) fn version() -> &'static str {
    instance::VERSION
}

/// Its revision.
pub(crate) fn revision() -> &'static str {
    instance::REVISION
}

//! What an application's token tells about itself (`/oauth/token/info`). Personal, project and group tokens are none.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::json;

use super::{Answer, ok};
use crate::app::{Shared, Table};
use crate::auth::Viewer;
use crate::errors::ApiError;
use crate::tokens::TokenKind;

const PATH: &str = "/oauth/token/info";

pub(super) fn routes(table: &mut Table) {
    table.get(PATH, info);
}

/// The answer's fields as GitLab documents them. The `uid` is made up; the words of the refusal are those of the
/// library that GitLab uses (Doorkeeper), unconfirmed.
async fn info(State(app): State<Shared>, request: Request) -> Answer {
    app.stats.count("GET", PATH);
    let query = request.uri().query().unwrap_or_default();
    let token = Viewer::of(&app, request.headers(), PATH, query).ok().and_then(|viewer| viewer.token);
    let Some(token) = token.filter(|token| token.kind == TokenKind::OAuth) else {
        let body = json!({
            "error": "invalid_token", "error_description": "The access token is invalid", "state": "unauthorized",
        });
        return Err(ApiError { status: StatusCode::UNAUTHORIZED, body });
    };
    let left = (token.expires - app.clock.now()).whole_seconds();
    ok(&json!({
        "resource_owner_id": token.user,
        "scope": token.scopes,
        "expires_in": left,
        "application": { "uid": "5a7d0b1c3e9f48a2b6d1e0c4f7a3958261b0d4c8e2f6a90b3d7c1e5f8a2b4c6d" },
        "created_at": token.created.unix_timestamp(),
        "scopes": token.scopes,
        "expires_in_seconds": left,
    }))
}

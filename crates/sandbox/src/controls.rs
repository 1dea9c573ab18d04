//! `/-/sandbox/…`: what a test turns. None of it is GitLab's, and none of it is counted, limited or delayed.
//!
//! Answered on loopback only: the controls ask for no token.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::app::{Shared, Table};
use crate::call::Fields;
use crate::errors::{ApiError, json_response};
use crate::stats::Limit;
use crate::tokens::State as TokenState;

/// What every control's path begins with.
pub(crate) const PREFIX: &str = "/-/sandbox/";

type Answer = Result<Response, ApiError>;

pub(crate) fn routes(table: &mut Table) {
    table.get("/-/sandbox/stats", async |State(app): State<Shared>| json_response(StatusCode::OK, &app.stats.json()));
    table.delete("/-/sandbox/stats", async |State(app): State<Shared>| {
        app.stats.reset();
        StatusCode::NO_CONTENT
    });
    table.get("/-/sandbox/routes", async |State(app): State<Shared>| json_response(StatusCode::OK, &json!(app.routes)));
    table.put("/-/sandbox/limits", set_limits);
    table.get("/-/sandbox/faults", async |State(app): State<Shared>| json_response(StatusCode::OK, &app.faults.json()));
    table.put("/-/sandbox/faults", set_fault);
    table.post("/-/sandbox/faults", add_fault);
    table.delete("/-/sandbox/faults", async |State(app): State<Shared>| {
        app.faults.clear();
        StatusCode::NO_CONTENT
    });
    table.post("/-/sandbox/hooks/faults", add_hook_fault);
    table.delete("/-/sandbox/hooks/faults", async |State(app): State<Shared>| {
        app.hooks.faults.clear();
        StatusCode::NO_CONTENT
    });
    table.put("/-/sandbox/clock", set_clock);
    table.get("/-/sandbox/world", world);
    table.put("/-/sandbox/outbound", set_outbound);
    table.get("/-/sandbox/tokens", async |State(app): State<Shared>| {
        json_response(StatusCode::OK, &json!(app.tokens.current()))
    });
    table.put("/-/sandbox/tokens/{role}", set_token);
    table.put("/-/sandbox/projects/{path}", move_project);
    table.delete("/-/sandbox/projects/{path}", delete_project);
}

fn done() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `{"requests": n, "seconds": n}`: another rate limit, from now on.
async fn set_limits(State(app): State<Shared>, fields: Fields) -> Answer {
    let number = |name: &str| fields.0.get(name).and_then(Value::as_u64).filter(|n| *n > 0);
    let (Some(requests), Some(seconds)) = (number("requests"), number("seconds")) else {
        return Err(ApiError::parameter("requests and seconds must be whole numbers above zero"));
    };
    app.throttle.set(Limit { requests, seconds: i64::try_from(seconds).unwrap_or(60) });
    done()
}

fn read<T: serde::de::DeserializeOwned>(fields: Fields) -> Result<T, ApiError> {
    serde_json::from_value(Value::Object(fields.0)).map_err(|error| ApiError::parameter(error.to_string()))
}

fn fault(fields: Fields) -> Result<crate::faults::Fault, ApiError> {
    let fault: crate::faults::Fault = read(fields)?;
    fault.check().map_err(ApiError::parameter)?;
    Ok(fault)
}

/// A wrong answer, as `faults::Fault` says, in place of those for the same route.
async fn set_fault(State(app): State<Shared>, fields: Fields) -> Answer {
    app.faults.set(fault(fields)?);
    done()
}

/// A wrong answer beside those that are set.
async fn add_fault(State(app): State<Shared>, fields: Fields) -> Answer {
    app.faults.add(fault(fields)?);
    done()
}

/// What becomes of webhooks on their way, as `hooks::faults::HookFault` says.
async fn add_hook_fault(State(app): State<Shared>, fields: Fields) -> Answer {
    app.hooks.faults.add(read(fields)?);
    done()
}

/// Every project that is there, with the blobs of its catalog file and CODEOWNERS: the truth to compare with.
async fn world(State(app): State<Shared>) -> Response {
    const FILES: [&str; 4] = ["catalog-info.yaml", "CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS"];
    let projects = app.world.projects().filter_map(|id| app.world.project(id));
    let row = |project: std::sync::Arc<crate::world::model::Project>| {
        let repo = app.repos.read(&app.world, &project);
        let tree = repo.resolve("HEAD").map(|commit| commit.tree);
        let blob = |path: &&str| Some((path.to_string(), json!(repo.at(tree?, path)?.oid.to_string())));
        let files: serde_json::Map<String, Value> = FILES.iter().filter_map(blob).collect();
        json!({"id": project.id, "path": project.path, "archived": project.archived, "files": files})
    };
    json_response(StatusCode::OK, &projects.map(row).collect())
}

/// `{"offsetSeconds": n}`: the instance's clock is so far ahead, or behind.
async fn set_clock(State(app): State<Shared>, fields: Fields) -> Answer {
    let Some(seconds) = fields.0.get("offsetSeconds").and_then(Value::as_i64) else {
        return Err(ApiError::parameter("offsetSeconds must be a whole number"));
    };
    app.clock.shift(seconds);
    done()
}

/// `{"allow": bool}`: whether hooks may lead to the local network.
async fn set_outbound(State(app): State<Shared>, fields: Fields) -> Answer {
    let allow = fields.flag("allow").ok_or_else(|| ApiError::parameter("allow must be true or false"))?;
    app.hooks.allow_local(allow);
    done()
}

/// `{"state": "active" | "expired" | "revoked"}`: of the token that holds the role now.
async fn set_token(State(app): State<Shared>, Path(role): Path<String>, fields: Fields) -> Answer {
    let state = match fields.text("state").as_deref() {
        Some("active") => TokenState::Active,
        Some("expired") => TokenState::Expired,
        Some("revoked") => TokenState::Revoked,
        _ => return Err(ApiError::parameter("state must be active, expired or revoked")),
    };
    app.tokens.set(&role, state).ok_or_else(|| ApiError::not_found("Role"))?;
    done()
}

fn project(app: &Shared, path: &str) -> Result<u64, ApiError> {
    let found = app.world.project_at(path).ok_or_else(|| ApiError::not_found("Project"))?;
    Ok(found.id)
}

/// `{"path": "new/full/path"}`: the project is renamed, or moved to another group or user. `{"archived": bool}`.
/// `{"restore": true}`: a deleted one is there again.
async fn move_project(State(app): State<Shared>, Path(path): Path<String>, fields: Fields) -> Answer {
    if fields.flag("restore") == Some(true) {
        app.world.restore_project(&path).ok_or_else(|| ApiError::not_found("Project"))?;
        return done();
    }
    let project = project(&app, &path)?;
    if let Some(archived) = fields.flag("archived") {
        app.world.archive_project(project, archived);
        return done();
    }
    let moved = app.world.move_project(project, fields.need("path")?.trim_matches('/'));
    moved.map_err(|why| ApiError::message(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    done()
}

async fn delete_project(State(app): State<Shared>, Path(path): Path<String>) -> Answer {
    app.world.delete_project(project(&app, &path)?);
    done()
}

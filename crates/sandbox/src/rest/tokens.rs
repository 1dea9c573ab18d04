//! Access tokens: the caller's own, those of projects and groups, and their rotation.

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};
use time::{Date, Duration};

use super::{Answer, no_content, ok, rows};
use crate::app::Table;
use crate::call::{Call, Fields};
use crate::clock::{self, date, iso};
use crate::errors::ApiError;
use crate::paging::Page;
use crate::tokens::{Token, TokenKind, Unrotated};
use crate::world::model::level;

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/personal_access_tokens/self", own);
    table.delete("/api/v4/personal_access_tokens/self", revoke_own);
    table.post("/api/v4/personal_access_tokens/self/rotate", rotate_own);
    table.get("/api/v4/personal_access_tokens/{id}", one);
    table.delete("/api/v4/personal_access_tokens/{id}", revoke_one);
    table.post("/api/v4/personal_access_tokens/{id}/rotate", rotate_one);
    table.get("/api/v4/projects/{id}/access_tokens", of_project);
    table.get("/api/v4/projects/{id}/access_tokens/{token_id}", project_one);
    table.post("/api/v4/projects/{id}/access_tokens/self/rotate", rotate_own_of_project);
    table.post("/api/v4/projects/{id}/access_tokens/{token_id}/rotate", rotate_of_project);
    table.get("/api/v4/groups/{id}/access_tokens", of_group);
    table.get("/api/v4/groups/{id}/access_tokens/{token_id}", group_one);
    table.post("/api/v4/groups/{id}/access_tokens/self/rotate", rotate_own_of_group);
    table.post("/api/v4/groups/{id}/access_tokens/{token_id}/rotate", rotate_of_group);
}

/// What a rotated token lives when nothing else is asked for, and the longest it may.
const USUAL_LIFE: Duration = Duration::days(7);
const LONGEST_LIFE: Duration = Duration::days(365);

/// A token's row, without its value.
fn row(call: &Call, token: &Token) -> Value {
    let now = call.app.clock.now();
    let row = json!({
        "id": token.id,
        "name": token.name,
        "revoked": token.revoked,
        "created_at": iso(token.created),
        "description": null,
        "scopes": token.scopes,
        "user_id": token.user,
        "last_used_at": iso(now),
        "active": token.active(now),
        "expires_at": date(token.expires.date()),
    });
    let world = &call.app.world;
    let level = match token.kind {
        TokenKind::Project(project) => world.own_level(token.user, project),
        TokenKind::Group(group) => world.group_level(token.user, group),
        TokenKind::Personal | TokenKind::OAuth => return row,
    };
    rows::merge(row, json!({ "access_level": level }))
}

/// The caller's token, which an application's is not. GitLab's source answers 400 with this sentence; since which
/// release, and what older ones answer, is unconfirmed (its documents name 401 and 404).
fn personal(call: &Call) -> Result<&Token, ApiError> {
    let token = call.viewer.token.as_ref().ok_or_else(ApiError::unauthorized)?;
    if token.kind == TokenKind::OAuth {
        return Err(ApiError::bad_request("This endpoint requires token type to be a personal access token"));
    }
    Ok(token)
}

fn not_allowed() -> ApiError {
    ApiError::message(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed")
}

/// A token by its number: one's own, or anyone's for an administrator.
fn find(call: &Call, id: &str) -> Result<Token, ApiError> {
    let person = call.viewer.person()?;
    let id: u64 = id.parse().map_err(|_| ApiError::parameter("id is invalid"))?;
    let found = call.app.tokens.get(id).filter(|token| token.kind != TokenKind::OAuth);
    match found {
        Some(token) if person.admin || token.user == person.id => Ok(token),
        None if person.admin => Err(ApiError::no_record()),
        _ => Err(ApiError::unauthorized()),
    }
}

async fn own(call: Call) -> Answer {
    ok(&row(&call, personal(&call)?))
}

async fn revoke_own(call: Call) -> Answer {
    call.app.tokens.revoke(personal(&call)?.id);
    no_content()
}

async fn one(call: Call, Path(id): Path<String>) -> Answer {
    ok(&row(&call, &find(&call, &id)?))
}

async fn revoke_one(call: Call, Path(id): Path<String>) -> Answer {
    call.app.tokens.revoke(find(&call, &id)?.id);
    no_content()
}

/// The day that a new token ends on. The words of the two refusals are unconfirmed, their status is not.
fn last_day(call: &Call, fields: &Fields) -> Result<Date, ApiError> {
    let today = call.app.clock.now().date();
    let Some(text) = fields.text("expires_at").filter(|text| !text.is_empty()) else { return Ok(today + USUAL_LIFE) };
    let wanted = clock::parse(&text).ok_or_else(|| ApiError::parameter("expires_at is invalid"))?.date();
    if wanted < today {
        return Err(ApiError::bad_request("Expires at can't be in the past"));
    }
    if wanted > today + LONGEST_LIFE {
        let limit = date(today + LONGEST_LIFE + Duration::days(1));
        return Err(ApiError::bad_request(&format!("Expires at must be before {limit}")));
    }
    Ok(wanted)
}

/// The new token's row, with the value that is told this once.
fn rotate(call: &Call, id: u64, fields: &Fields) -> Answer {
    let last = last_day(call, fields)?;
    let (token, value) = call.app.tokens.rotate(id, last).map_err(|why| match why {
        Unrotated::Missing => ApiError::no_record(),
        Unrotated::Revoked => ApiError::bad_request("Token already revoked"),
    })?;
    ok(&rows::merge(row(call, &token), json!({ "token": value })))
}

async fn rotate_own(call: Call, fields: Fields) -> Answer {
    let token = call.viewer.token.clone().ok_or_else(ApiError::unauthorized)?;
    if token.kind == TokenKind::OAuth {
        return Err(not_allowed());
    }
    rotate(&call, token.id, &fields)
}

async fn rotate_one(call: Call, Path(id): Path<String>, fields: Fields) -> Answer {
    rotate(&call, find(&call, &id)?.id, &fields)
}

/// The project, for a Maintainer of it.
fn project_place(call: &Call, id: &str) -> Result<TokenKind, ApiError> {
    let project = call.project(id)?;
    call.demand(&project, level::MAINTAINER)?;
    Ok(TokenKind::Project(project.id))
}

/// The group, for an Owner of it.
fn group_place(call: &Call, id: &str) -> Result<TokenKind, ApiError> {
    Ok(TokenKind::Group(call.owned_group(id)?.id))
}

fn list(call: &Call, place: TokenKind) -> Answer {
    let page = Page::of(&call.params)?;
    let wanted = match call.params.word("state", &["", "active", "inactive"])? {
        "" => None,
        word => Some(word == "active"),
    };
    let now = call.app.clock.now();
    let tokens = call.app.tokens.of_kind(place);
    let paged = page.cut(tokens.iter().filter(|token| wanted.is_none_or(|wanted| token.active(now) == wanted)));
    let rows = paged.rows.iter().map(|token| row(call, token)).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

/// A token of a project or group by its number.
fn placed(call: &Call, place: TokenKind, token: &str) -> Result<Token, ApiError> {
    let id: u64 = token.parse().map_err(|_| ApiError::parameter("token_id is invalid"))?;
    call.app.tokens.get(id).filter(|token| token.kind == place).ok_or_else(ApiError::no_record)
}

/// The caller's own token, which must be one of this project or group.
fn own_of(call: &Call, place: TokenKind) -> Result<u64, ApiError> {
    let token = call.viewer.token.as_ref().ok_or_else(ApiError::unauthorized)?;
    match token.kind {
        kind if kind == place => Ok(token.id),
        TokenKind::Project(_) | TokenKind::Group(_) => Err(ApiError::unauthorized()),
        TokenKind::Personal | TokenKind::OAuth => Err(not_allowed()),
    }
}

async fn of_project(call: Call, Path(id): Path<String>) -> Answer {
    list(&call, project_place(&call, &id)?)
}

async fn of_group(call: Call, Path(id): Path<String>) -> Answer {
    list(&call, group_place(&call, &id)?)
}

async fn project_one(call: Call, Path((id, token)): Path<(String, String)>) -> Answer {
    if token == "self" {
        let place = TokenKind::Project(call.project(&id)?.id);
        return ok(&row(&call, &placed(&call, place, &own_of(&call, place)?.to_string())?));
    }
    ok(&row(&call, &placed(&call, project_place(&call, &id)?, &token)?))
}

async fn group_one(call: Call, Path((id, token)): Path<(String, String)>) -> Answer {
    if token == "self" {
        let place = TokenKind::Group(call.group(&id)?.id);
        return ok(&row(&call, &placed(&call, place, &own_of(&call, place)?.to_string())?));
    }
    ok(&row(&call, &placed(&call, group_place(&call, &id)?, &token)?))
}

async fn rotate_own_of_project(call: Call, Path(id): Path<String>, fields: Fields) -> Answer {
    let token = own_of(&call, TokenKind::Project(call.project(&id)?.id))?;
    rotate(&call, token, &fields)
}

async fn rotate_own_of_group(call: Call, Path(id): Path<String>, fields: Fields) -> Answer {
    let token = own_of(&call, TokenKind::Group(call.group(&id)?.id))?;
    rotate(&call, token, &fields)
}

async fn rotate_of_project(call: Call, Path((id, token)): Path<(String, String)>, fields: Fields) -> Answer {
    let token = placed(&call, project_place(&call, &id)?, &token)?;
    rotate(&call, token.id, &fields)
}

async fn rotate_of_group(call: Call, Path((id, token)): Path<(String, String)>, fields: Fields) -> Answer {
    let token = placed(&call, group_place(&call, &id)?, &token)?;
    rotate(&call, token.id, &fields)
}

//! The repository as trees and blobs.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Answer, ok};
use crate::app::Table;
use crate::call::Call;
use crate::errors::ApiError;
use crate::paging::{Page, keyset_answer};
use crate::repo::Found;
use crate::repo::object::Oid;

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/projects/{id}/repository/tree", tree);
    table.get("/api/v4/projects/{id}/repository/contributors", contributors);
    table.get("/api/v4/projects/{id}/repository/blobs/{sha}", blob);
    table.get("/api/v4/projects/{id}/repository/blobs/{sha}/raw", raw_blob);
}

async fn tree(call: Call, Path(id): Path<String>) -> Answer {
    let (_, repo) = call.repository(&id)?;
    let params = &call.params;
    if repo.is_empty() {
        return Err(ApiError::not_found("Tree"));
    }
    let lost = || ApiError::not_found("invalid revision or path");
    let commit = repo.resolve(params.get("ref").unwrap_or("HEAD")).ok_or_else(lost)?;
    let recursive = params.on("recursive")?;
    let mut found = repo.list(commit.tree, params.get("path").unwrap_or(""), recursive).ok_or_else(lost)?;
    // GitLab lists folders before files; a recursive listing keeps git's order.
    if !recursive {
        found.sort_by_key(|row| row.entry.mode.kind_word() != "tree");
    }
    let page = Page::of(params)?;
    let json = |row: &Found| {
        json!({
            "id": row.entry.oid.to_string(),
            "name": row.entry.name,
            "type": row.entry.mode.kind_word(),
            "path": row.path,
            "mode": row.entry.mode.digits(),
        })
    };
    if params.get("pagination") == Some("keyset") {
        let start = match params.get("page_token") {
            None => 0,
            Some(token) => {
                let path = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let place = path.and_then(|path| found.iter().position(|row| row.path == path));
                place.ok_or_else(|| ApiError::not_found("invalid revision or path"))? + 1
            }
        };
        let rows: Vec<&Found> = found.iter().skip(start).take(page.size).collect();
        let next = rows
            .last()
            .filter(|_| found.len() > start + rows.len())
            .map(|last| ("page_token", URL_SAFE_NO_PAD.encode(&last.path)));
        return Ok(keyset_answer(&call.address, page.size, rows.into_iter().map(json).collect(), next));
    }
    let paged = page.cut(found.iter());
    let rows: Vec<Value> = paged.rows.iter().map(|row| json(row)).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

/// Who committed how often. GitLab counts no lines here: both numbers have long been zero.
async fn contributors(call: Call, Path(id): Path<String>) -> Answer {
    let (_, repo) = call.repository(&id)?;
    let params = &call.params;
    let order = params.word("order_by", &["commits", "name", "email"])?;
    let descending = params.word("sort", &["asc", "desc"])? == "desc";
    let page = Page::of(params)?;
    let tip = repo.resolve(params.get("ref").unwrap_or("HEAD"));
    if tip.is_none() && !repo.is_empty() {
        return Err(ApiError::not_found("Commit"));
    }
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for commit in tip.iter().flat_map(|tip| repo.log(tip.oid, None)) {
        *counts.entry((commit.author.email, commit.author.name)).or_default() += 1;
    }
    let mut rows: Vec<((String, String), u64)> = counts.into_iter().collect();
    match order {
        "name" => rows.sort_by(|a, b| a.0.1.cmp(&b.0.1)),
        "email" => {}
        _ => rows.sort_by_key(|(_, count)| *count),
    }
    if descending {
        rows.reverse();
    }
    let paged = page.cut(rows.iter());
    let json = |((email, name), count): &((String, String), u64)| json!({ "name": name, "email": email, "commits": count, "additions": 0, "deletions": 0 });
    let rows = paged.rows.iter().map(|row| json(row)).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

fn find_blob(call: &Call, id: &str, sha: &str) -> Result<Bytes, ApiError> {
    let (_, repo) = call.repository(id)?;
    Oid::parse(sha).and_then(|oid| repo.blob(oid)).ok_or_else(|| ApiError::not_found("Blob"))
}

async fn blob(call: Call, Path((id, sha)): Path<(String, String)>) -> Answer {
    let data = find_blob(&call, &id, &sha)?;
    ok(&json!({ "size": data.len(), "encoding": "base64", "content": BASE64.encode(&data), "sha": sha }))
}

async fn raw_blob(call: Call, Path((id, sha)): Path<(String, String)>) -> Answer {
    Ok(raw(find_blob(&call, &id, &sha)?))
}

/// Bytes as GitLab sends a raw file: text is `text/plain`, the rest has no type of its own.
pub(super) fn raw(data: Bytes) -> Response {
    let binary = data.iter().take(8000).any(|byte| *byte == 0);
    let kind = if binary { "application/octet-stream" } else { "text/plain; charset=utf-8" };
    let mut response = data.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

//! Files by path: read (JSON, headers only, raw) and written one at a time.

use axum::extract::Path;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::commits::{self, Draft};
use super::repository::raw;
use super::{Answer, created, no_content, ok};
use crate::app::Table;
use crate::call::{Call, Fields};
use crate::errors::ApiError;
use crate::repo::edit::{Action, Change};
use crate::repo::object::{Commit, Mode, TreeEntry};

pub(super) fn routes(table: &mut Table) {
    let path = "/api/v4/projects/{id}/repository/files/{file_path}";
    table.get(path, read);
    table.add(Method::HEAD, path, head);
    table.post(path, create);
    table.put(path, update);
    table.delete(path, remove);
    table.get(&format!("{path}/raw"), read_raw);
}

struct File {
    path: String,
    reference: String,
    entry: TreeEntry,
    commit: Commit,
    last: Commit,
    data: Bytes,
}

fn find(call: &Call, id: &str, path: &str, reference: &str) -> Result<File, ApiError> {
    let (_, repo) = call.repository(id)?;
    let path = path.trim_start_matches('/');
    let commit = repo.resolve(reference).ok_or_else(|| ApiError::not_found("Commit"))?;
    let entry = repo.at(commit.tree, path).filter(|entry| !matches!(entry.mode, Mode::Tree | Mode::Submodule));
    let entry = entry.ok_or_else(|| ApiError::not_found("File"))?;
    let data = repo.blob(entry.oid).ok_or_else(|| ApiError::not_found("File"))?;
    let last = repo.log(commit.oid, Some(path)).next().unwrap_or_else(|| commit.clone());
    Ok(File { path: path.to_owned(), reference: reference.to_owned(), entry, commit, last, data })
}

fn needed_ref(call: &Call) -> Result<String, ApiError> {
    call.params.get("ref").map(str::to_owned).ok_or_else(|| ApiError::parameter("ref is missing, ref is empty"))
}

async fn read(call: Call, Path((id, path)): Path<(String, String)>) -> Answer {
    // The project is looked for first: a stranger learns nothing from a parameter's absence.
    call.project(&id)?;
    let file = find(&call, &id, &path, &needed_ref(&call)?)?;
    ok(&json!({
        "file_name": file.entry.name,
        "file_path": file.path,
        "size": file.data.len(),
        "encoding": "base64",
        "content_sha256": hex::encode(Sha256::digest(&file.data)),
        "ref": file.reference,
        "blob_id": file.entry.oid.to_string(),
        "commit_id": file.commit.oid.to_string(),
        "last_commit_id": file.last.oid.to_string(),
        "execute_filemode": file.entry.mode == Mode::Executable,
        "content": BASE64.encode(&file.data),
    }))
}

fn with_headers(mut response: Response, file: &File) -> Response {
    let rows = [
        ("x-gitlab-blob-id", file.entry.oid.to_string()),
        ("x-gitlab-commit-id", file.commit.oid.to_string()),
        ("x-gitlab-content-sha256", hex::encode(Sha256::digest(&file.data))),
        ("x-gitlab-encoding", "base64".to_owned()),
        ("x-gitlab-file-name", file.entry.name.clone()),
        ("x-gitlab-file-path", file.path.clone()),
        ("x-gitlab-last-commit-id", file.last.oid.to_string()),
        ("x-gitlab-ref", file.reference.clone()),
        ("x-gitlab-size", file.data.len().to_string()),
        ("x-gitlab-execute-filemode", (file.entry.mode == Mode::Executable).to_string()),
    ];
    for (name, value) in rows {
        // A path beyond ASCII is escaped, as a header cannot hold it.
        let escaped = percent_encoding::utf8_percent_encode(&value, percent_encoding::CONTROLS).to_string();
        if let Ok(value) = HeaderValue::from_str(&escaped) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn head(call: Call, Path((id, path)): Path<(String, String)>) -> Answer {
    call.project(&id)?;
    let file = find(&call, &id, &path, &needed_ref(&call)?)?;
    Ok(with_headers(StatusCode::OK.into_response(), &file))
}

async fn read_raw(call: Call, Path((id, path)): Path<(String, String)>) -> Answer {
    let file = find(&call, &id, &path, call.params.get("ref").unwrap_or("HEAD"))?;
    Ok(with_headers(raw(file.data.clone()), &file))
}

async fn write(call: &Call, id: &str, path: &str, fields: &Fields, change: Change) -> Result<Value, ApiError> {
    let project = call.project(id)?;
    call.viewer.person()?;
    let draft = Draft::of(
        call,
        fields,
        &project,
        vec![Action {
            path: path.trim_start_matches('/').to_owned(),
            change,
            last_commit_id: fields.text("last_commit_id"),
        }],
    )?;
    let branch = draft.branch.clone();
    commits::write(call, &project, draft).await?;
    Ok(json!({ "file_path": path.trim_start_matches('/'), "branch": branch }))
}

async fn create(call: Call, Path((id, path)): Path<(String, String)>, fields: Fields) -> Answer {
    let content = commits::content(&fields.0)?.ok_or_else(|| ApiError::parameter("content is missing"))?;
    let executable = fields.flag("execute_filemode").unwrap_or(false);
    created(&write(&call, &id, &path, &fields, Change::Create { content, executable }).await?)
}

async fn update(call: Call, Path((id, path)): Path<(String, String)>, fields: Fields) -> Answer {
    let content = commits::content(&fields.0)?.ok_or_else(|| ApiError::parameter("content is missing"))?;
    let executable = fields.flag("execute_filemode");
    ok(&write(&call, &id, &path, &fields, Change::Update { content, executable }).await?)
}

async fn remove(call: Call, Path((id, path)): Path<(String, String)>, fields: Fields) -> Answer {
    write(&call, &id, &path, &fields, Change::Delete).await?;
    no_content()
}

//! Commits: listed, read, and made from a list of actions.

use axum::extract::Path;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::{Answer, created, ok, rows};
use crate::app::Table;
use crate::call::{Call, Fields, text_of};
use crate::errors::ApiError;
use crate::hooks::Push;
use crate::paging::Page;
use crate::repo::bare;
use crate::repo::diff;
use crate::repo::edit::{self, Action, Change, EditError};
use crate::repo::object::{Commit, Oid, Signature};
use crate::world::model::{Project, level};

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/projects/{id}/repository/commits", list);
    table.post("/api/v4/projects/{id}/repository/commits", make);
    table.get("/api/v4/projects/{id}/repository/commits/{sha}", one);
    table.get("/api/v4/projects/{id}/repository/commits/{sha}/diff", changes);
    table.get("/api/v4/projects/{id}/repository/commits/{sha}/refs", refs);
}

async fn list(call: Call, Path(id): Path<String>) -> Answer {
    let (project, repo) = call.repository(&id)?;
    let params = &call.params;
    let page = Page::of(params)?;
    if repo.is_empty() {
        return Ok(page.answer(&call.address, &page.cut(std::iter::empty::<Commit>()), Vec::new()));
    }
    let tip = repo.resolve(params.get("ref_name").unwrap_or("HEAD")).ok_or_else(|| ApiError::not_found("Commit"))?;
    let (since, until) = (params.time("since")?, params.time("until")?);
    let author = params.get("author").map(str::to_lowercase);
    let with_stats = params.on("with_stats")?;
    let fits = |commit: &Commit| {
        since.is_none_or(|since| commit.committer.at >= since)
            && until.is_none_or(|until| commit.committer.at <= until)
            && author.as_ref().is_none_or(|word| {
                format!("{} <{}>", commit.author.name, commit.author.email).to_lowercase().contains(word)
            })
    };
    let paged = page.cut(repo.log(tip.oid, params.get("path")).filter(fits));
    let json = |commit: &Commit| {
        if with_stats {
            rows::commit_with_stats(&call.app, &project, &repo, commit)
        } else {
            rows::commit(&call.app, &project, commit)
        }
    };
    let rows = paged.rows.iter().map(json).collect();
    let mut response = page.answer(&call.address, &paged, rows);
    // GitLab never counts commits.
    for name in ["x-total", "x-total-pages"] {
        response.headers_mut().remove(name);
    }
    Ok(response)
}

async fn one(call: Call, Path((id, sha)): Path<(String, String)>) -> Answer {
    let (project, repo) = call.repository(&id)?;
    let commit = repo.resolve(&sha).ok_or_else(|| ApiError::not_found("Commit"))?;
    let stats = call.params.flag("stats")?.unwrap_or(true);
    ok(&rows::commit_detail(&call.app, &project, &repo, &commit, stats))
}

/// Which files a commit changed. The `diff` text itself is not computed: the list says that it is too large.
async fn changes(call: Call, Path((id, sha)): Path<(String, String)>) -> Answer {
    let (_, repo) = call.repository(&id)?;
    let commit = repo.resolve(&sha).ok_or_else(|| ApiError::not_found("Commit"))?;
    let changes = diff::of_commit(&repo, &commit);
    let mode =
        |path: &str, commit: &Commit| repo.at(commit.tree, path).map_or("0", |entry| entry.mode.digits()).to_owned();
    let parent = commit.parents.first().and_then(|parent| repo.commit(*parent));
    let row = |path: &String| {
        let before = parent.as_ref().map_or_else(|| "0".to_owned(), |parent| mode(path, parent));
        let after = mode(path, &commit);
        json!({
            "diff": "",
            "old_path": path,
            "new_path": path,
            "new_file": before == "0",
            "renamed_file": false,
            "deleted_file": after == "0",
            "generated_file": false,
            "a_mode": before,
            "b_mode": after,
            "collapsed": false,
            "too_large": true,
        })
    };
    let page = Page::of(&call.params)?;
    let mut paths: Vec<String> = [changes.added, changes.modified, changes.removed].concat();
    paths.sort();
    let paged = page.cut(paths.iter());
    let rows = paged.rows.iter().map(|path| row(path)).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

/// Branches and tags that hold a commit.
async fn refs(call: Call, Path((id, sha)): Path<(String, String)>) -> Answer {
    let (_, repo) = call.repository(&id)?;
    let commit = repo.resolve(&sha).ok_or_else(|| ApiError::not_found("Commit"))?;
    let wanted = call.params.word("type", &["all", "branch", "tag"])?.to_owned();
    let page = Page::of(&call.params)?;
    let holds = repo.refs().into_iter().filter_map(|(full, _)| {
        let (kind, name) = match full.strip_prefix("refs/heads/") {
            Some(name) => ("branch", name),
            None => ("tag", full.strip_prefix("refs/tags/")?),
        };
        let tip = repo.resolve(&full)?;
        let fits = wanted == "all" || wanted == kind;
        (fits && repo.log(tip.oid, None).any(|found| found.oid == commit.oid))
            .then(|| json!({ "type": kind, "name": name }))
    });
    let paged = page.cut(holds);
    let rows = paged.rows.clone();
    Ok(page.answer(&call.address, &paged, rows))
}

/// A commit that is about to be made.
pub(super) struct Draft {
    pub(super) branch: String,
    start: Option<String>,
    message: String,
    who: Signature,
    actions: Vec<Action>,
    force: bool,
}

impl Draft {
    /// Reads the fields that files and commits share.
    pub(super) fn of(call: &Call, fields: &Fields, project: &Project, actions: Vec<Action>) -> Result<Self, ApiError> {
        let person = call.viewer.person()?;
        let branch = fields.need("branch")?;
        let message = fields.need("commit_message")?;
        if let Some(other) = fields.text("start_project")
            && other != project.path
            && other != project.id.to_string()
        {
            return Err(ApiError::bad_request("the sandbox makes no commit from another project (start_project)"));
        }
        Ok(Self {
            branch,
            start: fields.text("start_branch").or_else(|| fields.text("start_sha")),
            message,
            who: Signature {
                name: fields.text("author_name").unwrap_or_else(|| person.name.clone()),
                email: fields.text("author_email").unwrap_or_else(|| person.email.clone()),
                at: call.app.clock.now().replace_nanosecond(0).unwrap_or(time::OffsetDateTime::UNIX_EPOCH),
            },
            actions,
            force: fields.flag("force").unwrap_or(false),
        })
    }
}

/// The `content` of an action or a file, decoded; `None` where there is none.
pub(super) fn content(fields: &Map<String, Value>) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(text) = fields.get("content").and_then(text_of) else { return Ok(None) };
    match fields.get("encoding").and_then(Value::as_str) {
        None | Some("text") => Ok(Some(text.into_bytes())),
        Some("base64") => {
            let packed: String = text.split_whitespace().collect();
            let decoded = BASE64.decode(packed);
            decoded.map(Some).map_err(|_| ApiError::bad_request("content is not base64"))
        }
        Some(_) => Err(ApiError::parameter("encoding does not have a valid value")),
    }
}

fn action(row: &Value) -> Result<Action, ApiError> {
    let missing = |what: &str| ApiError::parameter(format!("actions[0][{what}] is missing"));
    let Value::Object(row) = row else { return Err(ApiError::parameter("actions is invalid")) };
    let text = |name: &str| row.get(name).and_then(text_of);
    let flag = |name: &str| row.get(name).and_then(Value::as_bool);
    let change = match text("action").ok_or_else(|| missing("action"))?.as_str() {
        "create" => Change::Create {
            content: content(row)?.unwrap_or_default(),
            executable: flag("execute_filemode").unwrap_or(false),
        },
        "update" => Change::Update { content: content(row)?.unwrap_or_default(), executable: flag("execute_filemode") },
        "delete" => Change::Delete,
        "move" => Change::Move {
            from: text("previous_path").ok_or_else(|| missing("previous_path"))?,
            content: content(row)?,
        },
        "chmod" => Change::Chmod { executable: flag("execute_filemode").unwrap_or(false) },
        _ => return Err(ApiError::parameter("actions[0][action] does not have a valid value")),
    };
    let path = text("file_path").ok_or_else(|| missing("file_path"))?;
    Ok(Action { path: path.trim_start_matches('/').to_owned(), change, last_commit_id: text("last_commit_id") })
}

async fn make(call: Call, Path(id): Path<String>, fields: Fields) -> Answer {
    let project = call.project(&id)?;
    call.viewer.person()?;
    let Some(Value::Array(actions)) = fields.0.get("actions") else {
        return Err(ApiError::parameter("actions is missing"));
    };
    let actions = actions.iter().map(action).collect::<Result<Vec<_>, _>>()?;
    let draft = Draft::of(&call, &fields, &project, actions)?;
    let commit = write(&call, &project, draft).await?;
    let repo = call.app.repos.read(&call.app.world, &project);
    created(&rows::commit_detail(&call.app, &project, &repo, &commit, fields.flag("stats").unwrap_or(true)))
}

/// Makes the commit, moves the branch, and lets the world know.
pub(super) async fn write(call: &Call, project: &Project, draft: Draft) -> Result<Commit, ApiError> {
    let app = &call.app;
    let person = call.viewer.person()?.clone();
    let protected = project.default_branch == draft.branch;
    let least = if protected { level::MAINTAINER } else { level::DEVELOPER };
    if call.viewer.level(&app.world, project.id) < least || project.archived {
        return Err(ApiError::forbidden_because("You are not allowed to push into this branch"));
    }
    let bare = app.repos.bare(&app.world, project)?;
    let lock = app.repos.writing(project.id);
    let held = lock.lock().await;
    let repo = app.repos.read(&app.world, project);
    let tip = repo.branch(&draft.branch);
    let base = match (&draft.start, tip) {
        (Some(_), Some(_)) if !draft.force => {
            let text = format!(
                "A branch called '{}' already exists. Switch to that branch in order to make changes",
                draft.branch
            );
            return Err(ApiError::message(StatusCode::BAD_REQUEST, text));
        }
        (Some(start), _) => Some(repo.resolve(start).ok_or_else(|| start_missing(start))?),
        (None, Some(tip)) => repo.commit(tip),
        (None, None) if repo.is_empty() => None,
        (None, None) => {
            return Err(ApiError::message(
                StatusCode::BAD_REQUEST,
                "You can only create or edit files when you are on a branch",
            ));
        }
    };
    let made = edit::commit(&repo, &bare.path, base.as_ref(), &draft.actions, &draft.who, &draft.message);
    let commit = made.map_err(|error| match error {
        EditError::Disk(error) => ApiError::internal(&error),
        other => ApiError::message(StatusCode::BAD_REQUEST, other.to_string()),
    })?;
    let name = format!("refs/heads/{}", draft.branch);
    let before = tip.unwrap_or(Oid::ZERO);
    bare::update_ref(&bare.path, &name, commit.oid, before).await?;
    drop(held);
    app.pushed(Push { project: project.id, user: person.id, reference: name, before, after: commit.oid });
    Ok(commit)
}

fn start_missing(start: &str) -> ApiError {
    let text = format!("Cannot find start branch or commit '{start}'");
    ApiError::message(StatusCode::BAD_REQUEST, text)
}

//! Branches.

use axum::extract::Path;
use axum::http::StatusCode;

use super::{Answer, created, no_content, ok, rows};
use crate::app::Table;
use crate::call::{Call, Fields};
use crate::errors::ApiError;
use crate::hooks::Push;
use crate::paging::Page;
use crate::repo::bare;
use crate::repo::object::Oid;
use crate::world::model::level;

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/projects/{id}/repository/branches", list);
    table.post("/api/v4/projects/{id}/repository/branches", make);
    table.get("/api/v4/projects/{id}/repository/branches/{branch}", one);
    table.delete("/api/v4/projects/{id}/repository/branches/{branch}", remove);
}

async fn list(call: Call, Path(id): Path<String>) -> Answer {
    let (project, repo) = call.repository(&id)?;
    let search = call.params.get("search").unwrap_or("").to_owned();
    let fits = |name: &str| match (search.strip_prefix('^'), search.strip_suffix('$')) {
        (Some(front), _) => name.starts_with(front),
        (None, Some(back)) => name.ends_with(back),
        (None, None) => name.contains(&search),
    };
    let page = Page::of(&call.params)?;
    let branches = repo.branches();
    let paged = page.cut(branches.iter().filter(|(name, _)| fits(name)));
    let rows = paged
        .rows
        .iter()
        .filter_map(|(name, tip)| {
            let tip = repo.commit(*tip)?;
            Some(rows::branch(&call.app, &call.viewer, &project, &repo, name, &tip))
        })
        .collect();
    Ok(page.answer(&call.address, &paged, rows))
}

async fn one(call: Call, Path((id, name)): Path<(String, String)>) -> Answer {
    let (project, repo) = call.repository(&id)?;
    let tip = repo.branch(&name).and_then(|tip| repo.commit(tip)).ok_or_else(|| ApiError::not_found("Branch"))?;
    ok(&rows::branch(&call.app, &call.viewer, &project, &repo, &name, &tip))
}

/// Whether git takes this as a branch's name (git-check-ref-format).
fn good_name(name: &str) -> bool {
    let bad_segment = |segment: &str| segment.is_empty() || segment.starts_with('.') || segment.ends_with(".lock");
    let bad = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(bad)
        && !name.split('/').any(bad_segment)
}

async fn make(call: Call, Path(id): Path<String>, fields: Fields) -> Answer {
    let project = call.project(&id)?;
    call.demand(&project, level::DEVELOPER)?;
    let bad = |text: &str| ApiError::message(StatusCode::BAD_REQUEST, text);
    let (name, from) = (fields.need("branch")?, fields.need("ref")?);
    if !good_name(&name) {
        return Err(bad("Branch name is invalid"));
    }
    let app = &call.app;
    let bare = app.repos.bare(&app.world, &project)?;
    let lock = app.repos.writing(project.id);
    let held = lock.lock().await;
    let repo = app.repos.read(&app.world, &project);
    if repo.branch(&name).is_some() {
        return Err(bad("Branch already exists"));
    }
    let tip = repo.resolve(&from).ok_or_else(|| bad(&format!("Invalid reference name: {from}")))?;
    let reference = format!("refs/heads/{name}");
    bare::update_ref(&bare.path, &reference, tip.oid, Oid::ZERO).await?;
    drop(held);
    let user = call.viewer.person()?.id;
    app.pushed(Push { project: project.id, user, reference, before: Oid::ZERO, after: tip.oid });
    let repo = app.repos.read(&app.world, &project);
    created(&rows::branch(app, &call.viewer, &project, &repo, &name, &tip))
}

async fn remove(call: Call, Path((id, name)): Path<(String, String)>) -> Answer {
    let project = call.project(&id)?;
    call.demand(&project, level::DEVELOPER)?;
    let app = &call.app;
    let bare = app.repos.bare(&app.world, &project)?;
    let lock = app.repos.writing(project.id);
    let held = lock.lock().await;
    let repo = app.repos.read(&app.world, &project);
    let tip = repo.branch(&name).ok_or_else(|| ApiError::not_found("Branch"))?;
    if repo.root_ref().as_deref() == Some(name.as_str()) {
        return Err(ApiError::message(StatusCode::METHOD_NOT_ALLOWED, "Cannot remove HEAD branch"));
    }
    let reference = format!("refs/heads/{name}");
    bare::update_ref(&bare.path, &reference, Oid::ZERO, tip).await?;
    drop(held);
    let user = call.viewer.person()?.id;
    app.pushed(Push { project: project.id, user, reference, before: tip, after: Oid::ZERO });
    no_content()
}

//! Webhooks of groups. They belong to Premium: in the free edition there is no such route.

use axum::extract::Path;

use super::{add, answer_list, drop_hook, find, log, row, set, try_out, unprocessable};
use crate::app::Table;
use crate::call::{Call, Fields};
use crate::errors::ApiError;
use crate::hooks::Place;
use crate::options::Edition;
use crate::rest::{Answer, ok};

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/groups/{id}/hooks", list);
    table.post("/api/v4/groups/{id}/hooks", make);
    table.get("/api/v4/groups/{id}/hooks/{hook_id}", one);
    table.put("/api/v4/groups/{id}/hooks/{hook_id}", change);
    table.delete("/api/v4/groups/{id}/hooks/{hook_id}", remove);
    table.post("/api/v4/groups/{id}/hooks/{hook_id}/test/{trigger}", test);
    table.get("/api/v4/groups/{id}/hooks/{hook_id}/events", events);
}

/// The group, for an Owner of it.
fn place(call: &Call, id: &str) -> Result<Place, ApiError> {
    if call.app.edition == Edition::Free {
        return Err(ApiError::no_route());
    }
    Ok(Place::Group(call.owned_group(id)?.id))
}

async fn list(call: Call, Path(id): Path<String>) -> Answer {
    answer_list(&call, place(&call, &id)?)
}

async fn make(call: Call, Path(id): Path<String>, fields: Fields) -> Answer {
    add(&call, place(&call, &id)?, &fields)
}

async fn one(call: Call, Path((id, hook)): Path<(String, String)>) -> Answer {
    ok(&row(&find(&call, place(&call, &id)?, &hook)?, true))
}

async fn change(call: Call, Path((id, hook)): Path<(String, String)>, fields: Fields) -> Answer {
    set(&call, place(&call, &id)?, &hook, &fields)
}

async fn remove(call: Call, Path((id, hook)): Path<(String, String)>) -> Answer {
    drop_hook(&call, place(&call, &id)?, &hook)
}

async fn events(call: Call, Path((id, hook)): Path<(String, String)>) -> Answer {
    log(&call, place(&call, &id)?, &hook)
}

/// Sends the latest push of the first project below the group that has one.
async fn test(call: Call, Path((id, hook, trigger)): Path<(String, String, String)>) -> Answer {
    let place = place(&call, &id)?;
    let hook = find(&call, place, &hook)?;
    let world = &call.app.world;
    let group = call.group(&id)?.id;
    let groups = std::iter::once(group).chain(world.descendants(group));
    let mut projects = groups.flat_map(|group| world.projects_in(group)).filter_map(|id| world.project(id));
    let project = projects
        .find(|project| !call.app.is_empty(project))
        .ok_or_else(|| unprocessable("Ensure the group has a project with commits."))?;
    try_out(&call, &hook, &trigger, &project).await
}

//! Members of groups and projects, direct and inherited.

use axum::extract::Path;

use super::{Answer, ok, rows};
use crate::app::Table;
use crate::call::Call;
use crate::errors::ApiError;
use crate::paging::Page;
use crate::world::model::Member;

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/groups/{id}/members", of_group);
    table.get("/api/v4/groups/{id}/members/all", of_group_all);
    table.get("/api/v4/groups/{id}/members/{user_id}", group_one);
    table.get("/api/v4/groups/{id}/members/all/{user_id}", group_one_all);
    table.get("/api/v4/projects/{id}/members", of_project);
    table.get("/api/v4/projects/{id}/members/all", of_project_all);
    table.get("/api/v4/projects/{id}/members/{user_id}", project_one);
    table.get("/api/v4/projects/{id}/members/all/{user_id}", project_one_all);
}

fn group_members(call: &Call, id: &str, all: bool) -> Result<Vec<Member>, ApiError> {
    let group = call.group(id)?;
    call.viewer.person()?;
    Ok(if all {
        call.app.world.all_group_members(group.id).into_iter().map(|(member, _)| member).collect()
    } else {
        call.app.world.group_members(group.id)
    })
}

fn project_members(call: &Call, id: &str, all: bool) -> Result<Vec<Member>, ApiError> {
    let project = call.project(id)?;
    call.viewer.person()?;
    Ok(if all {
        call.app.world.all_project_members(&project).into_iter().map(|(member, _)| member).collect()
    } else {
        project.members.clone()
    })
}

fn answer(call: &Call, mut members: Vec<Member>) -> Answer {
    let wanted = call.params.list("user_ids");
    let skipped = call.params.list("skip_users");
    let query = call.params.get("query").map(str::to_lowercase);
    members.sort_by_key(|member| member.user);
    let page = Page::of(&call.params)?;
    let found = members.into_iter().filter_map(|member| Some((call.app.world.person(member.user)?, member)));
    let paged = page.cut(found.filter(|(person, _)| {
        let id = person.id.to_string();
        (wanted.is_empty() || wanted.contains(&id))
            && !skipped.contains(&id)
            && query.as_ref().is_none_or(|word| {
                person.name.to_lowercase().contains(word) || person.username.to_lowercase().contains(word)
            })
    }));
    let rows = paged.rows.iter().map(|(person, member)| rows::member(&call.app, person, member)).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

fn one(call: &Call, members: &[Member], user: &str) -> Answer {
    let user: u64 = user.parse().map_err(|_| ApiError::parameter("user_id is invalid"))?;
    let member = members.iter().find(|member| member.user == user).ok_or_else(ApiError::no_record)?;
    let person = call.app.world.person(user).ok_or_else(ApiError::no_record)?;
    ok(&rows::member(&call.app, &person, member))
}

async fn of_group(call: Call, Path(id): Path<String>) -> Answer {
    let members = group_members(&call, &id, false)?;
    answer(&call, members)
}

async fn of_group_all(call: Call, Path(id): Path<String>) -> Answer {
    let members = group_members(&call, &id, true)?;
    answer(&call, members)
}

async fn group_one(call: Call, Path((id, user)): Path<(String, String)>) -> Answer {
    one(&call, &group_members(&call, &id, false)?, &user)
}

async fn group_one_all(call: Call, Path((id, user)): Path<(String, String)>) -> Answer {
    one(&call, &group_members(&call, &id, true)?, &user)
}

async fn of_project(call: Call, Path(id): Path<String>) -> Answer {
    let members = project_members(&call, &id, false)?;
    answer(&call, members)
}

async fn of_project_all(call: Call, Path(id): Path<String>) -> Answer {
    let members = project_members(&call, &id, true)?;
    answer(&call, members)
}

async fn project_one(call: Call, Path((id, user)): Path<(String, String)>) -> Answer {
    one(&call, &project_members(&call, &id, false)?, &user)
}

async fn project_one_all(call: Call, Path((id, user)): Path<(String, String)>) -> Answer {
    one(&call, &project_members(&call, &id, true)?, &user)
}

//! Groups and what is in them.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Answer, ok, projects, rows};
use crate::app::Table;
use crate::call::Call;
use crate::errors::ApiError;
use crate::paging::{Page, keyset_answer};
use crate::world::model::{Group, level};

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/groups", list);
    table.get("/api/v4/groups/{id}", one);
    table.get("/api/v4/groups/{id}/subgroups", subgroups);
    table.get("/api/v4/groups/{id}/descendant_groups", descendants);
    table.get("/api/v4/groups/{id}/projects", group_projects);
}

async fn list(call: Call) -> Answer {
    let ids: Vec<u64> = call.app.world.groups().collect();
    answer(&call, &ids)
}

async fn subgroups(call: Call, Path(id): Path<String>) -> Answer {
    let group = call.group(&id)?;
    answer(&call, &call.app.world.subgroups(group.id))
}

async fn descendants(call: Call, Path(id): Path<String>) -> Answer {
    let group = call.group(&id)?;
    answer(&call, &call.app.world.descendants(group.id))
}

fn answer(call: &Call, ids: &[u64]) -> Result<Response, ApiError> {
    let (world, viewer, params) = (&call.app.world, &call.viewer, &call.params);
    let skip: HashSet<u64> = params.list("skip_groups").iter().filter_map(|id| id.parse().ok()).collect();
    let search = params.get("search").map(str::to_lowercase);
    let least = match (params.number("min_access_level")?, params.on("owned")?) {
        (_, true) => Some(u64::from(level::OWNER)),
        (least, false) => least,
    };
    let visibility = params.get("visibility");
    let top_only = params.on("top_level_only")?;
    let order = params.word("order_by", &["name", "path", "id", "similarity"])?;
    let descending = params.word("sort", &["asc", "desc"])? == "desc";
    let fits = |group: &Arc<Group>| {
        !skip.contains(&group.id)
            && viewer.sees_group(world, group.id, group.visibility)
            && search.as_ref().is_none_or(|word| {
                group.name.to_lowercase().contains(word) || group.slug().to_lowercase().contains(word)
            })
            && least.is_none_or(|least| u64::from(viewer.group_level(world, group.id)) >= least)
            && visibility.is_none_or(|word| group.visibility.word() == word)
            && (!top_only || group.parent.is_none())
    };
    let mut groups: Vec<Arc<Group>> = ids.iter().filter_map(|id| world.group(*id)).filter(fits).collect();
    match order {
        "path" => groups.sort_by(|a, b| a.path.cmp(&b.path)),
        "id" => groups.sort_by_key(|group| group.id),
        _ => groups.sort_by_cached_key(|group| (group.name.to_lowercase(), group.id)),
    }
    if descending {
        groups.reverse();
    }
    let page = Page::of(params)?;
    let json = |group: &Arc<Group>| rows::group(&call.app, group);
    if params.get("pagination") == Some("keyset") {
        let start = match params.get("cursor") {
            None => 0,
            Some(cursor) => {
                let after = cursor.parse::<u64>().map_err(|_| ApiError::parameter("cursor is invalid"))?;
                groups.iter().position(|group| group.id == after).map_or(groups.len(), |at| at + 1)
            }
        };
        let rows: Vec<_> = groups.iter().skip(start).take(page.size).collect();
        let next = (groups.len() > start + rows.len())
            .then(|| rows.last().map(|group| ("cursor", group.id.to_string())))
            .flatten();
        return Ok(keyset_answer(&call.address, page.size, rows.into_iter().map(json).collect(), next));
    }
    let paged = page.cut(groups.iter());
    let rows = paged.rows.iter().map(|group| json(group)).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

async fn one(call: Call, Path(id): Path<String>) -> Answer {
    let group = call.group(&id)?;
    let mut row = rows::group(&call.app, &group);
    let Value::Object(map) = &mut row else { return ok(&row) };
    map.insert("shared_with_groups".to_owned(), json!([]));
    map.insert("prevent_sharing_groups_outside_hierarchy".to_owned(), false.into());
    map.insert("enabled_git_access_protocol".to_owned(), Value::Null);
    if call.params.flag("with_projects")?.unwrap_or(true) {
        let seen = projects::visible(&call, call.app.world.projects_in(group.id)).take(100);
        let projects: Vec<Value> = seen.map(|project| rows::project(&call.app, &call.viewer, &project)).collect();
        map.insert("projects".to_owned(), projects.into());
        map.insert("shared_projects".to_owned(), json!([]));
    }
    ok(&row)
}

async fn group_projects(call: Call, Path(id): Path<String>) -> Answer {
    let group = call.group(&id)?;
    let world = &call.app.world;
    let mut ids = world.projects_in(group.id);
    if call.params.on("include_subgroups")? {
        ids.extend(world.descendants(group.id).into_iter().flat_map(|below| world.projects_in(below)));
        ids.sort_unstable();
    }
    projects::answer(&call, ids)
}

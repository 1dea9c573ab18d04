//! Projects: the list with its filters and orders, one project, its languages, users' projects.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{Answer, ok, rows};
use crate::app::Table;
use crate::call::{Call, Params};
use crate::errors::{ApiError, json_response};
use crate::paging::{Page, keyset_answer};
use crate::world::model::{Namespace, Project, level};

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/projects", list);
    table.get("/api/v4/projects/{id}", one);
    table.get("/api/v4/projects/{id}/languages", languages);
    table.get("/api/v4/users/{id}/projects", of_user);
}

async fn list(call: Call) -> Answer {
    let ids = call.app.world.projects();
    answer(&call, ids)
}

async fn of_user(call: Call, Path(id): Path<String>) -> Answer {
    let world = &call.app.world;
    let person = match id.parse() {
        Ok(id) => world.person(id),
        Err(_) => world.person_named(&id),
    };
    let person = person.ok_or_else(|| ApiError::not_found("User"))?;
    let own = |id: &u64| world.group_of(*id).is_none();
    let mine = |id: &u64| world.project(*id).is_some_and(|p| p.namespace == Namespace::User(person.id));
    answer(&call, world.projects().filter(own).filter(mine).collect::<Vec<_>>())
}

/// The projects of these ids that the caller sees.
pub(super) fn visible(call: &Call, ids: impl IntoIterator<Item = u64>) -> impl Iterator<Item = Arc<Project>> {
    let world = &call.app.world;
    ids.into_iter().filter_map(|id| world.project(id)).filter(|project| call.viewer.sees(world, project))
}

/// The filters of a list.
struct Filter {
    membership: bool,
    owned: bool,
    starred: bool,
    least: Option<u64>,
    archived: Option<bool>,
    active: Option<bool>,
    visibility: Option<String>,
    search: Option<String>,
    search_namespaces: bool,
    topics: Vec<String>,
    language: Option<String>,
    id_after: Option<u64>,
    id_before: Option<u64>,
    activity_after: Option<OffsetDateTime>,
    activity_before: Option<OffsetDateTime>,
}

impl Filter {
    fn of(params: &Params) -> Result<Self, ApiError> {
        let owned_text = |name: &str| params.get(name).map(str::to_lowercase);
        if let Some(word) = params.get("visibility")
            && !matches!(word, "private" | "internal" | "public")
        {
            return Err(ApiError::parameter("visibility does not have a valid value"));
        }
        Ok(Self {
            membership: params.on("membership")?,
            owned: params.on("owned")?,
            starred: params.on("starred")?,
            least: params.number("min_access_level")?,
            archived: params.flag("archived")?,
            active: params.flag("active")?,
            visibility: owned_text("visibility"),
            search: owned_text("search"),
            search_namespaces: params.on("search_namespaces")?,
            topics: params.list("topic").iter().map(|topic| topic.to_lowercase()).collect(),
            language: owned_text("with_programming_language"),
            id_after: params.number("id_after")?,
            id_before: params.number("id_before")?,
            activity_after: params.time("last_activity_after")?,
            activity_before: params.time("last_activity_before")?,
        })
    }

    /// What can be told from the id, without making the project.
    fn fits_id(&self, call: &Call, id: u64) -> bool {
        let world = &call.app.world;
        !(self.id_after.is_some_and(|after| id <= after)
            || self.id_before.is_some_and(|before| id >= before)
            || self.activity_after.is_some_and(|after| world.last_activity(id) < after)
            || self.activity_before.is_some_and(|before| world.last_activity(id) > before))
    }

    /// What members decide. Asked while rows are taken, not before: in a large estate it is dear.
    fn fits_level(&self, call: &Call, id: u64) -> bool {
        if !self.membership && self.least.is_none() && !self.owned {
            return true;
        }
        let Some(user) = call.viewer.id() else { return false };
        // Membership means membership: an administrator's rights do not make one, but this administrator has it
        // everywhere.
        let least = if self.owned { u64::from(level::OWNER) } else { self.least.unwrap_or(1) };
        u64::from(call.app.world.level(user, id)) >= least.max(1)
    }

    fn fits(&self, call: &Call, project: &Project) -> bool {
        if !call.viewer.sees(&call.app.world, project) || self.starred {
            return false;
        }
        self.archived.is_none_or(|wanted| project.archived == wanted)
            && self.active.is_none_or(|wanted| project.archived != wanted)
            && self.visibility.as_ref().is_none_or(|word| project.visibility.word() == word)
            && self.topics.iter().all(|topic| project.topics.iter().any(|t| t.to_lowercase() == *topic))
            && self
                .language
                .as_ref()
                .is_none_or(|wanted| project.languages.iter().any(|(name, _)| name.to_lowercase() == *wanted))
            && self.search.as_ref().is_none_or(|word| rows::found(project, word, self.search_namespaces))
    }
}

const ORDERS: [&str; 8] =
    ["created_at", "id", "name", "path", "updated_at", "last_activity_at", "similarity", "star_count"];

/// Answers a list of projects out of these ids, by the parameters of the call.
pub(super) fn answer(call: &Call, ids: impl IntoIterator<Item = u64>) -> Answer {
    let params = &call.params;
    let filter = Filter::of(params)?;
    let order = params.word("order_by", &ORDERS)?;
    let ascending = params.word("sort", &["desc", "asc"])? == "asc";
    let page = Page::of(params)?;
    let simple = params.on("simple")? || call.viewer.user.is_none();
    let json = |project: &Arc<Project>| {
        if simple {
            rows::project_basic(&call.app, &call.viewer, project)
        } else {
            rows::project(&call.app, &call.viewer, project)
        }
    };
    let keyset = params.get("pagination") == Some("keyset");
    if keyset && order != "id" {
        return Err(ApiError {
            status: StatusCode::METHOD_NOT_ALLOWED,
            body: json!({
                "error": "Keyset pagination is not yet available for this type of request"
            }),
        });
    }
    if !keyset && page.number.saturating_mul(page.size) > 50_000 {
        let text = "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type \
                    Project. Remaining records can be retrieved using keyset pagination.";
        return Err(ApiError { status: StatusCode::METHOD_NOT_ALLOWED, body: json!({ "error": text }) });
    }
    let world = &call.app.world;
    let mut ids: Vec<u64> = ids.into_iter().filter(|id| filter.fits_id(call, *id)).collect();
    sort(call, &mut ids, order);
    if !ascending {
        ids.reverse();
    }
    let mut projects = ids
        .into_iter()
        .filter(|id| filter.fits_level(call, *id))
        .filter_map(|id| world.project(id))
        .filter(|project| filter.fits(call, project));
    if keyset {
        let rows: Vec<Arc<Project>> = projects.by_ref().take(page.size).collect();
        let place = if ascending { "id_after" } else { "id_before" };
        let next = rows.last().filter(|_| projects.next().is_some()).map(|last| (place, last.id.to_string()));
        return Ok(keyset_answer(&call.address, page.size, rows.iter().map(json).collect(), next));
    }
    let paged = page.cut(projects);
    let rows = paged.rows.iter().map(json).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

fn sort(call: &Call, ids: &mut [u64], order: &str) {
    let world = &call.app.world;
    match order {
        "last_activity_at" | "updated_at" => ids.sort_by_cached_key(|id| (world.last_activity(*id), *id)),
        "name" => ids.sort_by_cached_key(|id| (world.project(*id).map(|p| p.name.to_lowercase()), *id)),
        "path" => ids.sort_by_cached_key(|id| (world.project(*id).map(|p| p.slug().to_lowercase()), *id)),
        "created_at" => ids.sort_by_cached_key(|id| (world.created(*id), *id)),
        _ => ids.sort_unstable(),
    }
}

async fn one(call: Call, Path(id): Path<String>) -> Answer {
    let project = call.project(&id)?;
    let known = call.viewer.user.is_some();
    let mut row = if known {
        rows::project(&call.app, &call.viewer, &project)
    } else {
        rows::project_basic(&call.app, &call.viewer, &project)
    };
    if let Value::Object(map) = &mut row
        && call.params.on("license")?
    {
        map.insert("license_url".to_owned(), Value::Null);
        map.insert("license".to_owned(), Value::Null);
    }
    ok(&row)
}

async fn languages(call: Call, Path(id): Path<String>) -> Answer {
    let project = call.project(&id)?;
    if !call.viewer.reads_code(&call.app.world, &project) {
        return Err(ApiError::forbidden());
    }
    let shares: Map<String, Value> =
        project.languages.iter().map(|(name, share)| (name.clone(), (*share).into())).collect();
    Ok(json_response(StatusCode::OK, &Value::Object(shares)))
}

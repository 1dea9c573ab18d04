//! Webhooks of projects (Maintainers), of groups (Owners, Premium) and of the instance (administrators).

mod group;

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, created, no_content, ok};
use crate::app::Table;
use crate::call::{Call, Fields, text_of};
use crate::clock::iso;
use crate::errors::ApiError;
use crate::hooks::{Hook, Place, Push, kind_of};
use crate::paging::Page;
use crate::repo::object::Oid;
use crate::world::model::{Project, level};

pub(super) fn routes(table: &mut Table) {
    table.get("/api/v4/projects/{id}/hooks", list);
    table.post("/api/v4/projects/{id}/hooks", make);
    table.get("/api/v4/projects/{id}/hooks/{hook_id}", one);
    table.put("/api/v4/projects/{id}/hooks/{hook_id}", change);
    table.delete("/api/v4/projects/{id}/hooks/{hook_id}", remove);
    table.post("/api/v4/projects/{id}/hooks/{hook_id}/test/{trigger}", test);
    table.get("/api/v4/projects/{id}/hooks/{hook_id}/events", events);
    group::routes(table);
    table.get("/api/v4/hooks", system_list);
    table.post("/api/v4/hooks", system_make);
    table.get("/api/v4/hooks/{hook_id}", system_one);
    table.post("/api/v4/hooks/{hook_id}", system_test);
    table.put("/api/v4/hooks/{hook_id}", system_change);
    table.delete("/api/v4/hooks/{hook_id}", system_remove);
}

/// The flags of a project hook and their defaults.
const FLAGS: [(&str, bool); 19] = [
    ("push_events", true),
    ("tag_push_events", false),
    ("merge_requests_events", false),
    ("repository_update_events", false),
    ("enable_ssl_verification", true),
    ("issues_events", false),
    ("confidential_issues_events", false),
    ("note_events", false),
    ("confidential_note_events", false),
    ("pipeline_events", false),
    ("wiki_page_events", false),
    ("job_events", false),
    ("deployment_events", false),
    ("feature_flag_events", false),
    ("releases_events", false),
    ("milestone_events", false),
    ("emoji_events", false),
    ("resource_access_token_events", false),
    ("vulnerability_events", false),
];

/// How many of [`FLAGS`] a system hook has.
const SYSTEM_FLAGS: usize = 5;
/// What a group hook has beside [`FLAGS`].
const GROUP_FLAGS: [(&str, bool); 3] =
    [("subgroup_events", false), ("member_events", false), ("project_events", false)];

fn row(hook: &Hook, single: bool) -> Value {
    let mut row = json!({
        "id": hook.id,
        "url": hook.url,
        "name": hook.name,
        "description": hook.description,
        "created_at": iso(hook.created),
    });
    let Value::Object(map) = &mut row else { return row };
    for (flag, on) in &hook.flags {
        map.insert((*flag).to_owned(), (*on).into());
    }
    map.insert("alert_status".to_owned(), "executable".into());
    map.insert("disabled_until".to_owned(), Value::Null);
    if single {
        map.insert("url_variables".to_owned(), json!([]));
        let keys: Vec<Value> = hook.custom_headers.iter().map(|(key, _)| json!({ "key": key })).collect();
        map.insert("custom_headers".to_owned(), keys.into());
    }
    map.insert("push_events_branch_filter".to_owned(), hook.branch_filter.clone().into());
    map.insert("branch_filter_strategy".to_owned(), hook.filter_strategy.clone().into());
    map.insert("custom_webhook_template".to_owned(), "".into());
    match hook.place {
        Place::Project(project) => map.insert("project_id".to_owned(), project.into()),
        Place::Group(group) => map.insert("group_id".to_owned(), group.into()),
        Place::Instance => None,
    };
    row
}

/// Takes the fields of a request into a hook; what is not named stays.
fn fill(call: &Call, hook: &mut Hook, fields: &Fields) -> Result<(), ApiError> {
    if let Some(url) = fields.text("url") {
        if call.app.hooks.blocked(&url).is_some() {
            // The API keeps the reason ("is blocked: …") to itself; only the web page has it.
            let body = json!({ "error": "Invalid url given" });
            return Err(ApiError { status: StatusCode::UNPROCESSABLE_ENTITY, body });
        }
        hook.url = url;
    }
    for flag in hook.flags.keys().copied().collect::<Vec<_>>() {
        if let Some(on) = fields.flag(flag) {
            hook.flags.insert(flag, on);
        }
    }
    let set = |place: &mut Option<String>, name: &str| {
        if let Some(text) = fields.text(name) {
            *place = Some(text).filter(|text| !text.is_empty());
        }
    };
    set(&mut hook.name, "name");
    set(&mut hook.description, "description");
    set(&mut hook.token, "token");
    set(&mut hook.signing_token, "signing_token");
    if let Some(filter) = fields.text("push_events_branch_filter") {
        hook.branch_filter = filter;
    }
    if let Some(strategy) = fields.text("branch_filter_strategy") {
        if !matches!(strategy.as_str(), "wildcard" | "regex" | "all_branches") {
            return Err(ApiError::parameter("branch_filter_strategy does not have a valid value"));
        }
        hook.filter_strategy = strategy;
    }
    if let Some(Value::Array(headers)) = fields.0.get("custom_headers") {
        let pair = |row: &Value| Some((text_of(row.get("key")?)?, text_of(row.get("value")?)?));
        hook.custom_headers = headers.iter().filter_map(pair).collect();
    }
    Ok(())
}

fn fresh(call: &Call, place: Place) -> Hook {
    let mut flags: BTreeMap<&'static str, bool> = match place {
        Place::Instance => FLAGS[..SYSTEM_FLAGS].iter().copied().collect(),
        Place::Group(_) => FLAGS.into_iter().chain(GROUP_FLAGS).collect(),
        Place::Project(_) => FLAGS.into_iter().collect(),
    };
    if place == Place::Instance {
        // The documented defaults of system hooks.
        flags.insert("push_events", false);
        flags.insert("repository_update_events", true);
    }
    Hook {
        id: 0,
        place,
        url: String::new(),
        name: None,
        description: None,
        flags,
        branch_filter: String::new(),
        filter_strategy: "wildcard".to_owned(),
        token: None,
        signing_token: None,
        custom_headers: Vec::new(),
        created: call.app.clock.now(),
        uuid: call.app.hooks.uuid(),
    }
}

/// The project's id, for a Maintainer of it.
fn place(call: &Call, id: &str) -> Result<Place, ApiError> {
    let project = call.project(id)?;
    call.demand(&project, level::MAINTAINER)?;
    Ok(Place::Project(project.id))
}

/// The instance, for an administrator.
fn instance(call: &Call) -> Result<Place, ApiError> {
    call.viewer.person()?;
    if call.viewer.admin() { Ok(Place::Instance) } else { Err(ApiError::forbidden()) }
}

fn answer_list(call: &Call, place: Place) -> Answer {
    let page = Page::of(&call.params)?;
    let hooks = call.app.hooks.of(place);
    let paged = page.cut(hooks.iter());
    let rows = paged.rows.iter().map(|hook| row(hook, false)).collect();
    Ok(page.answer(&call.address, &paged, rows))
}

fn add(call: &Call, place: Place, fields: &Fields) -> Answer {
    fields.need("url")?;
    let mut hook = fresh(call, place);
    fill(call, &mut hook, fields)?;
    created(&row(&call.app.hooks.add(hook), true))
}

fn find(call: &Call, place: Place, hook: &str) -> Result<Hook, ApiError> {
    let id = hook.parse().map_err(|_| ApiError::parameter("hook_id is invalid"))?;
    call.app.hooks.get(place, id).ok_or_else(ApiError::no_record)
}

fn set(call: &Call, place: Place, id: &str, fields: &Fields) -> Answer {
    let mut hook = find(call, place, id)?;
    fill(call, &mut hook, fields)?;
    call.app.hooks.replace(hook.clone());
    ok(&row(&hook, true))
}

fn drop_hook(call: &Call, place: Place, id: &str) -> Answer {
    let hook = find(call, place, id)?;
    call.app.hooks.remove(hook.id);
    no_content()
}

async fn list(call: Call, Path(id): Path<String>) -> Answer {
    let place = place(&call, &id)?;
    answer_list(&call, place)
}

async fn make(call: Call, Path(id): Path<String>, fields: Fields) -> Answer {
    let place = place(&call, &id)?;
    add(&call, place, &fields)
}

async fn one(call: Call, Path((id, hook)): Path<(String, String)>) -> Answer {
    let place = place(&call, &id)?;
    ok(&row(&find(&call, place, &hook)?, true))
}

async fn change(call: Call, Path((id, hook)): Path<(String, String)>, fields: Fields) -> Answer {
    let place = place(&call, &id)?;
    set(&call, place, &hook, &fields)
}

async fn remove(call: Call, Path((id, hook)): Path<(String, String)>) -> Answer {
    let place = place(&call, &id)?;
    drop_hook(&call, place, &hook)
}

async fn events(call: Call, Path((id, hook)): Path<(String, String)>) -> Answer {
    log(&call, place(&call, &id)?, &hook)
}

fn log(call: &Call, place: Place, hook: &str) -> Answer {
    let hook = find(call, place, hook)?;
    let page = Page::of(&call.params)?;
    let events = call.app.hooks.events(hook.id);
    let paged = page.cut(events.into_iter());
    let rows = paged.rows.clone();
    Ok(page.answer(&call.address, &paged, rows))
}

async fn test(call: Call, Path((id, hook, trigger)): Path<(String, String, String)>) -> Answer {
    let place = place(&call, &id)?;
    let hook = find(&call, place, &hook)?;
    let project = call.project(&id)?;
    try_out(&call, &hook, &trigger, &project).await
}

/// Sends the latest push of a project's default branch, as GitLab's test button does.
async fn try_out(call: &Call, hook: &Hook, trigger: &str, project: &Project) -> Answer {
    let user = call.viewer.person()?.id;
    if !hook.flags.contains_key(trigger) || !trigger.ends_with("_events") {
        return Err(ApiError::parameter("trigger does not have a valid value"));
    }
    let repo = call.app.repos.read(&call.app.world, project);
    if trigger != "push_events" {
        return Err(unprocessable(&format!("Ensure the project has {}.", trigger.trim_end_matches("_events"))));
    }
    let tip = repo.resolve("HEAD").ok_or_else(|| unprocessable("Ensure the project has at least one commit."))?;
    let before = tip.parents.first().copied().unwrap_or(Oid::ZERO);
    let reference = format!("refs/heads/{}", repo.root_ref().unwrap_or_else(|| project.default_branch.clone()));
    let push = Push { project: project.id, user, reference, before, after: tip.oid };
    let payload = call.app.push_payload(&push).ok_or_else(ApiError::no_record)?;
    let event = call.app.hooks.uuid();
    let outcome =
        call.app.hooks.deliver(&call.app, hook, kind_of(&push).0, (event, call.app.hooks.uuid()), &payload).await;
    match outcome.status {
        Ok(status) if (200..300).contains(&status) => created(&json!({ "message": "201 Created" })),
        Ok(status) => Err(unprocessable(&format!("Hook executed successfully but returned HTTP {status}"))),
        Err(error) => Err(unprocessable(&format!("Hook execution failed: {error}"))),
    }
}

fn unprocessable(text: &str) -> ApiError {
    ApiError::message(StatusCode::UNPROCESSABLE_ENTITY, text)
}

async fn system_list(call: Call) -> Answer {
    let place = instance(&call)?;
    answer_list(&call, place)
}

async fn system_make(call: Call, fields: Fields) -> Answer {
    let place = instance(&call)?;
    add(&call, place, &fields)
}

async fn system_one(call: Call, Path(hook): Path<String>) -> Answer {
    let place = instance(&call)?;
    ok(&row(&find(&call, place, &hook)?, true))
}

async fn system_change(call: Call, Path(hook): Path<String>, fields: Fields) -> Answer {
    let place = instance(&call)?;
    set(&call, place, &hook, &fields)
}

async fn system_remove(call: Call, Path(hook): Path<String>) -> Answer {
    let place = instance(&call)?;
    drop_hook(&call, place, &hook)
}

/// Sends the documented sample.
async fn system_test(call: Call, Path(hook): Path<String>) -> Answer {
    let place = instance(&call)?;
    let hook = find(&call, place, &hook)?;
    let sample = json!({
        "project_id": 1,
        "owner_email": "example@gitlabhq.com",
        "owner_name": "Someone",
        "name": "Ruby",
        "path": "ruby",
        "event_name": "project_create",
    });
    let event = call.app.hooks.uuid();
    let outcome =
        call.app.hooks.deliver(&call.app, &hook, "System Hook", (event, call.app.hooks.uuid()), &sample).await;
    match outcome.status {
        Ok(_) => created(&sample),
        Err(error) => Err(ApiError::message(StatusCode::UNPROCESSABLE_ENTITY, error)),
    }
}

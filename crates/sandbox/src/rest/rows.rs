//! The JSON of users, groups, members, projects, commits and branches, field by field as GitLab's entities write them.
//! A field that needs a right the caller lacks is left out, not null, where GitLab does so.

mod settings;

use serde_json::{Value, json};

use crate::app::App;
use crate::auth::Viewer;
use crate::clock::{date, iso, iso_offset};
use crate::repo::object::Commit;
use crate::repo::{Repo, diff};
use crate::world::model::{Group, Member, Namespace, Person, Project, level};

/// `UserBasic`.
pub(crate) fn user_basic(app: &App, person: &Person) -> Value {
    json!({
        "id": person.id,
        "username": person.username,
        "public_email": person.email,
        "name": person.name,
        "state": person.state,
        "locked": false,
        "avatar_url": null,
        "web_url": format!("{}/{}", app.url, person.username),
    })
}

pub(super) fn merge(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}

/// A user as anyone sees them at `/users/:id`.
pub(crate) fn user(app: &App, person: &Person) -> Value {
    merge(
        user_basic(app, person),
        json!({
            "created_at": iso(person.created),
            "bio": "",
            "location": null,
            "skype": "",
            "linkedin": "",
            "twitter": "",
            "discord": "",
            "website_url": "",
            "organization": null,
            "job_title": person.job_title.clone().unwrap_or_default(),
            "pronouns": null,
            "bot": person.bot(),
            "work_information": person.job_title,
            "followers": 0,
            "following": 0,
            "is_followed": false,
            "local_time": null,
        }),
    )
}

/// A user as they see themselves, or as an administrator sees them.
pub(crate) fn user_private(app: &App, person: &Person, admin: bool) -> Value {
    let mut row = merge(
        user(app, person),
        json!({
            "last_sign_in_at": iso(person.created),
            "confirmed_at": iso(person.created),
            "last_activity_on": date(person.created.date()),
            "email": person.email,
            "theme_id": 1,
            "color_scheme_id": 1,
            "projects_limit": 100_000,
            "current_sign_in_at": iso(person.created),
            "identities": [],
            "can_create_group": true,
            "can_create_project": true,
            "two_factor_enabled": false,
            "external": false,
            "private_profile": false,
            "commit_email": person.email,
        }),
    );
    if let Value::Object(map) = &mut row {
        if admin {
            map.insert("is_admin".to_owned(), person.admin.into());
            map.insert("note".to_owned(), Value::Null);
            map.insert("namespace_id".to_owned(), namespace_id(person.id).into());
            map.insert("created_by".to_owned(), Value::Null);
        } else {
            map.remove("is_followed");
        }
    }
    row
}

/// The id of a person's own namespace; groups and namespaces share one sequence in GitLab, so these lie far above.
pub(crate) fn namespace_id(person: u64) -> u64 {
    10_000_000 + person
}

/// `{id, name, path, kind, full_path, parent_id, avatar_url, web_url}`.
fn namespace(app: &App, project: &Project) -> Value {
    match project.namespace {
        Namespace::Group(id) => match app.world.group(id) {
            Some(group) => json!({
                "id": group.id,
                "name": group.name,
                "path": group.slug(),
                "kind": "group",
                "full_path": group.path,
                "parent_id": group.parent,
                "avatar_url": null,
                "web_url": format!("{}/groups/{}", app.url, group.path),
            }),
            None => Value::Null,
        },
        Namespace::User(id) => match app.world.person(id) {
            Some(person) => json!({
                "id": namespace_id(person.id),
                "name": person.name,
                "path": person.username,
                "kind": "user",
                "full_path": person.username,
                "parent_id": null,
                "avatar_url": null,
                "web_url": format!("{}/{}", app.url, person.username),
            }),
            None => Value::Null,
        },
    }
}

/// `Sandrill / Checkout / payments-api`.
pub(crate) fn name_with_namespace(app: &App, project: &Project) -> String {
    let front = match project.namespace {
        Namespace::Group(id) => app.world.group(id).map(|group| full_name(app, &group)),
        Namespace::User(id) => app.world.person(id).map(|person| person.name.clone()),
    };
    format!("{} / {}", front.unwrap_or_default(), project.name)
}

/// `Sandrill / Checkout`.
pub(crate) fn full_name(app: &App, group: &Group) -> String {
    let mut names: Vec<String> =
        app.world.lineage(group.id).into_iter().filter_map(|id| app.world.group(id)).map(|g| g.name.clone()).collect();
    names.reverse();
    names.join(" / ")
}

fn project_identity(app: &App, project: &Project) -> Value {
    json!({
        "id": project.id,
        "description": project.description,
        "name": project.name,
        "name_with_namespace": name_with_namespace(app, project),
        "path": project.slug(),
        "path_with_namespace": project.path,
        "created_at": iso(project.created),
    })
}

/// The basic row: anonymous callers, `simple=true`, and the source of a fork.
pub(crate) fn project_basic(app: &App, viewer: &Viewer, project: &Project) -> Value {
    let mut row = project_identity(app, project);
    let web = format!("{}/{}", app.url, project.path);
    let host = app.url.split_once("://").map_or(app.url.as_str(), |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host);
    let Value::Object(map) = &mut row else { return row };
    let mut set = |name: &str, value: Value| map.insert(name.to_owned(), value);
    let code = viewer.reads_code(&app.world, project);
    if code {
        let branch = app.default_branch(project);
        set("default_branch", branch.clone().into());
        set("readme_url", app.readme(project, branch.as_deref()).into());
        set("forks_count", app.forks(project.id).into());
    }
    set("tag_list", json!(project.topics));
    set("topics", json!(project.topics));
    set("ssh_url_to_repo", format!("git@{host}:{}.git", project.path).into());
    set("http_url_to_repo", format!("{web}.git").into());
    set("web_url", web.into());
    set("avatar_url", Value::Null);
    set("star_count", 0.into());
    set("last_activity_at", iso(project.last_activity).into());
    set("visibility", project.visibility.word().into());
    set("namespace", namespace(app, project));
    row
}

/// The full row, for a known caller. `single` adds what only `GET /projects/:id` computes.
pub(crate) fn project(app: &App, viewer: &Viewer, project: &Project) -> Value {
    let base = project_basic(app, viewer, project);
    let mut row = merge(base, settings::of(app, project));
    let level = viewer.level(&app.world, project.id);
    if let Value::Object(map) = &mut row {
        if let Namespace::User(id) = project.namespace
            && let Some(person) = app.world.person(id)
        {
            map.insert("owner".to_owned(), user_basic(app, &person));
        }
        if let Some(source) = project.forked_from.and_then(|id| app.world.project(id))
            && viewer.sees(&app.world, &source)
        {
            map.insert("forked_from_project".to_owned(), project_basic(app, viewer, &source));
            map.insert("mr_default_target_self".to_owned(), false.into());
        }
        if level >= level::MAINTAINER {
            settings::for_maintainers(map);
        }
        let own = viewer.id().map_or(0, |user| app.world.own_level(user, project.id));
        let group = match (viewer.id(), project.namespace) {
            (Some(user), Namespace::Group(group)) => app.world.group_level(user, group),
            _ => 0,
        };
        let access = |level: u8| match level {
            0 => Value::Null,
            level => json!({ "access_level": level, "notification_level": 3 }),
        };
        let permissions = json!({ "project_access": access(own), "group_access": access(group) });
        map.insert("permissions".to_owned(), permissions);
    }
    row
}

/// A group's row.
pub(crate) fn group(app: &App, group: &Group) -> Value {
    json!({
        "id": group.id,
        "web_url": format!("{}/groups/{}", app.url, group.path),
        "name": group.name,
        "path": group.slug(),
        "description": group.description,
        "visibility": group.visibility.word(),
        "share_with_group_lock": false,
        "require_two_factor_authentication": false,
        "two_factor_grace_period": 48,
        "project_creation_level": "developer",
        "auto_devops_enabled": null,
        "subgroup_creation_level": "maintainer",
        "emails_disabled": false,
        "emails_enabled": true,
        "mentions_disabled": null,
        "lfs_enabled": true,
        "math_rendering_limits_enabled": true,
        "lock_math_rendering_limits_enabled": false,
        "default_branch": null,
        "default_branch_protection": 2,
        "default_branch_protection_defaults": {
            "allowed_to_push": [{ "access_level": 40 }],
            "allow_force_push": false,
            "allowed_to_merge": [{ "access_level": 40 }],
            "developer_can_initial_push": false,
        },
        "avatar_url": null,
        "request_access_enabled": true,
        "full_name": full_name(app, group),
        "full_path": group.path,
        "created_at": iso(group.created),
        "parent_id": group.parent,
        "organization_id": 1,
        "archived": false,
        "marked_for_deletion_on": null,
        "shared_runners_setting": "enabled",
    })
}

/// A member's row.
pub(crate) fn member(app: &App, person: &Person, member: &Member) -> Value {
    let creator = app.world.person(1).map(|administrator| user_basic(app, &administrator));
    merge(
        user_basic(app, person),
        json!({
            "access_level": member.level,
            "created_at": iso(member.created),
            "created_by": creator,
            "expires_at": member.expires.map(date),
            "group_saml_identity": null,
            "membership_state": "active",
        }),
    )
}

/// A commit's row.
pub(crate) fn commit(app: &App, project: &Project, commit: &Commit) -> Value {
    json!({
        "id": commit.oid.to_string(),
        "short_id": commit.oid.short(),
        "created_at": iso_offset(commit.committer.at),
        "parent_ids": commit.parents.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "title": commit.title(),
        "message": commit.message,
        "author_name": commit.author.name,
        "author_email": commit.author.email,
        "authored_date": iso_offset(commit.author.at),
        "committer_name": commit.committer.name,
        "committer_email": commit.committer.email,
        "committed_date": iso_offset(commit.committer.at),
        "trailers": {},
        "extended_trailers": {},
        "web_url": format!("{}/{}/-/commit/{}", app.url, project.path, commit.oid),
    })
}

/// A commit's row with `stats`.
pub(crate) fn commit_with_stats(app: &App, project: &Project, repo: &Repo, found: &Commit) -> Value {
    let (additions, deletions) = diff::line_counts(repo, found);
    let stats = json!({ "additions": additions, "deletions": deletions, "total": additions + deletions });
    merge(commit(app, project, found), json!({ "stats": stats }))
}

/// A commit as `GET …/commits/:sha` answers it.
pub(crate) fn commit_detail(app: &App, project: &Project, repo: &Repo, found: &Commit, stats: bool) -> Value {
    let base = if stats { commit_with_stats(app, project, repo, found) } else { commit(app, project, found) };
    merge(base, json!({ "status": null, "project_id": project.id, "last_pipeline": null }))
}

/// A branch's row.
pub(crate) fn branch(app: &App, viewer: &Viewer, project: &Project, repo: &Repo, name: &str, tip: &Commit) -> Value {
    let default = repo.root_ref().as_deref() == Some(name);
    let level = viewer.level(&app.world, project.id);
    let need = if default { level::MAINTAINER } else { level::DEVELOPER };
    json!({
        "name": name,
        "commit": commit(app, project, tip),
        "merged": false,
        "protected": default,
        "developers_can_push": false,
        "developers_can_merge": false,
        "can_push": level >= need,
        "default": default,
        "web_url": format!("{}/{}/-/tree/{name}", app.url, project.path),
    })
}

/// A project is found by its name, path or description; with `namespaces` by its full path too.
pub(crate) fn found(project: &Project, word: &str, namespaces: bool) -> bool {
    project.name.to_lowercase().contains(word)
        || project.slug().to_lowercase().contains(word)
        || project.description.as_ref().is_some_and(|text| text.to_lowercase().contains(word))
        || (namespaces && project.path.to_lowercase().contains(word))
}

//! The body of a push event, as GitLab documents it.

use serde_json::{Value, json};

use crate::app::App;
use crate::clock::iso_seconds;
use crate::hooks::Push;
use crate::repo::edit;
use crate::repo::object::Oid;
use crate::rest::rows;
use crate::world::model::Project;

/// Commits shown in a push payload.
const COMMITS_SHOWN: usize = 20;

impl App {
    /// The body of a push event; `None` where the project or user has gone.
    pub(crate) fn push_payload(&self, push: &Push) -> Option<Value> {
        let project = self.world.project(push.project)?;
        let user = self.world.person(push.user)?;
        let repo = self.repos.read(&self.world, &project);
        let tag = push.reference.starts_with("refs/tags/");
        let (commits, total) = if tag || push.after == Oid::ZERO {
            (Vec::new(), 0)
        } else {
            edit::pushed(&repo, push.before, push.after, COMMITS_SHOWN)
        };
        let web = format!("{}/{}", self.url, project.path);
        let rows: Vec<Value> = commits
            .iter()
            .map(|(commit, changes)| {
                json!({
                    "id": commit.oid.to_string(),
                    "message": commit.message,
                    "title": commit.title(),
                    "timestamp": iso_seconds(commit.committer.at),
                    "url": format!("{web}/-/commit/{}", commit.oid),
                    "author": { "name": commit.author.name, "email": commit.author.email },
                    "added": changes.added,
                    "modified": changes.modified,
                    "removed": changes.removed,
                })
            })
            .collect();
        let word = if tag { "tag_push" } else { "push" };
        let checkout = (push.after != Oid::ZERO).then(|| push.after.to_string());
        Some(json!({
            "object_kind": word,
            "event_name": word,
            "before": push.before.to_string(),
            "after": push.after.to_string(),
            "ref": push.reference,
            "ref_protected": push.reference == format!("refs/heads/{}", project.default_branch),
            "checkout_sha": checkout,
            "message": null,
            "user_id": user.id,
            "user_name": user.name,
            "user_username": user.username,
            "user_email": user.email,
            "user_avatar": null,
            "project_id": project.id,
            "project": project_block(self, &project),
            "commits": rows,
            "total_commits_count": total,
            "push_options": {},
            "repository": {
                "name": project.name,
                "url": format!("{web}.git"),
                "description": project.description,
                "homepage": web,
                "git_http_url": format!("{web}.git"),
                "git_ssh_url": format!("git@sandbox.example:{}.git", project.path),
                "visibility_level": visibility_level(&project),
            },
        }))
    }
}

fn visibility_level(project: &Project) -> u8 {
    match project.visibility.word() {
        "public" => 20,
        "internal" => 10,
        _ => 0,
    }
}

fn project_block(app: &App, project: &Project) -> Value {
    let web = format!("{}/{}", app.url, project.path);
    let namespace = rows::name_with_namespace(app, project);
    let namespace = namespace.rsplit(" / ").nth(1).unwrap_or_default().to_owned();
    json!({
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "web_url": web,
        "avatar_url": null,
        "git_ssh_url": format!("git@sandbox.example:{}.git", project.path),
        "git_http_url": format!("{web}.git"),
        "namespace": namespace,
        "visibility_level": visibility_level(project),
        "path_with_namespace": project.path,
        "default_branch": project.default_branch,
        "ci_config_path": null,
        "homepage": web,
        "url": format!("{web}.git"),
        "ssh_url": format!("git@sandbox.example:{}.git", project.path),
        "http_url": format!("{web}.git"),
    })
}

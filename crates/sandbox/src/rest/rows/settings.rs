//! The settings of a project's full row. None of them can be changed here.

use serde_json::{Map, Value, json};

use super::merge;
use crate::app::App;
use crate::clock::iso;
use crate::world::model::{Namespace, Project};

/// What everyone who sees the project sees of its settings.
pub(super) fn of(app: &App, project: &Project) -> Value {
    let api = format!("{}/api/v4/projects/{}", app.url, project.id);
    let creator = match project.namespace {
        Namespace::User(id) => id,
        Namespace::Group(_) => 1,
    };
    let row = json!({
        "_links": {
            "self": api,
            "issues": format!("{api}/issues"),
            "merge_requests": format!("{api}/merge_requests"),
            "repo_branches": format!("{api}/repository/branches"),
            "labels": format!("{api}/labels"),
            "events": format!("{api}/events"),
            "members": format!("{api}/members"),
            "cluster_agents": format!("{api}/cluster_agents"),
        },
        "container_registry_image_prefix": format!("registry.{}/{}", "sandbox.example", project.path),
        "packages_enabled": true,
        "empty_repo": app.is_empty(project),
        "archived": project.archived,
        "resolve_outdated_diff_discussions": false,
        "repository_object_format": "sha1",
        "issues_enabled": true,
        "merge_requests_enabled": true,
        "wiki_enabled": true,
        "jobs_enabled": true,
        "snippets_enabled": true,
        "container_registry_enabled": true,
        "service_desk_enabled": false,
        "service_desk_address": null,
        "can_create_merge_request_in": true,
    });
    // In two parts, because the macro recurses on every field.
    let more = json!({
        "emails_disabled": false,
        "emails_enabled": true,
        "shared_runners_enabled": true,
        "lfs_enabled": true,
        "creator_id": creator,
        "import_url": null,
        "import_type": null,
        "import_status": "none",
        "open_issues_count": 0,
        "description_html": project.description.clone().unwrap_or_default(),
        "updated_at": iso(project.last_activity),
        "ci_config_path": "",
        "public_jobs": true,
        "shared_with_groups": [],
        "only_allow_merge_if_pipeline_succeeds": false,
        "allow_merge_on_skipped_pipeline": null,
        "request_access_enabled": true,
        "only_allow_merge_if_all_discussions_are_resolved": false,
        "remove_source_branch_after_merge": true,
        "printing_merge_request_link_enabled": true,
        "merge_method": "merge",
        "squash_option": "default_off",
        "enforce_auth_checks_on_uploads": true,
        "suggestion_commit_message": null,
        "merge_commit_template": null,
        "squash_commit_template": null,
        "issue_branch_template": null,
        "warn_about_potentially_unwanted_characters": true,
        "autoclose_referenced_issues": true,
        "marked_for_deletion_at": null,
        "marked_for_deletion_on": null,
    });
    let mut row = merge(row, more);
    if let Value::Object(map) = &mut row {
        for name in ACCESS_LEVELS {
            let word = if name == "pages" { "private" } else { "enabled" };
            map.insert(format!("{name}_access_level"), word.into());
        }
    }
    row
}

const ACCESS_LEVELS: [&str; 18] = [
    "issues",
    "repository",
    "merge_requests",
    "forking",
    "wiki",
    "builds",
    "snippets",
    "pages",
    "analytics",
    "container_registry",
    "security_and_compliance",
    "releases",
    "environments",
    "feature_flags",
    "infrastructure",
    "monitor",
    "model_experiments",
    "model_registry",
];

/// What only those see who administer it.
pub(super) fn for_maintainers(map: &mut Map<String, Value>) {
    let settings = json!({
        "ci_default_git_depth": 20,
        "ci_forward_deployment_enabled": true,
        "ci_forward_deployment_rollback_allowed": true,
        "ci_job_token_scope_enabled": false,
        "ci_separated_caches": true,
        "ci_allow_fork_pipelines_to_run_in_parent_project": true,
        "ci_id_token_sub_claim_components": ["project_path", "ref_type", "ref"],
        "build_git_strategy": "fetch",
        "keep_latest_artifact": true,
        "restrict_user_defined_variables": true,
        "ci_pipeline_variables_minimum_override_role": "developer",
        "runner_token_expiration_interval": null,
        "group_runners_enabled": true,
        "auto_cancel_pending_pipelines": "enabled",
        "build_timeout": 3600,
        "auto_devops_enabled": false,
        "auto_devops_deploy_strategy": "continuous",
        "ci_push_repository_for_job_token_allowed": false,
    });
    if let Value::Object(settings) = settings {
        map.extend(settings);
    }
}

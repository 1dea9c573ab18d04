//! Sections without an equivalent, and catalog files that were registered one by one.

use serde_json::Value;

use super::{Notes, host::Host};

/// Addresses of files in a GitLab that the file knows.
pub(super) fn locations(value: Option<Value>, hosts: &[Host], notes: &mut Notes) -> Vec<String> {
    let entries = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            notes.say("catalog.locations", "is no list, so nothing of it was read");
            Vec::new()
        }
    };
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("catalog.locations[{index}]");
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let target = text("target");
        match text("type") {
            "url" if target.is_empty() => notes.say(&path, "has no target"),
            "url" if hosts.iter().any(|host| below(target, &host.url)) => {
                notes.say(
                    &path,
                    format!(
                        "{target} is registered once the server runs; a file that discovery finds needs no registration"
                    ),
                );
                found.push(target.to_owned());
            }
            "url" => notes.say(&path, format!("{target} is in no GitLab of this file")),
            "file" => {
                notes.say(&path, format!("{target} is a file of that machine; put it into a project and it is found"))
            }
            "gitlab-discovery" => notes.say(
                &path,
                format!(
                    "{target}: name the group in `discovery.groups` of the connection, the file in `discovery.file`"
                ),
            ),
            "" => notes.say(&path, "has no type"),
            other => notes.say(&path, format!("the type {other} is not known here")),
        }
        if entry.get("rules").is_some() {
            notes.say(format!("{path}.rules"), catalog("rules"));
        }
    }
    found
}

fn below(target: &str, url: &str) -> bool {
    target.strip_prefix(url.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

pub(super) fn provider(name: &str) -> &'static str {
    match name {
        "gitlabOrg" | "gitlab-org" => "people and groups are read by the connection itself, with `discovery.people`",
        _ => "only GitLab is read",
    }
}

pub(super) fn catalog(name: &str) -> &'static str {
    match name {
        "rules" => "every kind is taken from every project; what a project claims is shown with it",
        "processors" | "processingInterval" | "processing" | "stitchingStrategy" => {
            "there is no processing loop; how often is read is said with `catalog.intervalSeconds`"
        }
        "orphanStrategy" | "orphanProviderStrategy" => "what is listed no more stays, marked, until its file is gone",
        "import" => "files are found where they are; nothing is registered by a merge request",
        "readonly" => "who may register locations is decided by the rules of Stagedoor",
        _ => "has no equivalent",
    }
}

pub(super) fn top(name: &str) -> &'static str {
    match name {
        "app" => "the address for browsers is `publicUrl`; the rest of it has no equivalent",
        "backend" => "where to listen is `listen`, the database `database`; the rest of it has no equivalent",
        "auth" | "permission" => "there is no sign-on yet: the server listens on loopback only",
        "organization" => "has no equivalent",
        "techdocs" | "scaffolder" | "search" | "kubernetes" | "proxy" => {
            "is no part of the catalog and has no equivalent yet"
        }
        "gitlab" => "belongs to a plugin and has no equivalent",
        _ => "has no equivalent",
    }
}

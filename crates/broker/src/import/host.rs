//! `integrations.gitlab[]`, and which connections come of them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Connection, Notes, TokenPlace, object,
    provider::Wanted,
    token::{self, has_variable},
};

/// One GitLab that the file knows.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) host: String,
    pub(super) url: String,
    token: TokenPlace,
}

pub(super) fn read(value: Option<Value>, notes: &mut Notes) -> Vec<Host> {
    let entries = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            notes.say("integrations.gitlab", "is no list, so nothing of it was read");
            Vec::new()
        }
    };
    entries.into_iter().enumerate().filter_map(|(index, entry)| one(index, entry, notes)).collect()
}

fn one(index: usize, entry: Value, notes: &mut Notes) -> Option<Host> {
    let path = format!("integrations.gitlab[{index}]");
    let mut entry = object(Some(entry), &path, notes);
    let mut text = |name: &str| match entry.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (host, base, api) = (text("host"), text("baseUrl"), text("apiBaseUrl"));
    let Some(host) = host else {
        notes.say(format!("{path}.host"), "is missing, so nothing of this entry was taken over");
        return None;
    };
    if has_variable(&host) {
        notes.say(format!("{path}.host"), format!("is {host}, from the environment; write the address in `url`"));
    }
    let of_api = api.as_deref().map(|api| root_of(api).to_owned());
    if let (Some(base), Some(of_api)) = (&base, &of_api)
        && base.trim_end_matches('/') != of_api
    {
        let why =
            format!("is not below baseUrl; {} is used, under which /api/v4 must answer", base.trim_end_matches('/'));
        notes.say(format!("{path}.apiBaseUrl"), why);
    }
    let url =
        base.map(|base| base.trim_end_matches('/').to_owned()).or(of_api).unwrap_or_else(|| format!("https://{host}"));
    let token =
        token::place(entry.remove("token"), &format!("{path}.token"), &format!("{}-token", name_of(&host)), notes);
    for name in entry.keys() {
        let why = match name.as_str() {
            "commitSigningKey" => "commits are not signed by Stagedoor",
            _ => "is not known and was not taken over",
        };
        notes.say(format!("{path}.{name}"), why);
    }
    Some(Host { host, url, token })
}

/// `https://host/prefix` of `https://host/prefix/api/v4`.
fn root_of(api: &str) -> &str {
    let api = api.trim_end_matches('/');
    api.strip_suffix("/api/v4").unwrap_or(api).trim_end_matches('/')
}

/// One connection for each GitLab, or several where its providers cannot be said as one.
pub(super) fn connections(hosts: Vec<Host>, wanted: Vec<Wanted>, notes: &mut Notes) -> Vec<Connection> {
    let mut names = BTreeSet::new();
    let mut connections = Vec::new();
    let mut left = wanted;
    let mut hosts = hosts;
    for wanted in &left {
        if !hosts.iter().any(|host| same(&host.host, &wanted.host)) {
            let path = format!("catalog.providers.gitlab.{}.host", wanted.id);
            let file = format!("{}-token", name_of(&wanted.host));
            notes.say(
                &path,
                format!(
                    "{} has no entry in integrations.gitlab; put a token with read_api into the file {file}",
                    wanted.host
                ),
            );
            hosts.push(Host {
                host: wanted.host.clone(),
                url: format!("https://{}", wanted.host),
                token: TokenPlace::File(file),
            });
        }
    }
    for host in hosts {
        let (here, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|wanted| same(&wanted.host, &host.host));
        left = others;
        let merged = merge(here, notes);
        if merged.is_empty() {
            notes.say(
                format!("integrations.gitlab {}", host.host),
                "no provider reads it; here a connection reads everything its token's user is a member of: narrow it with `discovery.groups`, or leave it out",
            );
            let name = unique(name_of(&host.host), &mut names);
            connections.push(Connection {
                name,
                url: host.url,
                token: host.token,
                discovery: model::Discovery::default(),
            });
            continue;
        }
        let several = merged.len() > 1;
        if several {
            notes.say(
                format!("catalog.providers.gitlab on {}", host.host),
                "these providers differ in more than their group, so each is a connection of its own; a project that two of them find claims its names twice",
            );
        }
        for wanted in merged {
            let name = if several && wanted.id != "default" { name_of(&wanted.id) } else { name_of(&host.host) };
            connections.push(Connection {
                name: unique(name, &mut names),
                url: host.url.clone(),
                token: host.token.clone(),
                discovery: wanted.discovery,
            });
        }
    }
    connections
}

/// Providers that differ only in group, exclusions and people are one: the union of what they find.
fn merge(wanted: Vec<Wanted>, notes: &mut Notes) -> Vec<Wanted> {
    let mut merged: Vec<Wanted> = Vec::new();
    for next in wanted {
        let Some(known) = merged.iter_mut().find(|known| are_one(known, &next)) else {
            merged.push(next);
            continue;
        };
        notes.say(
            format!("catalog.providers.gitlab.{}", next.id),
            format!("is read by the same connection as {}, which finds what both of them found", known.id),
        );
        let discovery = &mut known.discovery;
        // Without a group everything is meant, which holds the others.
        if discovery.groups.is_empty() || next.discovery.groups.is_empty() {
            discovery.groups.clear();
        } else {
            discovery.groups.extend(next.discovery.groups);
            discovery.groups.dedup();
        }
        for path in next.discovery.exclude {
            if !discovery.exclude.contains(&path) {
                discovery.exclude.push(path);
            }
        }
        if next.discovery.people.read {
            discovery.people = next.discovery.people;
        }
    }
    merged
}

fn are_one(a: &Wanted, b: &Wanted) -> bool {
    let bare = |wanted: &Wanted| {
        let mut discovery = wanted.discovery.clone();
        discovery.groups.clear();
        discovery.exclude.clear();
        discovery.people = model::People::default();
        discovery
    };
    let (people_a, people_b) = (&a.discovery.people, &b.discovery.people);
    bare(a) == bare(b) && (!people_a.read || !people_b.read || people_a == people_b)
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// A legal connection name: `yourProviderId` is `your-provider-id`, `gitlab.example.com` is `gitlab-example-com`.
fn name_of(text: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            name.push('-');
        }
        name.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
        before = c;
    }
    let name: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = name.join("-").chars().take(50).collect();
    match name.trim_matches('-') {
        "" => "gitlab".to_owned(),
        name => name.to_owned(),
    }
}

fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut unique = name.clone();
    let mut number = 1;
    while !taken.insert(unique.clone()) {
        number += 1;
        unique = format!("{name}-{number}");
    }
    unique
}

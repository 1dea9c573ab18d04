//! `catalog.providers.gitlab.<id>`: which option becomes what.

use model::{Discovery, People};
use serde_json::{Map, Value};

use super::{Notes, object, token::has_variable};

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) host: String,
    pub(super) discovery: Discovery,
}

/// Older files have one provider without an id: its options stand where ids do.
pub(super) fn read(value: Option<Value>, notes: &mut Notes) -> Vec<Wanted> {
    const PATH: &str = "catalog.providers.gitlab";
    let providers = object(value, PATH, notes);
    if providers.get("host").is_some_and(Value::is_string) {
        return one("default", PATH, providers, notes).into_iter().collect();
    }
    let mut found = Vec::new();
    for (id, options) in providers {
        let path = format!("{PATH}.{id}");
        let options = object(Some(options), &path, notes);
        found.extend(one(&id, &path, options, notes));
    }
    found
}

fn one(id: &str, path: &str, options: Map<String, Value>, notes: &mut Notes) -> Option<Wanted> {
    let mut options = Options { path, options, notes };
    let Some(host) = options.text("host") else {
        options.say("host", "is missing, so nothing of this provider was taken over");
        return None;
    };
    let group = options.text("group").map(|group| group.trim_matches('/').to_owned()).filter(|group| !group.is_empty());
    let mut exclude = options.list("excludeRepos");
    exclude.extend(options.list("excludeGroups"));
    let topics = options.list("topics");
    let branch = options.text("branch");
    let fallback_branch = fallback(&mut options, branch.is_some());
    let discovery = Discovery {
        groups: group.clone().into_iter().collect(),
        nested: true,
        projects: options.text("projectPattern").filter(|pattern| !matches_all(pattern)).into_iter().collect(),
        exclude: exclude.iter().map(|path| path.trim_matches('/').to_owned()).collect(),
        // One text with commas there.
        topics: topics.iter().flat_map(|list| list.split(',')).map(|topic| topic.trim().to_owned()).collect(),
        archived: options.flag("includeArchivedRepos").unwrap_or(false),
        forks: !options.flag("skipForkedRepos").unwrap_or(false),
        // There, everything of the group or the instance unless it says otherwise; here the other way round.
        membership: options.flag("membership").unwrap_or(false),
        branch,
        fallback_branch,
        file: options.text("entityFilename").filter(|file| file != "catalog-info.yaml"),
        people: people(&mut options, group.as_deref()),
    };
    if discovery.groups.is_empty() && !discovery.membership {
        options.say("group", "is not given: as there, everything that the token reaches is read (`membership: false`)");
    }
    options.rest();
    Some(Wanted { id: id.to_owned(), host, discovery })
}

fn fallback(options: &mut Options<'_>, has_branch: bool) -> Option<String> {
    let fallback = options.text("fallbackBranch")?;
    if has_branch {
        options.say(
            "fallbackBranch",
            "here it is read in projects that do not have `branch`; there it is not used beside `branch`",
        );
        return Some(fallback);
    }
    options.say(
        "fallbackBranch",
        "is not needed: without `branch` each project's default branch is read, and a project without one is empty",
    );
    None
}

fn people(options: &mut Options<'_>, group: Option<&str>) -> People {
    let read = options.flag("orgEnabled").unwrap_or(false);
    let groups: Vec<String> =
        options.list("groupPattern").into_iter().filter(|pattern| !matches_all(pattern)).collect();
    let users: Vec<String> = options.text("userPattern").filter(|pattern| !matches_all(pattern)).into_iter().collect();
    if !groups.is_empty() {
        options.say(
            "groupPattern",
            "here it says which groups become entities; there it also narrows projects to those below matching groups, for which `projects` may be used",
        );
    }
    if !users.is_empty() {
        options.say("userPattern", "is tested on user names here, on mail addresses there");
    }
    let restrict = options.flag("restrictUsersToGroup").unwrap_or(false);
    if restrict && group.is_none() {
        options.say("restrictUsersToGroup", "does nothing without `group`");
    }
    let relations = options.list("relations");
    for relation in relations.iter().filter(|name| !matches!(name.as_str(), "DIRECT" | "INHERITED")) {
        options.say("relations", format!("{relation} has no equivalent; direct and inherited members are known"));
    }
    let inherited = options.flag("allowInherited").unwrap_or(false) || relations.iter().any(|name| name == "INHERITED");
    People { read, groups, users, restrict_to: group.filter(|_| restrict).map(str::to_owned), inherited }
}

/// What a pattern is when none is meant.
fn matches_all(pattern: &str) -> bool {
    matches!(pattern, "" | ".*" | "^.*$" | "[\\s\\S]*" | ".+")
}

/// Options that are taken out one by one, so that what is left can be named.
struct Options<'a> {
    path: &'a str,
    options: Map<String, Value>,
    notes: &'a mut Notes,
}

impl Options<'_> {
    fn say(&mut self, name: &str, why: impl std::fmt::Display) {
        self.notes.say(format!("{}.{name}", self.path), why);
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.options.remove(name)? {
            Value::Null => None,
            Value::String(text) => {
                if has_variable(&text) {
                    self.say(name, format!("is {text}, from the environment; write its value"));
                }
                Some(text)
            }
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.say(name, "is no text, so it was not taken over");
                None
            }
        }
    }

    /// Numbers and booleans may also stand in quotes there.
    fn flag(&mut self, name: &str) -> Option<bool> {
        match self.options.remove(name)? {
            Value::Null => None,
            Value::Bool(flag) => Some(flag),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => {
                self.say(name, "is neither true nor false, so it was not taken over");
                None
            }
        }
    }

    /// One text or a list of them.
    fn list(&mut self, name: &str) -> Vec<String> {
        match self.options.remove(name) {
            Some(Value::Array(items)) => {
                let mut texts = Vec::new();
                for item in items {
                    match item {
                        Value::String(text) => texts.push(text),
                        _ => self.say(name, "has an entry that is no text, so that one was not taken over"),
                    }
                }
                texts
            }
            Some(other) => {
                self.options.insert(name.to_owned(), other);
                self.text(name).into_iter().collect()
            }
            None => Vec::new(),
        }
    }

    fn rest(self) {
        for name in self.options.keys() {
            let why = match name.as_str() {
                "schedule" => {
                    "is said once for all connections, with `catalog.intervalSeconds` and `catalog.pollSeconds`; webhooks make it unnecessary"
                }
                "useSearch" => "is not needed: projects and their files are read in the same request",
                "includeUsersWithoutSeat" => "has no equivalent: people are read whether they have a seat or not",
                "catalogFile" => "is not read there either; the name of catalog files is `entityFilename`",
                "rules" => super::sections::catalog("rules"),
                _ => "is not known and was not taken over",
            };
            self.notes.say(format!("{}.{name}", self.path), why);
        }
    }
}

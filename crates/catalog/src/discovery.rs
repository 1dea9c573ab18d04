//! What of a GitLab becomes part of the catalog: [`model::Discovery`] compiled, and what it would find.

mod pattern;
mod preview;

use gitlab::{Listing, Scope};
use model::Discovery;

pub use preview::{Preview, preview};

use pattern::Patterns;

/// One value of a [`Discovery`] that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryFault {
    /// Where it stands, as a JSON pointer: `/projects/0`.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// A [`Discovery`] that can be followed.
#[derive(Debug, Clone)]
pub struct Rules {
    discovery: Discovery,
    /// Full paths of the groups to list, lower-case, none below another that brings it along.
    trees: Vec<String>,
    projects: Patterns,
    exclude: Vec<String>,
    groups: Patterns,
    users: Patterns,
}

/// What discovery looks at of a project.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) path: &'a str,
    pub(crate) archived: bool,
    pub(crate) topics: &'a [String],
    pub(crate) forked: bool,
}

impl<'a> Candidate<'a> {
    pub(crate) fn of(project: &'a gitlab::Project) -> Self {
        Self {
            path: &project.path,
            archived: project.archived,
            topics: &project.topics,
            forked: project.forked.unwrap_or(false),
        }
    }
}

impl Rules {
    /// Reads a discovery.
    ///
    /// # Errors
    /// Every value that cannot be used, in order.
    pub fn compile(discovery: &Discovery) -> Result<Self, Vec<DiscoveryFault>> {
        let mut faults = Vec::new();
        let mut paths = |name: &str, paths: &[String]| -> Vec<String> {
            let mut read =
                |(at, text): (usize, &String)| path(&format!("/{name}/{at}"), text).map_err(|f| faults.push(f));
            paths.iter().enumerate().filter_map(|pair| read(pair).ok()).collect()
        };
        let groups = paths("groups", &discovery.groups);
        let exclude = paths("exclude", &discovery.exclude);
        let restrict_to = discovery.people.restrict_to.as_deref();
        faults.extend(restrict_to.and_then(|text| path("/people/restrictTo", text).err()));
        for (pointer, text) in [("/branch", &discovery.branch), ("/fallbackBranch", &discovery.fallback_branch)] {
            faults.extend(text.as_deref().and_then(|text| branch(pointer, text)));
        }
        faults.extend(discovery.file.as_deref().and_then(file));
        let rules = Self {
            trees: trees(&groups, discovery.nested),
            projects: Patterns::compile("/projects", &discovery.projects, &mut faults),
            exclude,
            groups: Patterns::compile("/people/groups", &discovery.people.groups, &mut faults),
            users: Patterns::compile("/people/users", &discovery.people.users, &mut faults),
            discovery: discovery.clone(),
        };
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    /// The lists that name every project of this discovery, and more where GitLab cannot leave them out.
    pub(crate) fn listings(&self) -> Vec<Listing<'_>> {
        self.scopes().into_iter().map(|scope| Listing { scope, ..self.listing() }).collect()
    }

    /// How a project that is asked for by its id is read. A group's list cannot be asked for ids.
    pub(crate) fn listing(&self) -> Listing<'_> {
        let member = self.discovery.membership && self.trees.is_empty();
        Listing {
            scope: if member { Scope::Member } else { Scope::Visible },
            topics: &self.discovery.topics,
            branch: self.discovery.branch.as_deref(),
            fallback_branch: self.discovery.fallback_branch.as_deref(),
            forks: !self.discovery.forks,
        }
    }

    pub(crate) fn scopes(&self) -> Vec<Scope<'_>> {
        if self.trees.is_empty() {
            return vec![if self.discovery.membership { Scope::Member } else { Scope::Visible }];
        }
        let nested = self.discovery.nested;
        self.trees.iter().map(|path| Scope::Group { path, nested }).collect()
    }

    /// Does the token's user have to be a member, so that one list names all that can be active?
    pub(crate) fn by_membership(&self) -> bool {
        self.discovery.membership
    }

    /// Is a project part of it, as far as the project itself says?
    pub(crate) fn admits(&self, project: &Candidate<'_>) -> bool {
        (self.discovery.archived || !project.archived)
            && (self.discovery.forks || !project.forked)
            && self.has_topics(project.topics)
            && self.admits_path(project.path)
    }

    /// Is a project at this path part of it, as far as its path says?
    pub(crate) fn admits_path(&self, path: &str) -> bool {
        let lower = path.to_lowercase();
        self.in_trees(lower.rsplit_once('/').map_or("", |(above, _)| above))
            && !self.excludes(&lower)
            && self.projects.admit(path)
    }

    fn excludes(&self, lower: &str) -> bool {
        self.exclude.iter().any(|excluded| lower == excluded || is_below(excluded, lower))
    }

    fn has_topics(&self, topics: &[String]) -> bool {
        let has = |wanted: &String| topics.iter().any(|topic| topic.eq_ignore_ascii_case(wanted));
        self.discovery.topics.iter().all(has)
    }

    /// Does it lie in the groups that were named? Without any, everything does. `group` is lower-case.
    fn in_trees(&self, group: &str) -> bool {
        let within = |tree: &String| group == tree || (self.discovery.nested && is_below(tree, group));
        self.trees.is_empty() || self.trees.iter().any(within)
    }

    /// Can GitLab's own lists be counted, or must each project be looked at?
    pub(crate) fn counts_locally(&self) -> bool {
        !self.projects.is_empty() || !self.exclude.is_empty() || !self.discovery.forks
    }

    /// Why nothing may have been found, and what to do.
    pub(crate) fn why_empty(&self) -> &'static str {
        if self.counts_locally() || !self.discovery.topics.is_empty() {
            "no project is left after patterns, topics and exclusions; look at what the connection should find"
        } else if !self.trees.is_empty() {
            "the groups that were named have no project that is not archived; name other groups"
        } else {
            "the token's user is a member of no project that is not archived; add it to a group as Reporter"
        }
    }

    pub(crate) fn archived(&self) -> bool {
        self.discovery.archived
    }

    /// The name of catalog files, if it is a certain one.
    pub(crate) fn file(&self) -> Option<&str> {
        self.discovery.file.as_deref()
    }

    pub(crate) fn branch(&self) -> Option<&str> {
        self.discovery.branch.as_deref()
    }

    pub(crate) fn fallback_branch(&self) -> Option<&str> {
        self.discovery.fallback_branch.as_deref()
    }

    /// Are groups and people read at all?
    pub(crate) fn reads_people(&self) -> bool {
        self.discovery.people.read
    }

    /// The tops of the group trees to read, given the top groups of the projects that were found.
    pub(crate) fn people_trees(&self, found: impl IntoIterator<Item = String>) -> Vec<String> {
        let tops: Vec<String> = if self.trees.is_empty() { found.into_iter().collect() } else { self.trees.clone() };
        tops.into_iter().filter(|top| self.groups.may_match_below(top)).collect()
    }

    /// Are the groups below those trees read, too?
    pub(crate) fn nested(&self) -> bool {
        self.trees.is_empty() || self.discovery.nested
    }

    /// Must each group be looked at?
    pub(crate) fn keeps_some_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Does a group become an entity?
    pub(crate) fn admits_group(&self, path: &str) -> bool {
        let lower = path.to_lowercase();
        self.groups.admit(path) && self.in_trees(&lower) && !self.excludes(&lower)
    }

    /// Does a person become an entity, as far as the user name says?
    pub(crate) fn admits_user(&self, username: &str) -> bool {
        self.users.admit(username)
    }

    /// The group that people must be members of, it or one below it.
    pub(crate) fn restrict_to(&self) -> Option<&str> {
        self.discovery.people.restrict_to.as_deref().map(|path| path.trim_matches('/'))
    }

    /// Does a member of a group count as one of the groups below it?
    pub(crate) fn inherits(&self) -> bool {
        self.discovery.people.inherited
    }
}

/// Is `path` somewhere below the group `above`? Both lower-case.
pub(crate) fn is_below(above: &str, path: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// Each path once, and none that another brings along.
fn trees(groups: &[String], nested: bool) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for group in groups {
        let brought = |other: &String| other != group && nested && is_below(other, group);
        if !kept.contains(group) && !groups.iter().any(brought) {
            kept.push(group.clone());
        }
    }
    kept
}

fn fault(pointer: &str, message: impl Into<String>, remedy: &str) -> DiscoveryFault {
    DiscoveryFault { pointer: pointer.to_owned(), message: message.into(), remedy: remedy.to_owned() }
}

/// A full path, lower-case and without slashes at its ends.
fn path(pointer: &str, text: &str) -> Result<String, DiscoveryFault> {
    let path = text.trim().trim_matches('/');
    if path.contains("://") {
        return Err(fault(
            pointer,
            format!("{text:?} is an address"),
            "write the full path only, for example sandrill/checkout",
        ));
    }
    let segment = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "-_.+".contains(c));
    if !path.split('/').all(segment) {
        return Err(fault(
            pointer,
            format!("{text:?} is no full path"),
            "write the path as it stands in the address of the page, for example sandrill/checkout; patterns belong into \
             projects",
        ));
    }
    Ok(path.to_lowercase())
}

/// Git's own rules for names, as far as they guard against mistakes.
fn branch(pointer: &str, text: &str) -> Option<DiscoveryFault> {
    let bad = text.is_empty()
        || text.starts_with(['-', '/'])
        || text.ends_with(['/', '.'])
        || text.contains("..")
        || text.contains(|c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c));
    bad.then(|| {
        fault(
            pointer,
            format!("{text:?} is no name of a branch"),
            "write one branch name, for example main, or leave it out",
        )
    })
}

fn file(text: &str) -> Option<DiscoveryFault> {
    let outside = text.split('/').any(|part| matches!(part, "" | "." | ".."));
    (outside || text.contains(['*', '\\']) || text.chars().any(char::is_control)).then(|| {
        fault(
            "/file",
            format!("{text:?} is no path of a file in a repository"),
            "write one path from the root, for example catalog-info.yaml or .gitlab/catalog-info.yaml",
        )
    })
}

#[cfg(test)]
mod tests;

//! What exists on the instance: people, groups, projects and the content they start with.
//!
//! Two sources answer alike: the declared world (Sandrill) and the generated estate. This room knows nothing of HTTP,
//! GraphQL or git objects. What happens later (a push) is kept beside the source, in a small overlay.

mod estate;
pub(crate) mod files;
pub(crate) mod model;
mod sandrill;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use bytes::Bytes;
use time::OffsetDateTime;

use estate::Estate;
pub(crate) use estate::mix;
use files::WorldFiles;
use model::{Group, Member, Namespace, Person, Project, WorldCommit, WorldFile, level};
use sandrill::Sandrill;

enum Source {
    Declared(Box<Sandrill>),
    Generated(Estate),
}

/// The instance's content. Ids of people, groups and projects each run from 1 without gaps.
pub(crate) struct World {
    source: Source,
    /// Last pushes of this process, by project.
    activity: RwLock<HashMap<u64, OffsetDateTime>>,
}

impl World {
    /// The declared world.
    pub(crate) fn declared(files: WorldFiles, base_url: &str) -> Result<Self> {
        Ok(Self::from(Source::Declared(Box::new(Sandrill::load(files, base_url)?))))
    }

    /// A generated estate of so many projects.
    pub(crate) fn generated(projects: u32, seed: u64) -> Self {
        Self::from(Source::Generated(Estate::new(u64::from(projects), seed)))
    }

    fn from(source: Source) -> Self {
        Self { source, activity: RwLock::default() }
    }

    /// Role to user id: owner, maintainer, developer, reporter, guest.
    pub(crate) fn roles(&self) -> BTreeMap<String, u64> {
        match &self.source {
            Source::Declared(world) => world.roles.clone(),
            Source::Generated(_) => ["owner", "maintainer", "developer", "reporter", "guest"]
                .into_iter()
                .zip(2..)
                .map(|(role, user)| (role.to_owned(), user))
                .collect(),
        }
    }

    // ── people ────────────────────────────────────────────────────────────────────────────────────────────────────

    pub(crate) fn people(&self) -> std::ops::RangeInclusive<u64> {
        1..=match &self.source {
            Source::Declared(world) => world.people.len() as u64,
            Source::Generated(estate) => estate.people(),
        }
    }

    pub(crate) fn person(&self, id: u64) -> Option<Arc<Person>> {
        match &self.source {
            Source::Declared(world) => world.people.get(index(id)?).cloned(),
            Source::Generated(estate) => estate.person(id),
        }
    }

    pub(crate) fn person_named(&self, username: &str) -> Option<Arc<Person>> {
        match &self.source {
            Source::Declared(world) => world.person_named(username).and_then(|id| self.person(id)),
            Source::Generated(estate) => estate.person_named(username),
        }
    }

    // ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────

    pub(crate) fn groups(&self) -> std::ops::RangeInclusive<u64> {
        1..=match &self.source {
            Source::Declared(world) => world.groups.len() as u64,
            Source::Generated(estate) => estate.groups(),
        }
    }

    pub(crate) fn group(&self, id: u64) -> Option<Arc<Group>> {
        match &self.source {
            Source::Declared(world) => world.groups.get(index(id)?).cloned(),
            Source::Generated(estate) => estate.group(id),
        }
    }

    pub(crate) fn group_at(&self, path: &str) -> Option<Arc<Group>> {
        let id = match &self.source {
            Source::Declared(world) => world.group_at(path),
            Source::Generated(estate) => estate.group_at(path),
        };
        id.and_then(|id| self.group(id))
    }

    fn parent(&self, group: u64) -> Option<u64> {
        match &self.source {
            Source::Declared(world) => world.groups.get(index(group)?)?.parent,
            Source::Generated(estate) => estate.parent(group),
        }
    }

    /// The group and everything above it, nearest first.
    pub(crate) fn lineage(&self, group: u64) -> Vec<u64> {
        let mut line = vec![group];
        let mut at = group;
        while let Some(parent) = self.parent(at) {
            line.push(parent);
            at = parent;
        }
        line
    }

    /// Direct children, by id.
    pub(crate) fn subgroups(&self, group: u64) -> Vec<u64> {
        match &self.source {
            Source::Declared(world) => {
                world.groups.iter().filter(|child| child.parent == Some(group)).map(|child| child.id).collect()
            }
            Source::Generated(estate) => estate.subgroups(group).collect(),
        }
    }

    /// Everything below a group, by id, without the group itself.
    pub(crate) fn descendants(&self, group: u64) -> Vec<u64> {
        let mut found = self.subgroups(group);
        let mut at = 0;
        while at < found.len() {
            let below = self.subgroups(found[at]);
            found.extend(below);
            at += 1;
        }
        found.sort_unstable();
        found
    }

    /// Direct members of a group.
    pub(crate) fn group_members(&self, group: u64) -> Vec<Member> {
        match &self.source {
            Source::Declared(world) => {
                index(group).and_then(|at| world.groups.get(at)).map(|group| group.members.clone()).unwrap_or_default()
            }
            Source::Generated(estate) => estate.members(group),
        }
    }

    /// Ids of the projects directly in a group.
    pub(crate) fn projects_in(&self, group: u64) -> Vec<u64> {
        match &self.source {
            Source::Declared(world) => world
                .projects
                .iter()
                .filter(|project| project.namespace == Namespace::Group(group))
                .map(|project| project.id)
                .collect(),
            Source::Generated(estate) => estate.projects_in(group).collect(),
        }
    }

    // ── projects ──────────────────────────────────────────────────────────────────────────────────────────────────

    pub(crate) fn projects(&self) -> std::ops::RangeInclusive<u64> {
        1..=match &self.source {
            Source::Declared(world) => world.projects.len() as u64,
            Source::Generated(estate) => estate.projects(),
        }
    }

    pub(crate) fn project(&self, id: u64) -> Option<Arc<Project>> {
        let mut project = match &self.source {
            Source::Declared(world) => world.projects.get(index(id)?).cloned(),
            Source::Generated(estate) => estate.project(id),
        }?;
        if let Some(at) = self.activity.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            Arc::make_mut(&mut project).last_activity = *at;
        }
        Some(project)
    }

    pub(crate) fn project_at(&self, path: &str) -> Option<Arc<Project>> {
        let id = match &self.source {
            Source::Declared(world) => world.project_at(path),
            Source::Generated(estate) => estate.project_at(path),
        };
        id.and_then(|id| self.project(id))
    }

    /// Moves a project's last activity; called by a push.
    pub(crate) fn touch(&self, project: u64, at: OffsetDateTime) {
        self.activity.write().unwrap_or_else(PoisonError::into_inner).insert(project, at);
    }

    /// Last activity without making the project.
    pub(crate) fn last_activity(&self, id: u64) -> OffsetDateTime {
        if let Some(at) = self.activity.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return *at;
        }
        match &self.source {
            Source::Declared(world) => index(id)
                .and_then(|at| world.projects.get(at))
                .map_or(OffsetDateTime::UNIX_EPOCH, |project| project.last_activity),
            Source::Generated(estate) => estate.activity(id),
        }
    }

    /// A key that orders projects by age without making them.
    pub(crate) fn created(&self, id: u64) -> OffsetDateTime {
        match &self.source {
            Source::Declared(world) => index(id)
                .and_then(|at| world.projects.get(at))
                .map_or(OffsetDateTime::UNIX_EPOCH, |project| project.created),
            Source::Generated(estate) => estate.created(id),
        }
    }

    /// Whether the project's repository starts without a commit.
    pub(crate) fn starts_empty(&self, id: u64) -> bool {
        match &self.source {
            Source::Declared(world) => world.history(id).is_empty(),
            Source::Generated(_) => false,
        }
    }

    /// How many projects were forked from this one.
    pub(crate) fn forks(&self, id: u64) -> usize {
        match &self.source {
            Source::Declared(world) => world.projects.iter().filter(|other| other.forked_from == Some(id)).count(),
            Source::Generated(_) => 0,
        }
    }

    /// The group a project is in, if it is in one.
    pub(crate) fn group_of(&self, project: u64) -> Option<u64> {
        match &self.source {
            Source::Declared(world) => match world.projects.get(index(project)?)?.namespace {
                Namespace::Group(group) => Some(group),
                Namespace::User(_) => None,
            },
            Source::Generated(estate) => Some(estate.group_of(project)),
        }
    }

    // ── access ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// The user's level in a group, inherited levels included; 0 for none.
    pub(crate) fn group_level(&self, user: u64, group: u64) -> u8 {
        let mut best = 0;
        for group in self.lineage(group) {
            best = best.max(self.direct_level(user, group));
        }
        best
    }

    fn direct_level(&self, user: u64, group: u64) -> u8 {
        match &self.source {
            Source::Declared(world) => index(group)
                .and_then(|at| world.groups.get(at))
                .and_then(|group| group.members.iter().find(|member| member.user == user))
                .map_or(0, |member| member.level),
            Source::Generated(estate) => estate
                .member_levels(group)
                .into_iter()
                .find(|(member, _)| *member == user)
                .map_or(0, |(_, level)| level),
        }
    }

    /// The user's direct level on the project itself.
    pub(crate) fn own_level(&self, user: u64, project: u64) -> u8 {
        match &self.source {
            Source::Declared(world) => index(project)
                .and_then(|at| world.projects.get(at))
                .and_then(|project| project.members.iter().find(|member| member.user == user))
                .map_or(0, |member| member.level),
            Source::Generated(_) => 0,
        }
    }

    /// The user's level on a project, from wherever it comes; 0 for none.
    pub(crate) fn level(&self, user: u64, project: u64) -> u8 {
        let inherited = self.group_of(project).map_or(0, |group| self.group_level(user, group));
        inherited.max(self.own_level(user, project))
    }

    /// Members of a group with those it inherits, one row a user with the highest level, and the group each row is of.
    pub(crate) fn all_group_members(&self, group: u64) -> Vec<(Member, u64)> {
        let mut seen = HashSet::new();
        let mut rows: Vec<(Member, u64)> = Vec::new();
        for group in self.lineage(group) {
            for member in self.group_members(group) {
                if seen.insert(member.user) {
                    rows.push((member, group));
                } else if let Some(row) = rows.iter_mut().find(|(row, _)| row.user == member.user)
                    && row.0.level < member.level
                {
                    *row = (member, group);
                }
            }
        }
        rows
    }

    /// Members of a project with those it inherits; the second part is the group a row comes from.
    pub(crate) fn all_project_members(&self, project: &Project) -> Vec<(Member, Option<u64>)> {
        let mut rows: Vec<(Member, Option<u64>)> =
            project.members.iter().map(|member| (member.clone(), None)).collect();
        if let Namespace::Group(group) = project.namespace {
            for (member, group) in self.all_group_members(group) {
                match rows.iter_mut().find(|(row, _)| row.user == member.user) {
                    Some(row) if row.0.level >= member.level => {}
                    Some(row) => *row = (member, Some(group)),
                    None => rows.push((member, Some(group))),
                }
            }
        }
        rows
    }

    // ── content ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// The files of the last commit, sorted by path; none for an empty repository.
    pub(crate) fn files(&self, project: u64) -> Vec<WorldFile> {
        match &self.source {
            Source::Declared(world) => world.files(project),
            Source::Generated(estate) => estate
                .paths(project)
                .into_iter()
                .filter_map(|path| {
                    let data = Bytes::from(estate.file(project, &path)?);
                    Some(WorldFile { path, executable: false, data })
                })
                .collect(),
        }
    }

    /// One file of the generated estate without its repository. The outer `None` says that the source cannot answer
    /// this way; the inner one that there is no such file.
    #[expect(clippy::option_option, reason = "not answerable and absent are different answers")]
    pub(crate) fn quick_file(&self, project: u64, path: &str) -> Option<Option<Bytes>> {
        match &self.source {
            Source::Declared(_) => None,
            Source::Generated(estate) => Some(estate.file(project, path).map(Bytes::from)),
        }
    }

    /// The commits a project starts with, oldest first; none for an empty repository.
    pub(crate) fn history(&self, project: u64) -> Vec<WorldCommit> {
        match &self.source {
            Source::Declared(world) => world.history(project).to_vec(),
            Source::Generated(estate) => estate
                .history(project)
                .into_iter()
                .filter_map(|(author, at, message)| Some(WorldCommit { author: estate.person(author)?, at, message }))
                .collect(),
        }
    }

    /// Whether a visitor with this level may read code; guests may where the code is open to everyone anyway.
    pub(crate) fn reads_code(project: &Project, user_level: u8) -> bool {
        user_level >= level::REPORTER || project.visibility != model::Visibility::Private
    }
}

fn index(id: u64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

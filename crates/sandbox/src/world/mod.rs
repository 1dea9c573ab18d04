//! What exists on the instance: people, groups, projects and the content they start with.
//!
//! Two sources answer alike: the declared world (Sandrill) and the generated estate. This room knows nothing of HTTP,
//! GraphQL or git objects. What happens later (a push) is kept beside the source, in a small overlay.

mod access;
mod estate;
pub(crate) mod files;
pub(crate) mod model;
mod overlay;
mod sandrill;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use anyhow::Result;
use bytes::Bytes;
use time::OffsetDateTime;

use estate::Estate;
pub(crate) use estate::mix;
use files::WorldFiles;
use model::{Group, Member, Namespace, Person, Project, WorldCommit, WorldFile};
pub(crate) use overlay::Seats;
use overlay::{Changes, Extras};
use sandrill::Sandrill;

enum Source {
    Declared(Box<Sandrill>),
    Generated(Estate),
}

/// The instance's content. Ids of people, groups and projects each run from 1 without gaps.
pub(crate) struct World {
    source: Source,
    extras: Extras,
    changes: RwLock<Changes>,
}

impl World {
    /// The declared world.
    pub(crate) fn declared(files: WorldFiles, base_url: &str) -> Result<Self> {
        Ok(Self::from(Source::Declared(Box::new(Sandrill::load(files, base_url)?))))
    }

    /// A generated estate of so many projects, and groups where their number is given.
    pub(crate) fn generated(projects: u32, groups: Option<u32>, seed: u64) -> Self {
        Self::from(Source::Generated(Estate::new(u64::from(projects), groups.map(u64::from), seed)))
    }

    fn changes(&self) -> RwLockReadGuard<'_, Changes> {
        self.changes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes_mut(&self) -> RwLockWriteGuard<'_, Changes> {
        self.changes.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn from(source: Source) -> Self {
        Self { source, extras: Extras::default(), changes: RwLock::default() }
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
        1..=self.source_people() + self.extras.people.len() as u64
    }

    fn source_people(&self) -> u64 {
        match &self.source {
            Source::Declared(world) => world.people.len() as u64,
            Source::Generated(estate) => estate.people(),
        }
    }

    pub(crate) fn person(&self, id: u64) -> Option<Arc<Person>> {
        if let Some(extra) = id.checked_sub(self.source_people()).filter(|extra| *extra > 0) {
            return self.extras.people.get(index(extra)?).cloned();
        }
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
        .or_else(|| self.extras.people.iter().find(|extra| extra.username.eq_ignore_ascii_case(username)).cloned())
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
        .map(|mut group| {
            let extra = self.extras.of_group(id);
            if !extra.is_empty() {
                Arc::make_mut(&mut group).members.extend_from_slice(extra);
            }
            group
        })
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
        let mut members = match &self.source {
            Source::Declared(world) => {
                index(group).and_then(|at| world.groups.get(at)).map(|group| group.members.clone()).unwrap_or_default()
            }
            Source::Generated(estate) => estate.members(group),
        };
        members.extend_from_slice(self.extras.of_group(group));
        members
    }

    /// Ids of the projects directly in a group.
    pub(crate) fn projects_in(&self, group: u64) -> Vec<u64> {
        let mut found: Vec<u64> = match &self.source {
            Source::Declared(world) => world
                .projects
                .iter()
                .filter(|project| project.namespace == Namespace::Group(group))
                .map(|project| project.id)
                .collect(),
            Source::Generated(estate) => estate.projects_in(group).collect(),
        };
        let changes = self.changes();
        if changes.places.is_empty() && changes.gone.is_empty() {
            return found;
        }
        found.retain(|id| !changes.places.contains_key(id));
        let moved = changes.places.iter().filter(|(_, place)| place.namespace == Namespace::Group(group));
        found.extend(moved.map(|(id, _)| *id));
        found.retain(|id| !changes.gone.contains(id));
        found.sort_unstable();
        found
    }

    // ── projects ──────────────────────────────────────────────────────────────────────────────────────────────────

    pub(crate) fn projects(&self) -> std::ops::RangeInclusive<u64> {
        1..=match &self.source {
            Source::Declared(world) => world.projects.len() as u64,
            Source::Generated(estate) => estate.projects(),
        }
    }

    /// A project as the source has it.
    fn source_project(&self, id: u64) -> Option<Arc<Project>> {
        match &self.source {
            Source::Declared(world) => world.projects.get(index(id)?).cloned(),
            Source::Generated(estate) => estate.project(id),
        }
    }

    pub(crate) fn project(&self, id: u64) -> Option<Arc<Project>> {
        let mut project = self.source_project(id)?;
        let extra = self.extras.of_project(id);
        if !extra.is_empty() {
            Arc::make_mut(&mut project).members.extend_from_slice(extra);
        }
        let changes = self.changes();
        if changes.gone.contains(&id) {
            return None;
        }
        if let Some(archived) = changes.archived.get(&id) {
            Arc::make_mut(&mut project).archived = *archived;
        }
        if let Some(at) = changes.activity.get(&id) {
            Arc::make_mut(&mut project).last_activity = *at;
        }
        if let Some(place) = changes.places.get(&id) {
            let project = Arc::make_mut(&mut project);
            project.path.clone_from(&place.path);
            project.namespace = place.namespace;
        }
        Some(project)
    }

    pub(crate) fn project_at(&self, path: &str) -> Option<Arc<Project>> {
        let moved = self.changes().moved_to(path);
        if let Some(id) = moved {
            return self.project(id);
        }
        let id = match &self.source {
            Source::Declared(world) => world.project_at(path),
            Source::Generated(estate) => estate.project_at(path),
        };
        // A project that has moved is no longer where the source has it.
        id.filter(|id| !self.changes().places.contains_key(id)).and_then(|id| self.project(id))
    }

    /// Moves a project's last activity; called by a push.
    pub(crate) fn touch(&self, project: u64, at: OffsetDateTime) {
        self.changes_mut().activity.insert(project, at);
    }

    /// Last activity without making the project.
    pub(crate) fn last_activity(&self, id: u64) -> OffsetDateTime {
        if let Some(at) = self.changes().activity.get(&id) {
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
        if let Some(place) = self.changes().places.get(&project) {
            return match place.namespace {
                Namespace::Group(group) => Some(group),
                Namespace::User(_) => None,
            };
        }
        match &self.source {
            Source::Declared(world) => match world.projects.get(index(project)?)?.namespace {
                Namespace::Group(group) => Some(group),
                Namespace::User(_) => None,
            },
            Source::Generated(estate) => Some(estate.group_of(project)),
        }
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
}

fn index(id: u64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

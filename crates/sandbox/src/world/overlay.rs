//! What stands beside the source: the users that only tokens need, and what has changed since the start.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::World;
use super::model::{Member, Namespace, Person, Project, UserKind, level};

/// Users beside those of the source, and their memberships. Fixed once the instance runs.
#[derive(Debug, Default)]
pub(super) struct Extras {
    pub(super) people: Vec<Arc<Person>>,
    pub(super) in_groups: HashMap<u64, Vec<Member>>,
    pub(super) in_projects: HashMap<u64, Vec<Member>>,
}

impl Extras {
    pub(super) fn of_group(&self, group: u64) -> &[Member] {
        self.in_groups.get(&group).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_project(&self, project: u64) -> &[Member] {
        self.in_projects.get(&project).map_or(&[], Vec::as_slice)
    }
}

/// Where a project that moved is now.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) namespace: Namespace,
}

/// What has changed since the start, by project.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) activity: HashMap<u64, OffsetDateTime>,
    pub(super) places: HashMap<u64, Place>,
    /// Paths, in lower case, that a project had and the source does not know of.
    pub(super) left: HashMap<String, u64>,
    pub(super) gone: BTreeSet<u64>,
    pub(super) archived: HashMap<u64, bool>,
}

impl Changes {
    /// The project that was moved to this path.
    pub(super) fn moved_to(&self, path: &str) -> Option<u64> {
        self.places.iter().find(|(_, place)| place.path.eq_ignore_ascii_case(path)).map(|(id, _)| *id)
    }
}

/// The places and users of the tokens that are no person's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seats {
    pub(crate) project: u64,
    pub(crate) project_bot: u64,
    pub(crate) group: u64,
    pub(crate) group_bot: u64,
    pub(crate) service_account: u64,
    /// A person who is a member of nothing.
    pub(crate) lonely: u64,
}

impl World {
    /// Makes the users of project, group and service account tokens, as GitLab makes them with the token: the bots are
    /// members of one project or group, the service account of the top-level group that it belongs to.
    ///
    /// The project is the first that lies in a subgroup, and the group is that subgroup, so that each of the three sees
    /// something else.
    pub(crate) fn seat(&mut self, seed: u64, host: &str) -> Seats {
        let inner = |id: &u64| self.group_of(*id).is_some_and(|group| self.parent(group).is_some());
        let mut grouped = self.projects().filter(|id| self.group_of(*id).is_some());
        let project = self.projects().find(inner).or_else(|| grouped.next()).unwrap_or(1);
        let group = self.group_of(project).unwrap_or(1);
        let top = self.lineage(group).last().copied().unwrap_or(group);
        let bot = |place: &str| {
            let digest = Sha256::digest(format!("sandbox bot {seed} {place}").as_bytes());
            format!("{place}_{}", hex::encode(&digest[..16]))
        };
        let domain = self.person(1).and_then(|root| root.email.split_once('@').map(|(_, domain)| domain.to_owned()));
        let domain = domain.unwrap_or_else(|| "sandbox.example".to_owned());
        let rows = [
            (bot(&format!("project_{project}_bot")), "sandbox project_bot", UserKind::ProjectBot),
            (bot(&format!("group_{group}_bot")), "sandbox group_bot", UserKind::ProjectBot),
            (bot(&format!("service_account_group_{top}")), "Service account user", UserKind::ServiceAccount),
            ("sam.newcomer".to_owned(), "Sam Newcomer", UserKind::Human),
        ];
        let created = self.person(1).map_or(OffsetDateTime::UNIX_EPOCH, |root| root.created);
        let first = self.people().end() + 1;
        for (id, (username, name, kind)) in (first..).zip(rows) {
            let email = match kind {
                UserKind::Human => format!("{username}@{domain}"),
                _ => format!("{username}@noreply.{host}"),
            };
            self.extras.people.push(Arc::new(Person {
                id,
                username,
                name: name.to_owned(),
                email,
                job_title: None,
                state: "active".to_owned(),
                admin: false,
                kind,
                created,
            }));
        }
        let seats = Seats {
            project,
            project_bot: first,
            group,
            group_bot: first + 1,
            service_account: first + 2,
            lonely: first + 3,
        };
        let member = |user, level| Member { user, level, created, expires: None };
        self.extras.in_projects.entry(project).or_default().push(member(seats.project_bot, level::MAINTAINER));
        self.extras.in_groups.entry(group).or_default().push(member(seats.group_bot, level::OWNER));
        self.extras.in_groups.entry(top).or_default().push(member(seats.service_account, level::MAINTAINER));
        seats
    }

    /// Renames a project or moves it to another namespace. What it was called leads to it as long as nothing else is
    /// called so.
    pub(crate) fn move_project(&self, id: u64, path: &str) -> Result<(), String> {
        let Some(project) = self.project(id) else { return Err("there is no such project".to_owned()) };
        let Some((front, slug)) = path.rsplit_once('/') else { return Err("path has no namespace".to_owned()) };
        if slug.is_empty() {
            return Err("path ends in a slash".to_owned());
        }
        if self.project_at(path).is_some_and(|other| other.id != id) || self.group_at(path).is_some() {
            return Err(format!("{path} is taken"));
        }
        let namespace = match (self.group_at(front), self.person_named(front)) {
            (Some(group), _) => Namespace::Group(group.id),
            (None, Some(person)) => Namespace::User(person.id),
            (None, None) => return Err(format!("{front} is neither a group nor a user")),
        };
        let mut changes = self.changes_mut();
        changes.left.remove(&path.to_lowercase());
        changes.left.insert(project.path.to_lowercase(), id);
        changes.places.insert(id, Place { path: path.to_owned(), namespace });
        Ok(())
    }

    /// Deletes a project, at once and for good.
    pub(crate) fn delete_project(&self, id: u64) {
        self.changes_mut().gone.insert(id);
    }

    /// A deleted project is there again, where it was.
    pub(crate) fn restore_project(&self, path: &str) -> Option<u64> {
        let gone: Vec<u64> = self.changes().gone.iter().copied().collect();
        let id = gone.into_iter().find(|id| {
            let moved = self.changes().places.get(id).map(|place| place.path.clone());
            moved
                .or_else(|| Some(self.source_project(*id)?.path.clone()))
                .is_some_and(|at| at.eq_ignore_ascii_case(path))
        })?;
        self.changes_mut().gone.remove(&id);
        Some(id)
    }

    /// Archives a project, or opens it again.
    pub(crate) fn archive_project(&self, id: u64, archived: bool) {
        self.changes_mut().archived.insert(id, archived);
    }

    /// The project that this path led to before it moved.
    pub(crate) fn project_once_at(&self, path: &str) -> Option<Arc<Project>> {
        let left = self.changes().left.get(&path.to_lowercase()).copied();
        left.and_then(|id| self.project(id)).filter(|project| !project.path.eq_ignore_ascii_case(path))
    }
}

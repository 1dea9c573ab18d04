//! Who has which level where: direct, inherited, and what follows from it.

use std::collections::HashSet;

use super::model::{self, Member, Namespace, Project, level};
use super::{Source, World, index};

impl World {
    /// The user's level in a group, inherited levels included; 0 for none.
    pub(crate) fn group_level(&self, user: u64, group: u64) -> u8 {
        let mut best = 0;
        for group in self.lineage(group) {
            best = best.max(self.direct_level(user, group));
        }
        best
    }

    fn direct_level(&self, user: u64, group: u64) -> u8 {
        if let Some(member) = self.extras.of_group(group).iter().find(|member| member.user == user) {
            return member.level;
        }
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
        if let Some(member) = self.extras.of_project(project).iter().find(|member| member.user == user) {
            return member.level;
        }
        match &self.source {
            Source::Declared(world) => index(project)
                .and_then(|at| world.projects.get(at))
                .and_then(|project| project.members.iter().find(|member| member.user == user))
                .map_or(0, |member| member.level),
            Source::Generated(_) => 0,
        }
    }

    /// The projects that the user is a direct member of.
    pub(crate) fn own_projects(&self, user: u64) -> Vec<u64> {
        let is = |members: &[Member]| members.iter().any(|member| member.user == user);
        let mut found: Vec<u64> = match &self.source {
            Source::Declared(world) => {
                world.projects.iter().filter(|project| is(&project.members)).map(|project| project.id).collect()
            }
            Source::Generated(_) => Vec::new(),
        };
        found.extend(self.extras.in_projects.iter().filter(|(_, members)| is(members)).map(|(project, _)| *project));
        found
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

    /// Whether a visitor with this level may read code; guests may where the code is open to everyone anyway.
    pub(crate) fn reads_code(project: &Project, user_level: u8) -> bool {
        user_level >= level::REPORTER || project.visibility != model::Visibility::Private
    }
}

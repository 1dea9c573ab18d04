//! Groups and people that a reading does not name any more. A list that was cut off looks like a whole one, so GitLab is
//! asked for some of them by themselves, and says definitely whether they are gone.

use std::collections::HashMap;

use gitlab::{Existence, Group, Kind};
use model::{GroupId, RefKey, RelationType, UserId};
use store::Root;

use super::{Connection, Sync, upstream::Failure};
use crate::discovery::is_below;

/// So many are asked for. Of more these stand for all: a list is cut in one place, not around those that are gone.
const ASKED: usize = 20;

/// What a reading covered, to know who should be in it.
pub(super) struct Covered<'a> {
    /// The groups at which trees began.
    pub(super) tops: &'a [String],
    pub(super) groups: &'a [Group],
    /// The groups that are entities now.
    pub(super) held: HashMap<RefKey, u64>,
}

impl Covered<'_> {
    fn has_place(&self, connection: &Connection, path: &str) -> bool {
        let lower = path.to_lowercase();
        let within = |top: &String| {
            let top = top.to_lowercase();
            lower == top || (connection.rules.nested() && is_below(&top, &lower))
        };
        connection.rules.admits_group(path) && self.tops.iter().any(within)
    }

    /// Was somebody listed, and left out here by what is configured?
    fn lists(&self, user: u64) -> bool {
        self.groups.iter().flat_map(|group| &group.members).any(|member| member.user.id.0 == user)
    }
}

impl Sync {
    /// Why what is no longer stated must not go: something of it is there all the same, so that the lists were not whole.
    pub(super) async fn still_there(
        &self,
        connection: &Connection,
        gone: &[Root],
        covered: &Covered<'_>,
    ) -> Result<Option<String>, Failure> {
        if covered.tops.is_empty() {
            // Nothing is read, so nothing can be missing.
            return Ok(None);
        }
        for root in gone.iter().step_by(gone.len().div_ceil(ASKED).max(1)) {
            let there = match root {
                Root::Group(id) => self.group_there(connection, GroupId(*id), covered).await?,
                Root::User(id) => self.person_there(connection, UserId(*id), covered).await?,
                Root::Project(_) | Root::Location(_) => None,
            };
            if there.is_some() {
                return Ok(there);
            }
        }
        Ok(None)
    }

    async fn group_there(
        &self,
        connection: &Connection,
        id: GroupId,
        covered: &Covered<'_>,
    ) -> Result<Option<String>, Failure> {
        match connection.gitlab.group_exists(id).await {
            Ok(Existence::Gone) => Ok(None),
            Ok(Existence::Present(path)) => {
                Ok(covered.has_place(connection, &path).then(|| left_out(&format!("group {path}"))))
            }
            Err(error) => unknown(error, "groups"),
        }
    }

    /// Somebody is gone who is a member of none of the groups that they were members of.
    async fn person_there(
        &self,
        connection: &Connection,
        id: UserId,
        covered: &Covered<'_>,
    ) -> Result<Option<String>, Failure> {
        if covered.lists(id.0) {
            return Ok(None);
        }
        let entities = self.store().entities_of(&connection.name, &Root::User(id.0)).await?;
        let Some(person) = entities.first() else { return Ok(None) };
        let name = person.entity_ref.name();
        if !connection.rules.admits_user(name) {
            return Ok(None);
        }
        let groups = person.relations.iter().filter(|(kind, _)| *kind == RelationType::MemberOf);
        for group in groups.filter_map(|(_, group)| covered.held.get(group)) {
            match connection.gitlab.is_member(GroupId(*group), id, connection.rules.inherits()).await {
                Ok(false) => {}
                Ok(true) => return Ok(Some(left_out(&format!("member {name}")))),
                Err(error) => return unknown(error, "people"),
            }
        }
        Ok(None)
    }
}

/// What is not answered is not gone.
fn unknown(error: gitlab::Error, what: &str) -> Result<Option<String>, Failure> {
    if matches!(error.kind, Kind::Unauthorized(_)) {
        return Err(error.into());
    }
    Ok(Some(format!("whether some {what} are gone is not known: {error}")))
}

fn left_out(what: &str) -> String {
    format!("GitLab did not list {what}, which it has all the same")
}

//! Groups and people, read with a pass.

use std::collections::{BTreeSet, HashMap};

use gitlab::{Group, TreeWant, User};
use model::RefKey;
use store::{Batch, Replacement, Root};

use super::{
    Connection, Sync,
    missing::Covered,
    pass::{Began, Progress, portions},
    upstream::Failure,
};
use crate::{discovery::is_below, people};

/// The trees of a pass.
#[derive(Default)]
struct Trees {
    groups: Vec<Group>,
    /// Was anything not answered? Then nothing is gone.
    partial: bool,
}

impl Sync {
    pub(super) async fn read_people(
        &self,
        connection: &Connection,
        held: &Began,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let rules = &connection.rules;
        let mut trees = Trees::default();
        let mut restricted = None;
        let mut read = Vec::new();
        if rules.reads_people() {
            let tops: BTreeSet<String> = connection
                .projects()
                .iter()
                .filter(|project| progress.seen.contains(&project.id))
                .filter_map(|project| project.group.as_ref())
                .map(|group| group.path.split('/').next().unwrap_or(&group.path).to_owned())
                .collect();
            let keep = |path: &str| rules.admits_group(path);
            let want = TreeWant {
                nested: rules.nested(),
                inherited: rules.inherits(),
                keep: if rules.keeps_some_groups() { Some(&keep) } else { None },
            };
            read = rules.people_trees(tops);
            for top in &read {
                self.read_tree(connection, top, &want, &mut trees, progress).await?;
            }
            if let Some(group) = rules.restrict_to() {
                restricted = Some(self.members_of(connection, group, &mut trees, progress).await?);
            }
        }
        let replacements = entities(connection, &trees.groups, restricted.as_ref());
        let now: BTreeSet<Root> = replacements.iter().map(|r| r.root.clone()).collect();
        let roots_gone: Vec<Root> = if trees.partial {
            Vec::new()
        } else {
            let held = self.store().roots(&connection.name).await?;
            held.into_iter()
                .filter(|root| matches!(root, Root::Group(_) | Root::User(_)) && !now.contains(root))
                .collect()
        };
        let covered = Covered { tops: &read, groups: &trees.groups, held: groups_of(&replacements) };
        if let Some(why) = self.still_there(connection, &roots_gone, &covered).await? {
            progress.partial.push(self.partial("groups and people", &format!("{why}; all stay as they were")));
            return Ok(());
        }
        drop(trees);
        for replacements in portions(replacements) {
            self.store_pass(connection, held, Batch { replacements, ..Batch::default() }).await?;
        }
        self.store_pass(connection, held, Batch { roots_gone, ..Batch::default() }).await
    }

    async fn read_tree(
        &self,
        connection: &Connection,
        top: &str,
        want: &TreeWant<'_>,
        trees: &mut Trees,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        match connection.gitlab.group_tree_of(top, want).await {
            Ok(tree) => {
                trees.partial |= !tree.complete || !tree.partial.is_empty();
                progress.partial.extend(tree.partial.iter().map(|p| self.partial(&p.at, &p.message)));
                trees.groups.extend(tree.groups);
            }
            Err(error) if matches!(error.kind, gitlab::Kind::Unauthorized(_)) => return Err(error.into()),
            Err(error) => {
                trees.partial = true;
                let what = format!("group {top}");
                // A group that is not there was told when its projects were asked for.
                if !progress.partial.iter().any(|partial| partial.what == what) {
                    progress.partial.push(self.partial(&what, &format!("{}; {}", error.message, error.remedy)));
                }
            }
        }
        Ok(())
    }

    /// The people of one group and of those below it. Nobody new becomes part of the catalog when they cannot be read, and
    /// nobody goes.
    async fn members_of(
        &self,
        connection: &Connection,
        group: &str,
        trees: &mut Trees,
        progress: &mut Progress,
    ) -> Result<BTreeSet<u64>, Failure> {
        let rules = &connection.rules;
        let lower = group.to_lowercase();
        let within = |path: &str| path == lower || is_below(&lower, path);
        let ids = |groups: &[Group]| -> BTreeSet<u64> {
            let inside = groups.iter().filter(|g| within(&g.full_path.to_lowercase()));
            inside.flat_map(|g| &g.members).map(|member| member.user.id.0).collect()
        };
        let read_already = !rules.keeps_some_groups()
            && rules.nested()
            && trees.groups.iter().any(|g| g.full_path.eq_ignore_ascii_case(group));
        if read_already {
            return Ok(ids(&trees.groups));
        }
        let mut own = Trees::default();
        let want = TreeWant { inherited: rules.inherits(), ..TreeWant::default() };
        self.read_tree(connection, group, &want, &mut own, progress).await?;
        trees.partial |= own.partial;
        Ok(ids(&own.groups))
    }
}

/// The groups among them, by reference.
fn groups_of(replacements: &[Replacement]) -> HashMap<RefKey, u64> {
    let groups = replacements.iter().filter_map(|replacement| match replacement.root {
        Root::Group(id) => Some((replacement.entities.first()?.entity_ref.key(), id)),
        _ => None,
    });
    groups.collect()
}

fn entities(connection: &Connection, groups: &[Group], restricted: Option<&BTreeSet<u64>>) -> Vec<Replacement> {
    let rules = &connection.rules;
    let admits =
        |user: &User| rules.admits_user(&user.username) && restricted.is_none_or(|ids| ids.contains(&user.id.0));
    let parent = |path: &str| people::nearest(path, |above| rules.admits_group(above));
    let directory = people::Directory {
        connection: &connection.name,
        instance: &connection.url,
        groups,
        inherited: rules.inherits(),
        admits_group: &|path| rules.admits_group(path),
        admits: &admits,
        parent: &parent,
    };
    directory.replacements()
}

//! Groups: the root field, what is below a group, and who is in it.

use std::sync::Arc;

use super::fields;
use super::node::{MemberNode, Node};
use super::people::fits_member;
use super::resolve::{Answer, Asked, Found, ids, ordered, records, signed_in, sort_projects};
use crate::rest::rows;
use crate::world::model::{Group, level};

/// `Query.groups`.
pub(super) fn root(asked: &Asked<'_>) -> Answer {
    let world = asked.world();
    let viewer = &asked.call.viewer;
    let wanted = ids(asked, "Group", "Groups")?;
    let search = asked.text("search").map(str::to_lowercase);
    let fits = |group: &Arc<Group>| {
        viewer.sees_group(world, group.id, group.visibility)
            && search
                .as_ref()
                .is_none_or(|word| group.name.to_lowercase().contains(word) || group.path.to_lowercase().contains(word))
            && (asked.flag("topLevelOnly") != Some(true) || group.parent.is_none())
            && (asked.flag("ownedOnly") != Some(true) || viewer.group_level(world, group.id) >= level::OWNER)
    };
    let all = wanted.unwrap_or_else(|| world.groups().collect());
    Ok(records(asked, "GroupConnection", all, true, |id| world.group(id).filter(fits).map(Node::Group)))
}

/// Answers a field of a group.
pub(super) fn field(group: &Arc<Group>, asked: &Asked<'_>) -> Answer {
    let world = asked.world();
    let viewer = &asked.call.viewer;
    Ok(match asked.name {
        "parent" => Found::maybe(group.parent.and_then(|id| world.group(id)).map(Node::Group)),
        "maxAccessLevel" => Found::Node(Node::AccessLevel(viewer.group_level(world, group.id))),
        "userPermissions" => Found::Node(Node::GroupPermissions(group.clone())),
        "groupMembers" => group_members(group, asked)?,
        "projects" => group_projects(group, asked)?,
        "descendantGroups" => {
            let deep = asked.flag("includeParentDescendants").unwrap_or(true);
            let wanted = ids(asked, "Group", "Groups")?;
            let search = asked.text("search").map(str::to_lowercase);
            let below = if deep { world.descendants(group.id) } else { world.subgroups(group.id) };
            let mut groups: Vec<Arc<Group>> = below
                .into_iter()
                .filter(|id| wanted.as_ref().is_none_or(|wanted| wanted.contains(id)))
                .filter_map(|id| world.group(id))
                .filter(|group| viewer.sees_group(world, group.id, group.visibility))
                .filter(|group| {
                    search.as_ref().is_none_or(|word| {
                        group.name.to_lowercase().contains(word) || group.slug().to_lowercase().contains(word)
                    })
                })
                .filter(|group| {
                    asked.flag("owned") != Some(true) || viewer.group_level(world, group.id) >= level::OWNER
                })
                .collect();
            sort_groups(&mut groups, asked.text("sort").unwrap_or("NAME_ASC"));
            asked.page("GroupConnection", groups.into_iter().map(Node::Group).collect())
        }
        _ => fields::group(group, asked),
    })
}

fn sort_groups(groups: &mut [Arc<Group>], sort: &str) {
    match sort {
        s if s.starts_with("PATH") => groups.sort_by(|a, b| a.path.cmp(&b.path)),
        s if s.starts_with("ID") || s.starts_with("CREATED") || s.starts_with("UPDATED") => {
            groups.sort_by_key(|group| group.id);
        }
        _ => groups.sort_by_cached_key(|group| (group.name.to_lowercase(), group.id)),
    }
    if sort.ends_with("_DESC") {
        groups.reverse();
    }
}

fn group_members(group: &Arc<Group>, asked: &Asked<'_>) -> Answer {
    signed_in(asked)?;
    let world = asked.world();
    let relations = asked.list("relations").unwrap_or_default();
    let has = |word: &str| relations.iter().any(|relation| relation == word);
    let mut rows: Vec<_> = if has("INHERITED") {
        let all = world.all_group_members(group.id);
        all.into_iter().filter(|(_, from)| has("DIRECT") || *from != group.id).collect()
    } else if has("DIRECT") {
        world.group_members(group.id).into_iter().map(|member| (member, group.id)).collect()
    } else {
        Vec::new()
    };
    if has("DESCENDANTS") {
        for below in world.descendants(group.id) {
            for member in world.group_members(below) {
                if rows.iter().all(|(known, _)| known.user != member.user) {
                    rows.push((member, below));
                }
            }
        }
    }
    let nodes = rows.into_iter().filter_map(|(member, from)| {
        let person = world.person(member.user).filter(|person| fits_member(asked, person, member.level))?;
        Some(Node::Member(Arc::new(MemberNode { member, person, group: world.group(from), project: None })))
    });
    Ok(asked.page("GroupMemberConnection", nodes.collect()))
}

fn group_projects(group: &Arc<Group>, asked: &Asked<'_>) -> Answer {
    let world = asked.world();
    let mut all = world.projects_in(group.id);
    if asked.flag("includeSubgroups") == Some(true) {
        all.extend(world.descendants(group.id).into_iter().flat_map(|below| world.projects_in(below)));
    }
    if let Some(wanted) = ids(asked, "Project", "Projects")? {
        all.retain(|id| wanted.contains(id));
    }
    all.sort_unstable();
    let sort = asked.text("sort").unwrap_or("id_desc").to_lowercase();
    sort_projects(world, &mut all, &sort);
    let archived = asked.flag("includeArchived").unwrap_or(true);
    let search = asked.text("search").map(str::to_lowercase);
    Ok(ordered(asked, "ProjectConnection", all, |id| {
        let project = world.project(id)?;
        let fits = asked.call.viewer.sees(world, &project)
            && (archived || !project.archived)
            && search.as_ref().is_none_or(|word| rows::found(&project, word, false));
        fits.then_some(Node::Project(project))
    }))
}

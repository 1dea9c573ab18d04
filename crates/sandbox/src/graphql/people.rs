//! People: the root fields, and the members of a project.

use std::sync::Arc;

use super::fields;
use super::node::{MemberNode, Node};
use super::resolve::{Answer, Asked, Found, global_id, ids, records, signed_in};
use crate::world::model::{Person, Project, level};

/// `Query.user`.
pub(super) fn user(asked: &Asked<'_>) -> Answer {
    signed_in(asked)?;
    let world = asked.world();
    let person = match (asked.text("id"), asked.text("username")) {
        (Some(id), None) => world.person(global_id(id, "User", "Users")?),
        (None, Some(name)) => world.person_named(name),
        _ => return Err("Provide either a single username or id".to_owned()),
    };
    Ok(Found::maybe(person.map(Node::User)))
}

/// `Query.users`.
pub(super) fn users(asked: &Asked<'_>) -> Answer {
    signed_in(asked)?;
    let world = asked.world();
    let wanted = ids(asked, "User", "Users")?;
    let names = asked.list("usernames");
    if wanted.is_some() && names.is_some() {
        return Err("Provide either a list of usernames or ids".to_owned());
    }
    let search = asked.text("search").map(str::to_lowercase);
    let fits = |person: &Arc<Person>| {
        search.as_ref().is_none_or(|word| {
            person.name.to_lowercase().contains(word) || person.username.to_lowercase().contains(word)
        }) && (asked.flag("admins") != Some(true) || person.admin)
            && (asked.flag("active") != Some(true) || person.state == "active")
            && (asked.flag("humans") != Some(true) || !person.bot())
    };
    let all: Vec<u64> = match (wanted, names) {
        (Some(ids), _) => ids,
        (None, Some(names)) => names.iter().filter_map(|name| world.person_named(name)).map(|p| p.id).collect(),
        (None, None) => world.people().collect(),
    };
    let ascending = asked.text("sort").is_some_and(|sort| sort.to_lowercase().ends_with("_asc"));
    Ok(records(asked, "UserCoreConnection", all, ascending, |id| world.person(id).filter(fits).map(Node::User)))
}

/// `Project.projectMembers`.
pub(super) fn of_project(project: &Arc<Project>, asked: &Asked<'_>) -> Answer {
    signed_in(asked)?;
    let world = asked.world();
    let relations = asked.list("relations").unwrap_or_default();
    let has = |word: &str| relations.iter().any(|relation| relation == word);
    let wanted = ids(asked, "User", "Users")?;
    let types = asked.list("userTypes");
    let rows = if has("INHERITED") {
        let all = world.all_project_members(project);
        all.into_iter().filter(|(_, group)| has("DIRECT") || group.is_some()).collect()
    } else if has("DIRECT") {
        project.members.iter().map(|member| (member.clone(), None)).collect()
    } else {
        Vec::new()
    };
    let nodes = rows.into_iter().filter_map(|(member, group)| {
        let person = world.person(member.user)?;
        if wanted.as_ref().is_some_and(|ids| !ids.contains(&person.id))
            || types.as_ref().is_some_and(|types| !types.iter().any(|word| word == fields::user_type(&person)))
            || !fits_member(asked, &person, member.level)
        {
            return None;
        }
        let group = group.and_then(|id| world.group(id));
        let project = group.is_none().then(|| project.clone());
        Some(Node::Member(Arc::new(MemberNode { member, person, group, project })))
    });
    Ok(asked.page("MemberInterfaceConnection", nodes.collect()))
}

pub(super) fn fits_member(asked: &Asked<'_>, person: &Person, held: u8) -> bool {
    asked.text("search").is_none_or(|word| {
        let word = word.to_lowercase();
        person.name.to_lowercase().contains(&word) || person.username.to_lowercase().contains(&word)
    }) && asked
        .list("accessLevels")
        .is_none_or(|levels| levels.iter().any(|name| level::from_graphql(name) == Some(held)))
}

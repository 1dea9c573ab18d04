//! Groups and people of GitLab as entities, with names that no two of them share.

use std::collections::{BTreeMap, BTreeSet};

use gitlab::{Group, User};
use model::{ConnectionName, Entity, EntityRef, Origin, Source, group_aliases, safe_name, user_name};
use serde_json::{Map, Value, json};
use store::{Replacement, Root};
use url::Url;

use crate::document::instance_of;

/// Groups as they were read, and what of them becomes part of the catalog.
pub(crate) struct Directory<'a> {
    pub(crate) connection: &'a ConnectionName,
    pub(crate) instance: &'a Url,
    pub(crate) groups: &'a [Group],
    /// Does a member of a group count as one of the groups below it?
    pub(crate) inherited: bool,
    /// Does the group at a path become an entity?
    pub(crate) admits_group: &'a dyn Fn(&str) -> bool,
    /// Does a person become an entity?
    pub(crate) admits: &'a dyn Fn(&User) -> bool,
    /// The full path of the group that stands above the one at a path.
    pub(crate) parent: &'a dyn Fn(&str) -> Option<String>,
}

impl Directory<'_> {
    /// Each group and each person as a root of its own, so that each keeps its row when it is renamed.
    pub(crate) fn replacements(&self) -> Vec<Replacement> {
        let by_path: BTreeMap<&str, &Group> = self.groups.iter().map(|g| (g.full_path.as_str(), g)).collect();
        let mut people: BTreeMap<u64, (&User, BTreeSet<String>)> = BTreeMap::new();
        for group in by_path.values().filter(|group| (self.admits_group)(&group.full_path)) {
            let above =
                above(&group.full_path).filter(|_| self.inherited).filter_map(|path| by_path.get(path).copied());
            for member in std::iter::once(*group).chain(above).flat_map(|group| &group.members) {
                let known = people.entry(member.user.id.0).or_insert_with(|| (&member.user, BTreeSet::new()));
                known.1.insert(safe_name(&group.full_path));
            }
        }
        let kept = by_path.values().filter(|group| (self.admits_group)(&group.full_path));
        let groups = kept.map(|g| one(Root::Group(g.id.0), self.group(g)));
        let people = people.values().filter(|(user, _)| !user.bot && (self.admits)(user)).map(|(user, member_of)| {
            one(Root::User(user.id.0), person(self.connection, self.instance, user, member_of))
        });
        groups.chain(people).collect()
    }

    fn group(&self, read: &Group) -> Entity {
        let parent = read.parent_path.as_ref().and_then(|_| (self.parent)(&read.full_path));
        group(self.connection, self.instance, read, parent.as_deref())
    }
}

/// The full paths of the groups above one, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/').map(|(above, _)| above), |path| {
        path.rsplit_once('/').map(|(above, _)| above)
    })
}

/// The nearest group above `path` that is part of the catalog.
pub(crate) fn nearest(path: &str, admits: impl Fn(&str) -> bool) -> Option<String> {
    above(path).find(|path| admits(path)).map(str::to_owned)
}

fn one(root: Root, entity: Entity) -> Replacement {
    Replacement { root, entities: vec![entity], reach: Vec::new() }
}

fn group(connection: &ConnectionName, instance: &Url, group: &Group, parent: Option<&str>) -> Entity {
    let entity_ref = EntityRef::new("Group", "default", safe_name(&group.full_path));
    let mut profile = Map::new();
    profile.insert("displayName".into(), group.name.clone().into());
    if let Some(picture) = &group.avatar_url {
        profile.insert("picture".into(), picture.clone().into());
    }
    let mut spec = json!({"type": "group", "profile": profile, "children": []});
    if let (Some(parent), Value::Object(spec)) = (parent, &mut spec) {
        spec.insert("parent".into(), safe_name(parent).into());
    }
    let team_path = format!("{}/team-path", instance.host_str().unwrap_or("gitlab"));
    let annotations = annotations(instance, &group.web_url, &team_path, &group.full_path);
    let about = About { title: &group.name, description: group.description.as_deref(), annotations };
    let mut entity = entity(connection, entity_ref, &about, &spec, (&group.full_path, &group.web_url));
    entity.aliases = group_aliases(&group.full_path);
    entity
}

fn person(connection: &ConnectionName, instance: &Url, user: &User, member_of: &BTreeSet<String>) -> Entity {
    let entity_ref = EntityRef::new("User", "default", user_name(&user.username));
    let mut profile = Map::new();
    profile.insert("displayName".into(), user.name.clone().into());
    if let Some(email) = user.public_email.as_ref().filter(|email| !email.is_empty()) {
        profile.insert("email".into(), email.clone().into());
    }
    if let Some(picture) = &user.avatar_url {
        profile.insert("picture".into(), picture.clone().into());
    }
    let spec = json!({"profile": profile, "memberOf": member_of});
    let login = format!("{}/user-login", instance.host_str().unwrap_or("gitlab"));
    let annotations = annotations(instance, &user.web_url, &login, &user.web_url);
    let about = About { title: &user.name, description: None, annotations };
    entity(connection, entity_ref, &about, &spec, (&user.username, &user.web_url))
}

fn annotations(instance: &Url, url: &str, key: &str, value: &str) -> Value {
    json!({
        "backstage.io/managed-by-location": format!("url:{url}"),
        "backstage.io/managed-by-origin-location": format!("url:{url}"),
        "gitlab.com/instance": instance_of(instance),
        key: value,
    })
}

struct About<'a> {
    title: &'a str,
    description: Option<&'a str>,
    annotations: Value,
}

fn entity(
    connection: &ConnectionName,
    entity_ref: EntityRef,
    about: &About<'_>,
    spec: &Value,
    (path, url): (&str, &str),
) -> Entity {
    let mut metadata = json!({"name": entity_ref.name(), "namespace": "default", "title": about.title});
    if let Value::Object(metadata) = &mut metadata {
        if let Some(description) = about.description.filter(|text| !text.trim().is_empty()) {
            metadata.insert("description".into(), description.into());
        }
        metadata.insert("annotations".into(), about.annotations.clone());
    }
    let body = json!({"apiVersion": "backstage.io/v1alpha1", "kind": entity_ref.kind(), "metadata": metadata,
        "spec": spec});
    let source = Source {
        connection: connection.clone(),
        project: None,
        project_path: path.to_owned(),
        project_url: url.to_owned(),
        file: None,
        git_ref: None,
        blob: None,
        line: None,
    };
    Entity::stated(entity_ref, Origin::Directory, source, body.to_string())
}

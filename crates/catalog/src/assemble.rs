//! What a root states, as entities: the accepted documents, what is kept of refused ones, or an inferred component.

use model::{ConnectionName, Entity, EntityRef, Origin, Problem, Source, Staleness};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{FileKey, Replacement, Root};
use url::Url;

use crate::{
    codeowners,
    commits::Share,
    document::{Place, annotations_of, entity},
    infer,
    project::{ProjectRecord, Projects},
    walk::{FileState, Files, Walked},
};

/// What does not change while a connection is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) connection: &'a ConnectionName,
    pub(crate) instance: &'a Url,
    pub(crate) projects: &'a Projects,
    pub(crate) files: &'a Files,
    /// Who wrote most in the project lately, if that was looked at and says anything.
    pub(crate) share: Option<&'a Share>,
    pub(crate) now: i64,
}

/// The entities of a root. `start` is where reading began, `previous` what the root had before.
pub(crate) fn assemble(
    reading: Reading<'_>,
    root: Root,
    start: &FileKey,
    walked: Walked,
    previous: Vec<Entity>,
) -> Replacement {
    let mut entities: Vec<Entity> =
        if let Root::Location(_) = root { registered(reading, start).into_iter().collect() } else { Vec::new() };
    entities.extend(documents(reading, start, &walked));
    entities.extend(kept(reading, &walked, &entities, previous));
    let mut loose: Vec<(FileKey, Problem)> = walked.problems;
    if entities.is_empty()
        && let Root::Project(id) = root
        && let Some(project) = reading.projects.get(id)
    {
        let problems = loose.drain(..).map(|(file, problem)| problem.in_file(file.path)).collect();
        entities.push(inferred(reading, project, problems));
    }
    for (file, problem) in loose {
        carry(&mut entities, &file, problem);
    }
    let mut reach = walked.reach;
    if let Root::Project(id) = root {
        let owners = |path: &&str| FileKey { project: id, git_ref: String::new(), path: (*path).to_owned() };
        reach.extend(codeowners::PATHS.iter().map(owners).filter(|key| reading.files.contains_key(key)));
    }
    Replacement { root, entities, reach }
}

fn documents(reading: Reading<'_>, start: &FileKey, walked: &Walked) -> Vec<Entity> {
    let Some(origin) = reading.projects.get(start.project) else { return Vec::new() };
    let first = place(reading, origin, start, "");
    let origin_url = first.url();
    let mut entities = Vec::with_capacity(walked.found.len());
    for found in &walked.found {
        if let Some(project) = reading.projects.get(found.file.project) {
            let place = Place { blob: Some(&found.blob), ..place(reading, project, &found.file, &origin_url) };
            entities.push(entity(place, found.line, &found.accepted, found.problems.clone()));
        }
    }
    entities
}

/// A registered location as an entity of its own, so that what is wrong with its file has a page to stand on.
fn registered(reading: Reading<'_>, start: &FileKey) -> Option<Entity> {
    let project = reading.projects.get(start.project)?;
    let place = place(reading, project, start, "");
    let url = place.url();
    let entity_ref = EntityRef::new("Location", "default", format!("generated-{}", address_name(&url)));
    let body = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Location",
        "metadata": {"name": entity_ref.name(), "namespace": "default", "title": start.path, "annotations": {
            "backstage.io/managed-by-location": format!("url:{url}"),
            "backstage.io/managed-by-origin-location": format!("url:{url}")}},
        "spec": {"type": "url", "target": url}});
    Some(Entity::stated(entity_ref, Origin::Registered, place.source(None), body.to_string()))
}

/// Forty hex digits of the address: the form that such names have in the reference.
fn address_name(url: &str) -> String {
    hex::encode(&Sha256::digest(url.as_bytes())[..20])
}

fn place<'a>(reading: Reading<'a>, project: &'a ProjectRecord, file: &'a FileKey, origin_url: &'a str) -> Place<'a> {
    Place { connection: reading.connection, instance: reading.instance, project, file, blob: None, origin_url }
}

/// What a file described before and does not describe now because it cannot be read: the last good state stays, marked.
fn kept(reading: Reading<'_>, walked: &Walked, now_held: &[Entity], previous: Vec<Entity>) -> Vec<Entity> {
    let is_in = |file: &FileKey, entity: &Entity| {
        entity.source.project == Some(file.project) && entity.source.file.as_deref() == Some(file.path.as_str())
    };
    let broken = |entity: &Entity| {
        let key = entity.entity_ref.key();
        walked.unreadable.iter().any(|file| is_in(file, entity))
            || walked.refused.iter().any(|(file, refused)| *refused == key && is_in(file, entity))
    };
    previous
        .into_iter()
        .filter(|entity| entity.origin == Origin::File && broken(entity))
        .filter(|entity| !now_held.iter().any(|held| held.entity_ref == entity.entity_ref))
        .map(|mut entity| {
            entity.problems.clear();
            entity.stale.get_or_insert_with(|| Staleness {
                since: reading.now,
                reason: "the file cannot be read any more; this is its last good version".to_owned(),
            });
            entity
        })
        .collect()
}

fn inferred(reading: Reading<'_>, project: &ProjectRecord, mut problems: Vec<Problem>) -> Entity {
    let source = Source {
        connection: reading.connection.clone(),
        project: Some(project.id),
        project_path: project.path.clone(),
        project_url: project.web_url.clone(),
        file: None,
        git_ref: project.branch().map(str::to_owned),
        blob: None,
        line: None,
    };
    let owners = codeowners::PATHS.iter().find_map(|path| {
        let key = FileKey { project: project.id, git_ref: String::new(), path: (*path).to_owned() };
        match reading.files.get(&key) {
            Some(FileState::Text { text, .. }) => Some((*path, codeowners::parse(text))),
            _ => None,
        }
    });
    if let Some((path, (_, found))) = &owners {
        problems.extend(found.iter().cloned().map(|problem| problem.in_file(*path)));
    }
    let owners = owners.as_ref().map(|(path, (owners, _))| (*path, owners));
    let mut annotations = annotations_of(reading.instance, project);
    let url = format!("url:{}", project.web_url);
    annotations.insert("backstage.io/managed-by-location".into(), url.clone().into());
    annotations.insert("backstage.io/managed-by-origin-location".into(), url.clone().into());
    annotations.insert("backstage.io/source-location".into(), format!("{url}/").into());
    infer::component(project, source, owners, reading.share, annotations, problems)
}

/// Gives a problem that has no entity of its own to one that a person will look at: one of the same file, else the
/// first of the root.
fn carry(entities: &mut [Entity], file: &FileKey, problem: Problem) {
    let same_file = |entity: &Entity| {
        entity.source.project == Some(file.project) && entity.source.file.as_deref() == Some(file.path.as_str())
    };
    let index = entities.iter().position(same_file).unwrap_or(0);
    // Every root has an entity: a project its inferred one, a registered location its own.
    let Some(entity) = entities.get_mut(index) else { return };
    let own = same_file(entity);
    let problem = if own { problem } else { problem.in_file(file.path.clone()) };
    if !entity.problems.contains(&problem) {
        entity.problems.push(problem);
    }
}

//! One accepted document as an entity: what is added to what was written, and who owns it.

use model::{BlobId, ConnectionName, Entity, EntityRef, Evidence, Origin, Ownership, Problem, Source};
use serde_json::{Map, Value};
use store::FileKey;
use url::Url;

use crate::{format::Accepted, project::ProjectRecord};

/// Where a document was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) connection: &'a ConnectionName,
    pub(crate) instance: &'a Url,
    pub(crate) project: &'a ProjectRecord,
    pub(crate) file: &'a FileKey,
    pub(crate) blob: Option<&'a BlobId>,
    /// The web address of the file that reading began with.
    pub(crate) origin_url: &'a str,
}

impl Place<'_> {
    /// The branch as web addresses name it.
    fn branch(&self) -> &str {
        if self.file.git_ref.is_empty() { self.project.branch().unwrap_or("HEAD") } else { &self.file.git_ref }
    }

    pub(crate) fn source(&self, line: Option<u32>) -> Source {
        Source {
            connection: self.connection.clone(),
            project: Some(self.project.id),
            project_path: self.project.path.clone(),
            project_url: self.project.web_url.clone(),
            file: Some(self.file.path.clone()),
            git_ref: Some(self.branch().to_owned()),
            blob: self.blob.cloned(),
            line,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/-/blob/{}/{}", self.project.web_url, self.branch(), self.file.path)
    }
}

/// The instance as annotations name it: host, and port where it is not the usual one.
pub(crate) fn instance_of(instance: &Url) -> String {
    let host = instance.host_str().unwrap_or_default();
    instance.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The annotations that tell where an entity of `project` comes from.
pub(crate) fn annotations_of(instance: &Url, project: &ProjectRecord) -> Map<String, Value> {
    let mut annotations = Map::new();
    annotations.insert("gitlab.com/instance".into(), instance_of(instance).into());
    annotations.insert("gitlab.com/project-id".into(), project.id.to_string().into());
    annotations.insert("gitlab.com/project-slug".into(), project.path.clone().into());
    annotations
}

/// The entity of an accepted document.
pub(crate) fn entity(place: Place<'_>, line: u32, accepted: &Accepted, problems: Vec<Problem>) -> Entity {
    let mut body = accepted.body.clone();
    annotate(&mut body, place);
    let entity_ref = accepted.entity_ref.clone();
    let ownership = declared_owner(&body, &entity_ref, place, accepted);
    let body = Value::Object(body).to_string();
    let is_component = entity_ref.kind().eq_ignore_ascii_case("component");
    Entity {
        ownership,
        // The repository's language is that of what it builds, not of the databases and APIs it describes.
        language: place.project.language().filter(|_| is_component).map(|(name, _)| name.to_owned()),
        problems,
        ..Entity::stated(entity_ref, Origin::File, place.source(Some(line)), body)
    }
}

/// Where an entity is managed is ours to say; what it is about may be said in the file.
fn annotate(body: &mut Map<String, Value>, place: Place<'_>) {
    let Some(Value::Object(metadata)) = body.get_mut("metadata") else { return };
    let entry = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(annotations) = entry else { return };
    let url = place.url();
    let folder = place.file.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let branch = place.branch();
    let defaults = [
        ("backstage.io/source-location", format!("url:{}/-/tree/{branch}/{folder}", place.project.web_url)),
        ("backstage.io/view-url", url.clone()),
        ("backstage.io/edit-url", format!("{}/-/edit/{branch}/{}", place.project.web_url, place.file.path)),
    ];
    for (key, value) in defaults {
        annotations.entry(key).or_insert_with(|| value.into());
    }
    for (key, value) in annotations_of(place.instance, place.project) {
        annotations.entry(key).or_insert(value);
    }
    annotations.insert("backstage.io/managed-by-location".into(), format!("url:{url}").into());
    annotations.insert("backstage.io/managed-by-origin-location".into(), format!("url:{}", place.origin_url).into());
}

fn declared_owner(
    body: &Map<String, Value>,
    entity_ref: &EntityRef,
    place: Place<'_>,
    accepted: &Accepted,
) -> Option<Ownership> {
    let owner = body.get("spec")?.get("owner")?.as_str()?;
    let owner = EntityRef::parse(owner, Some("Group"), entity_ref.namespace()).ok()?;
    let file = &place.file.path;
    let detail = accepted.owner_position.map_or_else(|| file.clone(), |p| format!("{file} line {}", p.line));
    Some(Ownership { owner: Some(owner.key()), evidence: Evidence::Declared, detail, share: None })
}

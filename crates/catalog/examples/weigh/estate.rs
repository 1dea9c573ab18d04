//! Entities as the sandbox's estate gives them once they are read: of ten projects seven describe a Component and an
//! API, one does so behind a Location, two are inferred; groups eight to a node, and people.

use model::{
    BlobId, ConnectionName, Entity, EntityRef, Evidence, Fact, Origin, Ownership, ProjectId, RelationType, Source,
    group_aliases, safe_name,
};
use serde_json::{Map, Value, json};

const PLACES: [&str; 16] = [
    "harbour",
    "quay",
    "berth",
    "channel",
    "lock",
    "pier",
    "basin",
    "anchorage",
    "sound",
    "strait",
    "reef",
    "delta",
    "fjord",
    "estuary",
    "lagoon",
    "marina",
];
const THINGS: [&str; 24] = [
    "ledger",
    "planner",
    "gateway",
    "feed",
    "router",
    "notifier",
    "archive",
    "scheduler",
    "index",
    "mirror",
    "worker",
    "quota",
    "catalogue",
    "invoice",
    "manifest",
    "tariff",
    "roster",
    "sensor",
    "timetable",
    "beacon",
    "cache",
    "relay",
    "audit",
    "search",
];
const LANGUAGES: [&str; 5] = ["TypeScript", "Rust", "Python", "Go", "Java"];
const HOST: &str = "gitlab.estate.example";

pub(crate) struct Estate {
    pub(crate) projects: u64,
    connection: ConnectionName,
}

impl Estate {
    pub(crate) fn new(projects: u64) -> Option<Self> {
        Some(Self { projects, connection: ConnectionName::parse("main").ok()? })
    }

    pub(crate) fn groups(&self) -> u64 {
        self.projects.div_ceil(12).max(2)
    }

    pub(crate) fn people(&self) -> u64 {
        (self.projects / 10).clamp(30, 5_000)
    }

    /// All entities, numbered as the store would number them: groups and people first.
    pub(crate) fn entities(&self) -> impl Iterator<Item = Entity> + '_ {
        let groups = (1..=self.groups()).map(|id| self.group(id));
        let people = (1..=self.people()).map(|id| self.person(id));
        let projects = (1..=self.projects).flat_map(|id| self.project(id, 0));
        groups.chain(people).chain(projects).zip(1..).map(|(entity, id)| Entity { id, ..entity })
    }

    fn slug(&self, id: u64) -> String {
        format!("{}-{}-{id}", pick(&PLACES, mix(7, id)), pick(&THINGS, mix(8, id)))
    }

    fn group_path(&self, id: u64) -> String {
        let slug = |id: u64| if id == 1 { "estate".to_owned() } else { format!("{}-{id}", pick(&PLACES, mix(4, id))) };
        let (mut at, mut path) = (id, slug(id));
        while at > 1 {
            at = (at - 2) / 8 + 1;
            path = format!("{}/{path}", slug(at));
        }
        path
    }

    pub(crate) fn path(&self, id: u64) -> String {
        format!("{}/{}", self.group_path(id % self.groups() + 1), self.slug(id))
    }

    fn neighbour(&self, what: u64, id: u64) -> String {
        self.slug(mix(what, id) % self.projects + 1)
    }

    fn source(&self, project: Option<u64>, path: &str, file: Option<&str>, line: u32) -> Source {
        Source {
            connection: self.connection.clone(),
            project: project.map(ProjectId),
            project_path: path.to_owned(),
            project_url: format!("https://{HOST}/{path}"),
            file: file.map(str::to_owned),
            git_ref: file.map(|_| "main".to_owned()),
            blob: file
                .map(|_| BlobId(format!("{:016x}{:016x}{:08x}", mix(1, u64::from(line)), mix(2, line.into()), 7))),
            line: file.map(|_| line),
        }
    }

    /// What one project gives; `version` changes what it says.
    pub(crate) fn project(&self, id: u64, version: u64) -> Vec<Entity> {
        let (slug, path) = (self.slug(id), self.path(id));
        let language = pick(&LANGUAGES, mix(9, id));
        let group = self.group_path(id % self.groups() + 1);
        let owner = group.rsplit('/').next().unwrap_or_default().to_owned();
        let lifecycle = pick(&["production", "production", "experimental", "deprecated"], mix(13, id));
        let about = match version {
            0 => format!("A {language} service of the estate."),
            version => format!("A {language} service of the estate, version {version}."),
        };
        if id % 10 > 7 {
            return vec![self.inferred(id, &group, language)];
        }
        let file = if id % 10 == 7 { "catalog/service.yaml" } else { "catalog-info.yaml" };
        let declared = |kind: &str, name: String, line: u32, metadata: Value, spec: Value| {
            let mut head = Map::from_iter([("name".to_owned(), json!(name))]);
            head.extend(metadata.as_object().cloned().unwrap_or_default());
            head.insert("namespace".into(), "default".into());
            let annotations = self.annotations(id, &path, file, head.get("annotations"));
            head.insert("annotations".into(), annotations);
            let entity_ref = EntityRef::new(kind, "default", name);
            let body = json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": head, "spec": spec})
                .to_string();
            let mut entity =
                Entity::stated(entity_ref, Origin::File, self.source(Some(id), &path, Some(file), line), body);
            entity.language = (kind == "Component").then(|| language.to_owned());
            if kind != "Location" {
                let found = entity.relations.iter().find(|(kind, _)| *kind == RelationType::OwnedBy);
                let detail = format!("{file} line {}", line + 9);
                let owner = found.map(|(_, owner)| owner.clone());
                entity.ownership = Some(Ownership { owner, evidence: Evidence::Declared, detail, share: None });
            }
            entity.changed_at = 1_795_000_000_000 + i64::try_from(id / 100).unwrap_or(0);
            entity.claimed_at = 1_795_000_000_000;
            entity
        };
        let mut found = vec![
            declared(
                "Component",
                slug.clone(),
                1,
                json!({"description": about, "tags": [language.to_lowercase()]}),
                json!({"type": "service", "lifecycle": lifecycle, "owner": owner, "providesApis": [format!("{slug}-api")],
                    "dependsOn": [format!("component:{}", self.neighbour(14, id))],
                    "consumesApis": [format!("{}-api", self.neighbour(15, id))]}),
            ),
            declared(
                "API",
                format!("{slug}-api"),
                15,
                json!({}),
                json!({"type": "openapi", "lifecycle": lifecycle, "owner": owner, "definition": format!(
                    "openapi: 3.1.0\ninfo:\n  title: {slug}\n  version: 1.0.{}\npaths:\n  /health:\n    get:\n      responses:\n        '200':\n          description: It is well.\n", id % 17)}),
            ),
        ];
        if id % 10 == 7 {
            let spec = json!({"type": "url", "targets": ["./catalog/service.yaml"]});
            found.push(declared("Location", slug, 1, json!({}), spec));
        }
        found
    }

    fn annotations(&self, id: u64, path: &str, file: &str, given: Option<&Value>) -> Value {
        let mut annotations = given.and_then(Value::as_object).cloned().unwrap_or_default();
        let url = format!("https://{HOST}/{path}/-/blob/main/{file}");
        let folder = file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let found = [
            ("backstage.io/source-location", format!("url:https://{HOST}/{path}/-/tree/main/{folder}")),
            ("backstage.io/view-url", url.clone()),
            ("backstage.io/edit-url", format!("https://{HOST}/{path}/-/edit/main/{file}")),
            ("gitlab.com/instance", HOST.to_owned()),
            ("gitlab.com/project-id", id.to_string()),
            ("gitlab.com/project-slug", path.to_owned()),
            ("backstage.io/managed-by-location", format!("url:{url}")),
            ("backstage.io/managed-by-origin-location", format!("url:{url}")),
        ];
        annotations.extend(found.map(|(key, value)| (key.to_owned(), json!(value))));
        Value::Object(annotations)
    }

    fn inferred(&self, id: u64, group: &str, language: &str) -> Entity {
        let (slug, path) = (self.slug(id), self.path(id));
        let entity_ref = EntityRef::new("Component", "default", safe_name(&path));
        let owner = EntityRef::new("group", "default", safe_name(group)).key();
        let url = format!("url:https://{HOST}/{path}");
        let body = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {
            "name": entity_ref.name(), "namespace": "default", "title": slug,
            "description": format!("A {language} service of the estate."),
            "annotations": {"gitlab.com/instance": HOST, "gitlab.com/project-id": id.to_string(),
                "gitlab.com/project-slug": path, "backstage.io/managed-by-location": url,
                "backstage.io/managed-by-origin-location": url, "backstage.io/source-location": format!("{url}/")},
            "tags": [language.to_lowercase()]},
            "spec": {"type": "unknown", "lifecycle": "unknown", "owner": owner.as_str()}});
        let mut entity =
            Entity::stated(entity_ref, Origin::Inferred, self.source(Some(id), &path, None, 0), body.to_string());
        let detail = format!("group {group}");
        let fact = |field: &str, value: &str, because: String| Fact {
            field: field.to_owned(),
            value: value.to_owned(),
            because,
            url: None,
        };
        entity.facts = vec![
            fact("metadata.name", &slug, format!("the project is called so in {group}")),
            fact("spec.owner", owner.as_str(), format!("the project lives in the {detail}")),
            fact("language", language, "96.4 % of the repository's bytes".to_owned()),
        ];
        entity.ownership = Some(Ownership { owner: Some(owner), evidence: Evidence::Group, detail, share: None });
        entity.language = Some(language.to_owned());
        entity.changed_at = 1_795_000_000_000 + i64::try_from(id / 100).unwrap_or(0);
        entity.claimed_at = 1_795_000_000_000;
        entity
    }

    fn group(&self, id: u64) -> Entity {
        let path = self.group_path(id);
        let (above, slug) = path.rsplit_once('/').map_or((None, &*path), |(above, slug)| (Some(above), slug));
        let mut spec = json!({"type": "group", "profile": {"displayName": slug}, "children": []});
        if let (Some(above), Value::Object(spec)) = (above, &mut spec) {
            spec.insert("parent".into(), safe_name(above).into());
        }
        let about = json!({"title": slug, "description": format!("Keeps what runs at {slug}.")});
        let mut entity = self.directory("Group", &safe_name(&path), about, &spec, &path);
        entity.aliases = group_aliases(&path);
        entity
    }

    fn person(&self, id: u64) -> Entity {
        let name = format!("{}.{}-{id}", pick(&THINGS, mix(1, id)), pick(&PLACES, mix(2, id)));
        let groups =
            [mix(5, id), mix(6, id), mix(3, id)].map(|dice| safe_name(&self.group_path(dice % self.groups() + 1)));
        let spec = json!({"profile": {"displayName": name}, "memberOf": groups});
        self.directory("User", &name, json!({"title": name}), &spec, &name)
    }

    fn directory(&self, kind: &str, name: &str, about: Value, spec: &Value, path: &str) -> Entity {
        let url = format!("url:https://{HOST}/{path}");
        let mut metadata = json!({"name": name, "namespace": "default", "annotations": {
            "backstage.io/managed-by-location": url, "backstage.io/managed-by-origin-location": url,
            "gitlab.com/instance": HOST, "gitlab.estate.example/path": path}});
        if let (Value::Object(metadata), Value::Object(about)) = (&mut metadata, about) {
            metadata.extend(about);
        }
        let body = json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec});
        let entity_ref = EntityRef::new(kind, "default", name);
        let mut entity =
            Entity::stated(entity_ref, Origin::Directory, self.source(None, path, None, 0), body.to_string());
        entity.changed_at = 1_794_000_000_000;
        entity
    }
}

/// The finaliser of splitmix64.
pub(crate) fn mix(what: u64, index: u64) -> u64 {
    let value = what.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index;
    let z = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn pick<'a>(from: &[&'a str], dice: u64) -> &'a str {
    usize::try_from(dice).ok().and_then(|dice| from.get(dice % from.len())).copied().unwrap_or_default()
}

//! Walking and assembling, on files that are given: what a root leads to and what stays of it.

use model::{BlobId, Code, ConnectionName, Entity, Evidence, Origin, ProjectId};
use store::{FileKey, Root};
use url::Url;

use crate::{
    assemble::{Reading, assemble},
    project::{Content, GroupName, ProjectRecord, Projects},
    walk::{FileState, Files, Map, Walked, walk},
};

fn project(id: u64, path: &str) -> ProjectRecord {
    let (group, name) = path.rsplit_once('/').expect("group/project");
    ProjectRecord {
        id: ProjectId(id),
        path: path.to_owned(),
        name: name.to_owned(),
        description: Some("Moors ships".to_owned()),
        web_url: format!("https://git.example/{path}"),
        visibility: "private".into(),
        archived: false,
        group: Some(
            GroupName { path: group.to_owned(), name: group.to_owned(), url: format!("https://git.example/{group}") }
                .into(),
        ),
        namespace: group.into(),
        topics: vec!["Node JS".to_owned()],
        languages: vec![("Rust".into(), 82.4)],
        content: Content::Branch("main".into()),
    }
}

/// A connection with two projects, `sandrill/ops/one` and `sandrill/two`.
struct World {
    projects: Projects,
    files: Files,
    instance: Url,
    connection: ConnectionName,
}

fn key(project: u64, path: &str) -> FileKey {
    FileKey { project: ProjectId(project), git_ref: String::new(), path: path.to_owned() }
}

fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\n\
         spec: {{type: service, lifecycle: production, owner: ops}}\n"
    )
}

fn location(targets: &[&str]) -> String {
    let targets: String = targets.iter().map(|t| format!("    - {t}\n")).collect();
    format!("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: all}}\nspec:\n  targets:\n{targets}")
}

impl World {
    fn new() -> Self {
        let mut projects = Projects::default();
        projects.put(project(1, "sandrill/ops/one"));
        projects.put(project(2, "sandrill/two"));
        Self {
            projects,
            files: Files::new(),
            instance: Url::parse("https://git.example/").expect("url"),
            connection: ConnectionName::parse("main").expect("name"),
        }
    }

    fn with(self, project: u64, path: &str, text: &str) -> Self {
        let state = FileState::Text { text: text.to_owned(), blob: BlobId(format!("{:x}", text.len())) };
        self.state(project, path, state)
    }

    fn state(mut self, project: u64, path: &str, state: FileState) -> Self {
        self.files.insert(key(project, path), state);
        self
    }

    fn walk(&self) -> Walked {
        let map = Map { instance: &self.instance, projects: &self.projects, files: &self.files };
        walk(&key(1, "catalog-info.yaml"), false, map)
    }

    fn entities(&self, previous: Vec<Entity>) -> Vec<Entity> {
        let reading = Reading {
            connection: &self.connection,
            instance: &self.instance,
            projects: &self.projects,
            files: &self.files,
            share: None,
            now: 7,
        };
        let start = key(1, "catalog-info.yaml");
        assemble(reading, Root::Project(ProjectId(1)), &start, self.walk(), previous).entities
    }
}

fn names(entities: &[Entity]) -> Vec<String> {
    entities.iter().map(|e| e.entity_ref.key().to_string()).collect()
}

fn codes(entity: &Entity) -> Vec<Code> {
    entity.problems.iter().map(|p| p.code).collect()
}

fn owner(entity: &Entity) -> (String, Evidence, String) {
    let ownership = entity.ownership.as_ref().expect("owner");
    let owner = ownership.owner.as_ref().map(ToString::to_string).unwrap_or_default();
    (owner, ownership.evidence, ownership.detail.clone())
}

#[test]
fn a_project_with_a_file_is_what_the_file_says() {
    let found = World::new().with(1, "catalog-info.yaml", &component("one")).entities(vec![]);
    assert_eq!(names(&found), ["component:default/one"]);
    let body: serde_json::Value = serde_json::from_str(&found[0].body).expect("JSON");
    let annotations = &body["metadata"]["annotations"];
    assert_eq!(
        annotations["backstage.io/managed-by-location"],
        "url:https://git.example/sandrill/ops/one/-/blob/main/catalog-info.yaml"
    );
    assert_eq!(annotations["gitlab.com/project-slug"], "sandrill/ops/one");
    let declared = ("group:default/ops".to_owned(), Evidence::Declared, "catalog-info.yaml line 4".to_owned());
    assert_eq!(owner(&found[0]), declared);
    assert_eq!(found[0].language.as_deref(), Some("Rust"));
}

#[test]
fn a_project_without_a_file_is_inferred_with_its_evidence() {
    let found = World::new()
        .state(1, "catalog-info.yaml", FileState::Missing)
        .with(1, "CODEOWNERS", "# who\n* @sandrill/harbour-ops\n/docs @ilse\n")
        .entities(vec![]);
    assert_eq!(names(&found), ["component:default/sandrill.ops.one"]);
    let by_file =
        ("group:default/sandrill.harbour-ops".to_owned(), Evidence::Codeowners, "CODEOWNERS line 2".to_owned());
    assert_eq!(owner(&found[0]), by_file);
    assert!(found[0].facts.iter().any(|f| f.field == "language" && f.because.contains("82.4 %")));
    assert!(found[0].body.contains("\"tags\":[\"node-js\"]"), "{}", found[0].body);
}

#[test]
fn without_codeowners_the_group_owns_it() {
    let found = World::new().state(1, "catalog-info.yaml", FileState::Missing).entities(vec![]);
    let by_group = ("group:default/sandrill.ops".to_owned(), Evidence::Group, "group sandrill/ops".to_owned());
    assert_eq!(owner(&found[0]), by_group);
}

#[test]
fn locations_are_followed_in_order_within_reach() {
    let far = "https://git.example/sandrill/two/-/blob/main/c.yaml";
    let found = World::new()
        .with(1, "catalog-info.yaml", &location(&["./b/c.yaml", far, "https://evil.example/x/-/blob/m/c"]))
        .with(1, "b/c.yaml", &component("near"))
        .with(2, "c.yaml", &component("far"))
        .entities(vec![]);
    assert_eq!(names(&found), ["location:default/all", "component:default/near", "component:default/far"]);
    assert_eq!(codes(&found[0]), [Code::OutOfReach]);
    assert_eq!(found[2].source.project, Some(ProjectId(2)));
    let origin = "\"backstage.io/managed-by-origin-location\":\"url:https://git.example/sandrill/ops/one/";
    assert!(found[2].body.contains(origin), "{}", found[2].body);
}

#[test]
fn files_that_are_not_known_are_asked_for() {
    let world = World::new().with(1, "catalog-info.yaml", &location(&["./a.yaml", "./b.yaml"]));
    assert_eq!(world.walk().needs, [key(1, "a.yaml"), key(1, "b.yaml")]);
}

#[test]
fn circles_end_and_are_told() {
    let found = World::new()
        .with(1, "catalog-info.yaml", &location(&["./b.yaml"]))
        .with(1, "b.yaml", &location(&["./catalog-info.yaml", "./b.yaml"]).replace("name: all", "name: back"))
        .entities(vec![]);
    assert_eq!(codes(&found[1]), [Code::LocationCycle, Code::LocationCycle]);
}

#[test]
fn a_missing_target_is_the_problem_of_the_location() {
    let missing = |text: &str| {
        World::new()
            .with(1, "catalog-info.yaml", text)
            .state(1, "gone.yaml", FileState::Missing)
            .entities(vec![])
            .remove(0)
    };
    let required = missing(&location(&["./gone.yaml"]));
    assert_eq!(codes(&required), [Code::TargetMissing]);
    assert_eq!(required.problems[0].position.map(|p| p.line), Some(6));
    let optional = location(&["./gone.yaml"]).replace("spec:\n", "spec:\n  presence: optional\n");
    assert_eq!(codes(&missing(&optional)), []);
}

#[test]
fn placeholders_are_filled_from_the_same_repository() {
    let api = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: v2}\nspec:\n  type: openapi\n  \
               lifecycle: production\n  owner: ops\n  definition:\n    $text: ./openapi.yaml\n";
    let filled =
        World::new().with(1, "catalog-info.yaml", api).with(1, "openapi.yaml", "openapi: 3.1.0\n").entities(vec![]);
    assert!(filled[0].body.contains("\"definition\":\"openapi: 3.1.0\\n\""), "{}", filled[0].body);
    let elsewhere = api.replace("./openapi.yaml", "https://git.example/sandrill/two/-/blob/main/o.yaml");
    let world = World::new().with(1, "catalog-info.yaml", &elsewhere);
    assert_eq!(codes(&world.entities(vec![])[0]), [Code::Placeholder]);
}

#[test]
fn an_error_answer_is_no_answer() {
    let world = World::new().with(1, "catalog-info.yaml", &location(&["./a.yaml"])).state(
        1,
        "a.yaml",
        FileState::Failed("503".to_owned()),
    );
    assert_eq!(world.walk().failed.as_deref(), Some("503"));
}

#[test]
fn what_a_file_held_before_it_broke_stays_marked() {
    let good = World::new().with(1, "catalog-info.yaml", &component("one")).entities(vec![]);
    let kept = World::new().with(1, "catalog-info.yaml", "kind: [\n").entities(good);
    assert_eq!(names(&kept), ["component:default/one"]);
    assert!(kept[0].stale.is_some());
    assert_eq!(codes(&kept[0]), [Code::Syntax]);
}

#[test]
fn a_refused_document_keeps_its_last_good_version_and_one_taken_out_goes() {
    let two = format!("{}---\n{}", component("one"), component("other"));
    let before = World::new().with(1, "catalog-info.yaml", &two).entities(vec![]);
    let refused = two.replacen(", owner: ops", "", 1);
    let after = World::new().with(1, "catalog-info.yaml", &refused).entities(before.clone());
    assert_eq!(names(&after), ["component:default/other", "component:default/one"]);
    assert!(after[1].stale.is_some());
    let removed = World::new().with(1, "catalog-info.yaml", &component("other")).entities(before);
    assert_eq!(names(&removed), ["component:default/other"]);
}

#[test]
fn a_broken_file_without_a_past_leaves_an_inferred_component_with_the_problem() {
    let found = World::new().with(1, "catalog-info.yaml", "a: 1\na: 2\n").entities(vec![]);
    assert_eq!(found[0].origin, Origin::Inferred);
    assert_eq!(found[0].problems[0].file.as_deref(), Some("catalog-info.yaml"));
    assert!(found[0].problems[0].position.is_some());
}

#[test]
fn too_large_and_binary_files_are_told() {
    let states = [(FileState::TooLarge { bytes: 300 << 20 }, Code::TooLarge), (FileState::Binary, Code::Encoding)];
    for (state, code) in states {
        let found = World::new().state(1, "catalog-info.yaml", state).entities(vec![]);
        assert_eq!(found[0].origin, Origin::Inferred);
        assert_eq!(codes(&found[0]), [code]);
    }
}

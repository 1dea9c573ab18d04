//! What can be said of a project that does not describe itself, and why.

use model::{
    Code, Entity, EntityRef, Evidence, Fact, Origin, Ownership, Problem, RefKey, Severity, Source, safe_name, user_name,
};
use serde_json::{Map, Value, json};

use crate::{
    codeowners::{self, Codeowners},
    commits::Share,
    project::{Content, ProjectRecord},
};

/// What an inferred component says where nothing is known: the format demands a type and a lifecycle.
const UNKNOWN: &str = "unknown";

/// A component for a project without a usable catalog file. `owners` is its CODEOWNERS file and that file's path.
pub(crate) fn component(
    project: &ProjectRecord,
    source: Source,
    owners: Option<(&str, &Codeowners)>,
    share: Option<&Share>,
    annotations: Map<String, Value>,
    problems: Vec<Problem>,
) -> Entity {
    let mut facts =
        vec![fact("metadata.name", &project.name, format!("the project is called so in {}", project.namespace), None)];
    let (ownership, owner_fact) = owner(project, owners, share);
    facts.extend(owner_fact);
    if let Some((language, share)) = project.language() {
        facts.push(fact("language", language, format!("{share:.1} % of the repository's bytes"), None));
    }
    let mut problems = problems;
    if ownership.owner.is_none() {
        problems.push(Problem::new(
            Code::NoOwner,
            Severity::Warning,
            "nobody is known to own this project",
            "Add a CODEOWNERS file, or a catalog-info.yaml with spec.owner.",
        ));
    }
    if project.content == Content::Unreadable {
        problems.push(Problem::new(
            Code::Partial,
            Severity::Note,
            "the token may not read the code of this project, so its files are not known",
            "Give the token at least the role Reporter here, or read_repository.",
        ));
    }
    let entity_ref = EntityRef::new("Component", "default", safe_name(&project.path));
    let tags: Vec<String> = project.topics.iter().filter_map(|topic| tag(topic)).collect();
    let mut metadata = Map::new();
    metadata.insert("name".into(), entity_ref.name().into());
    metadata.insert("namespace".into(), "default".into());
    metadata.insert("title".into(), project.name.clone().into());
    if let Some(description) = &project.description {
        metadata.insert("description".into(), description.clone().into());
    }
    metadata.insert("annotations".into(), Value::Object(annotations));
    if !tags.is_empty() {
        metadata.insert("tags".into(), tags.into());
    }
    let mut spec = Map::new();
    spec.insert("type".into(), UNKNOWN.into());
    spec.insert("lifecycle".into(), if project.archived { "deprecated" } else { UNKNOWN }.into());
    if let Some(owner) = &ownership.owner {
        spec.insert("owner".into(), owner.as_str().into());
    }
    let body = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": metadata, "spec": spec});
    Entity {
        ownership: Some(ownership),
        language: project.language().map(|(name, _)| name.to_owned()),
        facts,
        problems,
        ..Entity::stated(entity_ref, Origin::Inferred, source, body.to_string())
    }
}

fn fact(field: &str, value: &str, because: String, url: Option<String>) -> Fact {
    Fact { field: field.to_owned(), value: value.to_owned(), because, url }
}

/// CODEOWNERS, else who wrote most of what was committed lately, else the group, else the person whose namespace it is.
fn owner(
    project: &ProjectRecord,
    owners: Option<(&str, &Codeowners)>,
    share: Option<&Share>,
) -> (Ownership, Option<Fact>) {
    if let Some((path, owners)) = owners
        && let Some(rule) = owners.of_repository()
        && let Some(owner) = rule.owners.iter().find_map(owner_ref)
    {
        let detail = format!("{path} line {}", rule.line);
        let url = project.branch().map(|branch| format!("{}/-/blob/{branch}/{path}#L{}", project.web_url, rule.line));
        let because = format!("{detail}: {} is the rule for the whole repository", rule.pattern);
        let found = fact("spec.owner", owner.as_str(), because, url);
        return (Ownership { owner: Some(owner), evidence: Evidence::Codeowners, detail, share: None }, Some(found));
    }
    if let Some(share) = share {
        let detail = share.detail();
        let url = project.branch().map(|branch| format!("{}/-/commits/{branch}", project.web_url));
        let found = fact("spec.owner", share.owner.as_str(), detail.clone(), url);
        let owner = Some(share.owner.clone());
        let ownership = Ownership { owner, evidence: Evidence::Commits, detail, share: Some(share.confidence()) };
        return (ownership, Some(found));
    }
    let (path, detail, kind, url) = match &project.group {
        Some(group) => (&*group.path, format!("group {}", group.path), "group", Some(group.url.clone())),
        None if !project.namespace.is_empty() && !project.namespace.contains('/') => {
            (&*project.namespace, format!("namespace of {}", project.namespace), "user", None)
        }
        None => {
            let none = Ownership {
                owner: None,
                evidence: Evidence::Missing,
                detail: "no group, no CODEOWNERS".into(),
                share: None,
            };
            return (none, None);
        }
    };
    let name = if kind == "user" { user_name(path) } else { safe_name(path) };
    let owner = EntityRef::new(kind, "default", name).key();
    let found = fact("spec.owner", owner.as_str(), format!("the project lives in the {detail}"), url);
    (Ownership { owner: Some(owner), evidence: Evidence::Group, detail, share: None }, Some(found))
}

/// A mention of several segments is a group; one of a single segment a person, as CODEOWNERS files mean it nearly
/// always. E-mail addresses and roles name nobody that the catalog can hold.
fn owner_ref(owner: &codeowners::Owner) -> Option<RefKey> {
    let codeowners::Owner::Mention(path) = owner else { return None };
    let path = path.trim_start_matches('@');
    let owner = if path.contains('/') {
        EntityRef::new("group", "default", safe_name(path))
    } else {
        EntityRef::new("user", "default", user_name(path))
    };
    Some(owner.key())
}

/// A topic as a tag, when it can be one.
fn tag(topic: &str) -> Option<String> {
    let tag: String = topic.to_lowercase().replace([' ', '_', '/', '.'], "-");
    let legal = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b":+#".contains(&b));
    (tag.len() <= 63 && tag.split('-').all(legal)).then_some(tag)
}

//! From a tree to an entity: the envelope, then what the kind asks for.

use model::{Code, EntityRef, Position, Problem};

use super::{
    Accepted, Document, LocationSpec,
    check::Check,
    kinds, metadata,
    names::Form,
    node::{Entry, Node, Tree, quoted},
    placeholder,
    yaml::RawDocument,
};

/// What came of a document.
pub(super) struct Judged {
    pub(super) entity: Option<Accepted>,
    pub(super) claimed_ref: Option<EntityRef>,
    pub(super) problems: Vec<Problem>,
}

/// A document of a file; nothing when it is empty.
pub(super) fn document(raw: RawDocument) -> Option<Document> {
    let RawDocument { index, at, root, mut problems, refused, .. } = raw;
    let Some(root) = root.filter(|root| refused || root.tree != Tree::Null) else {
        return refused.then_some(Document { index, position: at, entity: None, claimed_ref: None, problems });
    };
    let position = root.at.unwrap_or(at);
    if refused {
        // What is wrong with the text comes first; judging what is left of it would add noise.
        let claimed_ref = claimed_ref(&root);
        return Some(Document { index, position, entity: None, claimed_ref, problems });
    }
    let judged = judge(&root);
    problems.extend(judged.problems.into_iter().map(|problem| problem.in_document(index)));
    Some(Document { index, position, entity: judged.entity, claimed_ref: judged.claimed_ref, problems })
}

/// Applies every rule that needs nothing but the document.
pub(super) fn judge(root: &Node) -> Judged {
    let mut check = Check::default();
    let Some(entries) = root.entries() else {
        let message =
            format!("the document is {}; it must be a mapping with apiVersion, kind and metadata", root.described());
        let remedy = "Begin with `apiVersion: backstage.io/v1alpha1`.";
        check.refuse(Code::Envelope, root.at, "", message, remedy);
        return Judged { entity: None, claimed_ref: None, problems: check.problems };
    };
    foreign_fields(entries, &mut check);
    let api_version = envelope_text(root, "apiVersion", Form::ApiVersion, "backstage.io/v1alpha1", &mut check);
    let kind = envelope_text(root, "kind", Form::Kind, "Component", &mut check);
    match root.get("metadata") {
        None => check.missing(root.at, "metadata", "Add `metadata:` with a name."),
        Some(metadata) if metadata.entries().is_none() => check.wrong_type(metadata, "metadata", "a mapping"),
        Some(metadata) => metadata::check(metadata, &mut check),
    }
    if let Some(spec) = root.get("spec").filter(|spec| spec.entries().is_none()) {
        check.wrong_type(spec, "spec", "a mapping");
    }
    if let (Some(api_version), Some(kind)) = (&api_version, &kind) {
        kinds::check_spec(root, api_version, kind, &mut check);
    }
    let (placeholders, unfillable) = placeholder::collect(root);
    check.refused |= !unfillable.is_empty();
    check.problems.extend(unfillable);

    let claimed_ref = claimed_ref(root);
    let entity = match &claimed_ref {
        Some(entity_ref) if !check.refused => Some(Accepted {
            entity_ref: entity_ref.clone(),
            body: body(entries),
            placeholders,
            location: location(root, entity_ref),
            owner_position: root.get("spec").and_then(|spec| spec.get("owner")).and_then(|owner| owner.at),
        }),
        _ => None,
    };
    Judged { entity, claimed_ref, problems: check.problems }
}

fn foreign_fields(entries: &[Entry], check: &mut Check) {
    for entry in entries {
        if !matches!(entry.key.as_str(), "apiVersion" | "kind" | "metadata" | "spec") {
            let message = format!(
                "the document has the field {} at its root; only apiVersion, kind, metadata and spec may stand there",
                quoted(&entry.key)
            );
            let remedy = match entry.key.as_str() {
                "relations" | "status" => "Remove it: the catalog works it out itself.",
                _ => "Move it into metadata or spec, or mend the indentation.",
            };
            check.refuse(Code::Envelope, entry.key_at, &entry.key, message, remedy);
        }
    }
}

fn envelope_text(root: &Node, field: &str, form: Form, example: &str, check: &mut Check) -> Option<String> {
    match root.get(field) {
        None => {
            check.missing(root.at, field, format!("Add `{field}: {example}`."));
            None
        }
        Some(node) if node.tree == Tree::Null => {
            check.missing(node.at, field, format!("Give it a value: `{field}: {example}`."));
            None
        }
        Some(node) => check.form(node, field, form).filter(|text| form.allows(text)),
    }
}

/// The reference a document means, if its parts are strings that could stand in one. They need not follow the rules:
/// a name one character too long still tells people which entity is meant.
fn claimed_ref(root: &Node) -> Option<EntityRef> {
    let part = |node: Option<&Node>| {
        let text = node?.text()?;
        let readable = !text.is_empty() && !text.contains(['/', ':']) && !text.contains(char::is_whitespace);
        readable.then(|| text.to_owned())
    };
    let metadata = root.get("metadata")?;
    let namespace = match metadata.get("namespace") {
        None => metadata::DEFAULT_NAMESPACE.to_owned(),
        written => part(written)?,
    };
    Some(EntityRef::new(part(root.get("kind"))?, namespace, part(metadata.get("name"))?))
}

/// The document as JSON with its namespace filled in, beside the name as people would write it.
fn body(entries: &[Entry]) -> serde_json::Map<String, serde_json::Value> {
    let mut body = Node::object(entries);
    if let Some(serde_json::Value::Object(metadata)) = body.get_mut("metadata")
        && !metadata.contains_key("namespace")
    {
        let written = std::mem::take(metadata);
        for (key, value) in written {
            let name = key == "name";
            metadata.insert(key, value);
            if name {
                metadata.insert("namespace".to_owned(), metadata::DEFAULT_NAMESPACE.into());
            }
        }
    }
    body
}

fn location(root: &Node, entity_ref: &EntityRef) -> Option<LocationSpec> {
    if entity_ref.kind() != "Location" {
        return None;
    }
    let spec = root.get("spec")?;
    let text = |field: &str| spec.get(field).and_then(Node::text);
    let target = |node: &Node| node.text().map(|text| (text.to_owned(), node.at));
    let mut targets: Vec<(String, Option<Position>)> = spec.get("target").and_then(target).into_iter().collect();
    if let Some(Tree::List(items)) = spec.get("targets").map(|node| &node.tree) {
        targets.extend(items.iter().filter_map(target));
    }
    Some(LocationSpec {
        kind: text("type").map(str::to_owned),
        targets,
        required: text("presence") != Some("optional"),
    })
}

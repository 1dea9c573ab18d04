//! Documents as the catalog API gives them.

use std::borrow::Cow;

use indexmap::IndexMap;
use model::{Entity, RelationType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use sha2::{Digest, Sha256};

use super::{Edge, Summary, View, flatten::lower};

/// A relation as the catalog API writes it.
#[derive(Serialize)]
struct Relation<'a> {
    #[serde(rename = "type")]
    kind: RelationType,
    #[serde(rename = "targetRef")]
    target: &'a str,
}

/// The hash over a document and its relations: 32 hex digits.
pub(super) fn etag(entity: &Entity, edges: &[Edge]) -> String {
    let mut hash = Sha256::new();
    hash.update(&entity.body);
    for edge in edges {
        // Separators, so that no two lists of edges give the same bytes.
        hash.update([0]);
        hash.update(edge.kind.as_str());
        hash.update([0]);
        hash.update(edge.target.as_str());
    }
    let mut digits = hex::encode(hash.finalize());
    digits.truncate(32);
    digits
}

/// The document with `metadata.uid`, `metadata.etag` and `relations`, or of it only some fields.
pub(super) fn write(view: &View<'_>, fields: Option<&[String]>) -> String {
    let edges = view.edges();
    let whole = splice(view, &edges).unwrap_or_else(|| bare(view));
    match fields {
        None => whole,
        Some(fields) => pick(&whole, fields),
    }
}

/// Puts the additions between the parts of the stored text, which is not taken apart any further.
fn splice(view: &View<'_>, edges: &[Edge]) -> Option<String> {
    let body = &view.entity().body;
    let parts: IndexMap<Cow<'_, str>, &RawValue> = serde_json::from_str(body).ok()?;
    let relations = edges.iter().map(|edge| Relation { kind: edge.kind, target: edge.target.as_str() });
    let relations = serde_json::to_string(&relations.collect::<Vec<_>>()).ok()?;
    let mut text = String::with_capacity(body.len() + relations.len() + 128);
    text.push('{');
    for (name, part) in &parts {
        text.push_str(&serde_json::to_string(name).ok()?);
        text.push(':');
        if name == "metadata" {
            let rest = part.get().trim_start().strip_prefix('{')?;
            text.push_str("{\"uid\":\"");
            text.push_str(&view.uid());
            text.push_str("\",\"etag\":\"");
            text.push_str(&etag(view.entity(), edges));
            text.push_str(if rest.trim_start().starts_with('}') { "\"" } else { "\"," });
            text.push_str(rest);
        } else {
            text.push_str(part.get());
        }
        text.push(',');
    }
    text.push_str("\"relations\":");
    text.push_str(&relations);
    text.push('}');
    Some(text)
}

/// What is known even of a document that cannot be read, which only a damaged store can give.
fn bare(view: &View<'_>) -> String {
    let reference = &view.entity().entity_ref;
    let metadata = serde_json::json!({
        "uid": view.uid(), "namespace": reference.namespace(), "name": reference.name(),
    });
    serde_json::json!({"kind": reference.kind(), "metadata": metadata, "relations": []}).to_string()
}

/// Keeps only the fields at these dotted paths.
fn pick(whole: &str, fields: &[String]) -> String {
    let whole: Value = serde_json::from_str(whole).unwrap_or_default();
    let mut kept = Value::Object(Map::new());
    for field in fields {
        copy(&whole, field, &mut kept);
    }
    kept.to_string()
}

/// Copies what is at a path whose keys may have dots of their own.
fn copy(from: &Value, path: &str, into: &mut Value) {
    let Value::Object(map) = from else { return };
    for (key, inner) in map {
        let Some(rest) = strip_key(path, key) else { continue };
        let Value::Object(kept) = into else { return };
        if rest.is_empty() {
            kept.insert(key.clone(), inner.clone());
            return;
        }
        let Some(rest) = rest.strip_prefix('.') else { continue };
        let had = kept.contains_key(key);
        let place = kept.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
        copy(inner, rest, place);
        if !had && place.as_object().is_some_and(Map::is_empty) {
            kept.shift_remove(key);
        }
    }
}

fn strip_key<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    if let Some(rest) = path.strip_prefix(key) {
        return Some(rest);
    }
    let (head, rest) = path.split_at_checked(key.len())?;
    (lower(head) == lower(key)).then_some(rest)
}

/// The fields that lists show. A field of another type than it should be counts as absent.
#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow, default)]
    metadata: IndexMap<Cow<'a, str>, &'a RawValue>,
    #[serde(borrow, default)]
    spec: IndexMap<Cow<'a, str>, &'a RawValue>,
}

/// The title of a document.
#[must_use]
pub fn title_of(body: &str) -> Option<String> {
    summary(body).title
}

/// Reads what lists show of a document.
pub(super) fn summary(body: &str) -> Summary {
    let Ok(shown) = serde_json::from_str::<Shown<'_>>(body) else { return Summary::default() };
    let text = |map: &IndexMap<Cow<'_, str>, &RawValue>, key: &str| {
        map.get(key).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
    };
    let tags = shown.metadata.get("tags").and_then(|raw| serde_json::from_str(raw.get()).ok());
    Summary {
        title: text(&shown.metadata, "title"),
        description: text(&shown.metadata, "description"),
        tags: tags.unwrap_or_default(),
        kind_type: text(&shown.spec, "type"),
        lifecycle: text(&shown.spec, "lifecycle"),
    }
}

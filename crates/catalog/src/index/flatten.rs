//! A document as search rows: dotted path, value, and whether the value is an item of a list.
//!
//! The rows are the catalog API's: every scalar has one; each item of a list has one under the list's own path; mappings
//! in lists add no position. (That the reference also has a row `path.item = true` for each text in a list follows from
//! these and is not kept.) A value longer than [`LONGEST`] characters has a row without a value, a path longer than that
//! none.

use serde_json::Value;

/// Longer paths and values are not compared, as in the reference; it keeps API definitions out.
pub(super) const LONGEST: usize = 200;

/// Left out of the rows: they are answered from elsewhere.
const APART: [&str; 2] = ["metadata.uid", "metadata.etag"];

/// Where in the index the rows of a path are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// As terms: what people filter, count and order by.
    Terms,
    /// As hashes: exact matches are found at once, all else by reading the documents. Annotations, descriptions, links
    /// and everything deep in a spec: nearly always one value an entity, and terms of them would be most of the memory.
    Hashes,
}

/// Where the rows of a path (lower case) are kept.
pub(super) fn kept(path: &str) -> Kept {
    let terms = match path.split_once('.') {
        None => true,
        Some(("metadata", rest)) => {
            matches!(rest, "name" | "namespace" | "title" | "tags") || rest.starts_with("labels.")
        }
        // Short definitions of APIs would be values like any other, each an entity's own.
        Some(("spec", "definition")) => false,
        Some(("spec", rest)) => !rest.contains('.') || rest.starts_with("profile."),
        Some((head, _)) => matches!(head, "relations" | "stagedoor"),
    };
    if terms { Kept::Terms } else { Kept::Hashes }
}

/// Lower case for comparing.
pub(super) fn lower(text: &str) -> std::borrow::Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) { text.into() } else { text.to_lowercase().into() }
}

/// Calls `visit` with every row: path in lower case, value as written (absent when there is none to compare), whether it
/// is a text in a list.
pub(super) fn rows(body: &Value, visit: &mut impl FnMut(&str, Option<&str>, bool)) {
    let mut path = String::new();
    for root in ["apiVersion", "kind", "metadata", "spec"] {
        if let Some(value) = body.get(root) {
            path.clear();
            path.push_str(&lower(root));
            walk(&mut path, value, false, visit);
        }
    }
}

/// The rows of a mapping that is part of a document, with paths that start inside it.
pub(super) fn element_rows(element: &Value, visit: &mut impl FnMut(&str, Option<&str>, bool)) {
    let Value::Object(map) = element else { return };
    for (key, value) in map {
        walk(&mut lower(key).into_owned(), value, false, visit);
    }
}

/// The value at a dotted path (lower case) whose keys may have dots of their own.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let Value::Object(map) = value else { return None };
    map.iter().find_map(|(key, inner)| {
        let rest = path.strip_prefix(&*lower(key))?;
        if rest.is_empty() { Some(inner) } else { at(inner, rest.strip_prefix('.')?) }
    })
}

fn walk(path: &mut String, value: &Value, item: bool, visit: &mut impl FnMut(&str, Option<&str>, bool)) {
    if APART.contains(&path.as_str()) {
        return;
    }
    match value {
        Value::Object(map) => {
            let end = path.len();
            for (key, inner) in map {
                path.push('.');
                path.push_str(&lower(key));
                walk(path, inner, false, visit);
                path.truncate(end);
            }
        }
        Value::Array(items) => items.iter().for_each(|inner| walk(path, inner, true, visit)),
        _ if path.len() > LONGEST => {}
        Value::Null => visit(path, None, false),
        Value::Bool(flag) => visit(path, Some(if *flag { "true" } else { "false" }), false),
        Value::Number(number) => visit(path, Some(&number_text(number)), false),
        Value::String(text) => {
            let short = text.len() <= LONGEST || text.chars().count() <= LONGEST;
            visit(path, short.then_some(text.as_str()), item);
        }
    }
}

/// A number as JavaScript writes it: `1.0` is `1`.
fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

//! Placeholders: a mapping with the single key `$text`, `$json` or `$yaml` stands for the content of another file.

use model::{Code, Position, Problem, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Limits,
    node::{Entry, Node, Tree, quoted},
    yaml,
};

/// How the other file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceholderKind {
    /// As it is, one string.
    Text,
    /// As JSON.
    Json,
    /// As YAML, one document.
    Yaml,
}

impl PlaceholderKind {
    /// The key as written, `$text`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Text => "$text",
            Self::Json => "$json",
            Self::Yaml => "$yaml",
        }
    }

    fn of_key(key: &str) -> Option<Self> {
        [Self::Text, Self::Json, Self::Yaml].into_iter().find(|kind| kind.key() == key)
    }
}

/// One value to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Which value, as a JSON pointer (RFC 6901): `/spec/definition`.
    pub pointer: String,
    /// How the file is read.
    pub kind: PlaceholderKind,
    /// The path or address as written, relative to the file it stands in. Only the same repository is allowed.
    pub target: String,
    /// Where the target is written.
    pub position: Option<Position>,
}

/// The kind and target value of a node that is a placeholder.
pub(super) fn read(node: &Node) -> Option<(PlaceholderKind, &Node)> {
    match node.entries()? {
        [Entry { key, value, .. }] => PlaceholderKind::of_key(key).map(|kind| (kind, value)),
        _ => None,
    }
}

/// All placeholders below a node. Targets that are no strings become problems.
///
/// A mapping that has a `$` key and others beside it is left alone with all it holds, as in the reference.
pub(super) fn collect(root: &Node) -> (Vec<Placeholder>, Vec<Problem>) {
    let mut found = (Vec::new(), Vec::new());
    walk(root, &mut String::new(), &mut found);
    found
}

fn walk(node: &Node, pointer: &mut String, found: &mut (Vec<Placeholder>, Vec<Problem>)) {
    match &node.tree {
        Tree::List(items) => {
            for (i, item) in items.iter().enumerate() {
                below(pointer, &i.to_string(), |pointer| walk(item, pointer, found));
            }
        }
        Tree::Map(entries) => {
            if let Some((kind, value)) = read(node) {
                one(kind, value, pointer, found);
            } else if !entries.iter().any(|entry| entry.key.starts_with('$')) {
                for entry in entries {
                    let step = entry.key.replace('~', "~0").replace('/', "~1");
                    below(pointer, &step, |pointer| walk(&entry.value, pointer, found));
                }
            }
        }
        _ => {}
    }
}

fn one(kind: PlaceholderKind, value: &Node, pointer: &str, found: &mut (Vec<Placeholder>, Vec<Problem>)) {
    match value.text() {
        Some(target) if !target.trim().is_empty() => found.0.push(Placeholder {
            pointer: pointer.to_owned(),
            kind,
            target: target.to_owned(),
            position: value.at,
        }),
        _ => found.1.push(
            Problem::new(
                Code::Placeholder,
                Severity::Error,
                format!("{} is {}; it must be the path of a file", kind.key(), value.described()),
                "Write a path relative to this file, such as ./openapi.yaml.",
            )
            .at(value.at)
            .on(dotted(pointer)),
        ),
    }
}

fn below(pointer: &mut String, step: &str, then: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(step);
    then(pointer);
    pointer.truncate(length);
}

fn dotted(pointer: &str) -> String {
    let steps: Vec<String> = pointer.split('/').skip(1).map(|s| s.replace("~1", "/").replace("~0", "~")).collect();
    steps.join(".")
}

/// Replaces a placeholder in a body by the text of the file it names. Check the body again with
/// [`check_value`](super::check_value) when all are filled: a `$json` may have brought a value of the wrong type.
///
/// # Errors
/// The text is no JSON or not exactly one YAML document, or the body no longer has the placeholder's place.
#[expect(clippy::result_large_err, reason = "rarely an error, and its caller keeps the problem as it is")]
pub fn fill(body: &mut Map<String, Value>, placeholder: &Placeholder, text: &str) -> Result<(), Problem> {
    let problem = |message: String, remedy: &str| {
        Problem::new(Code::Placeholder, Severity::Error, message, remedy)
            .at(placeholder.position)
            .on(dotted(&placeholder.pointer))
    };
    let value = match placeholder.kind {
        PlaceholderKind::Text => Value::String(text.to_owned()),
        PlaceholderKind::Json => serde_json::from_str(text).map_err(|error| {
            problem(format!("{} is not JSON: {error}", quoted(&placeholder.target)), "Mend that file, or use $text.")
        })?,
        PlaceholderKind::Yaml => one_document(text).map_err(|reason| {
            problem(format!("{} {reason}", quoted(&placeholder.target)), "Mend that file, or use $text.")
        })?,
    };
    let slot = placeholder.pointer.strip_prefix('/').and_then(|rest| {
        let (first, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let root = body.get_mut(&first.replace("~1", "/").replace("~0", "~"))?;
        if rest.is_empty() { Some(root) } else { root.pointer_mut(&format!("/{rest}")) }
    });
    match slot {
        Some(slot) => {
            *slot = value;
            Ok(())
        }
        None => Err(problem(
            format!("the entity has no {} to fill", dotted(&placeholder.pointer)),
            "Read the catalog file again.",
        )),
    }
}

/// The value of a text that is one YAML document, or why it is not.
fn one_document(text: &str) -> Result<Value, String> {
    let mut stream = yaml::read(text, &Limits::default());
    if let Some(problem) = stream.problems.first() {
        return Err(format!("is not read: {}", problem.message));
    }
    match (stream.documents.len(), stream.documents.pop()) {
        (1, Some(raw)) => match raw.problems.iter().find(|problem| problem.severity == Severity::Error) {
            Some(problem) => {
                let line = problem.position.map(|at| format!(" (line {})", at.line)).unwrap_or_default();
                Err(format!("is not read: {}{line}", problem.message))
            }
            None => Ok(raw.root.map(|root| root.to_json()).unwrap_or(Value::Null)),
        },
        (count, _) => Err(format!("holds {count} YAML documents; it must hold one")),
    }
}

//! A YAML document as a tree that knows where everything stands.

use model::Position;
use serde_json::{Map, Number, Value};

/// One value and its place; values that did not come from a file have none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) tree: Tree,
    pub(super) at: Option<Position>,
}

/// The values of the core schema.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Flag(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a mapping with its value, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Option<Position>,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn new(tree: Tree, at: Position) -> Self {
        Self { tree, at: Some(at) }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.tree {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.tree {
            Tree::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// What it is, for messages.
    pub(super) fn described(&self) -> String {
        match &self.tree {
            Tree::Null => "empty".to_owned(),
            Tree::Flag(flag) => format!("the boolean {flag}"),
            Tree::Number(number) => format!("the number {number}"),
            Tree::Text(text) if text.is_empty() => "an empty string".to_owned(),
            Tree::Text(text) => format!("the string {}", quoted(text)),
            Tree::List(_) => "a list".to_owned(),
            Tree::Map(_) => "a mapping".to_owned(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Flag(flag) => Value::Bool(*flag),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Tree::Map(entries) => Value::Object(Self::object(entries)),
        }
    }

    pub(super) fn object(entries: &[Entry]) -> Map<String, Value> {
        entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
    }

    pub(super) fn from_json(value: &Value) -> Self {
        let tree = match value {
            Value::Null => Tree::Null,
            Value::Bool(flag) => Tree::Flag(*flag),
            Value::Number(number) => Tree::Number(number.clone()),
            Value::String(text) => Tree::Text(text.clone()),
            Value::Array(items) => Tree::List(items.iter().map(Self::from_json).collect()),
            Value::Object(map) => Tree::Map(
                map.iter()
                    .map(|(key, value)| Entry { key: key.clone(), key_at: None, value: Self::from_json(value) })
                    .collect(),
            ),
        };
        Self { tree, at: None }
    }
}

/// A value inside a message: quoted, control characters escaped, cut after 80 characters.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() > LONGEST {
        let head: String = text.chars().take(LONGEST).collect();
        format!("{head:?}… ({} characters)", text.chars().count())
    } else {
        format!("{text:?}")
    }
}

//! A small description of what `spec` may look like, and the walk that checks a tree against it.
//!
//! It says no more than the schemas that the reference publishes: fields that it does not name may hold anything.

use model::Code;

use super::{
    check::Check,
    node::{Node, Tree},
    placeholder,
};

/// What a value must be.
#[derive(Debug)]
pub(super) enum Shape {
    /// A string with something in it.
    Text,
    /// A string, perhaps empty.
    AnyText,
    /// A string or a boolean.
    TextOrFlag,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A reference, whose kind may be left out if there is a default.
    Reference(Option<&'static str>),
    /// References in a field that the schema leaves open: read if they can be, never a reason to refuse.
    OpenReferences(Option<&'static str>),
    /// A list.
    List(&'static Shape),
    /// A mapping with some known fields.
    Map(&'static [Field]),
    /// A mapping with some known fields whose other fields are strings.
    TextMap(&'static [Field]),
    /// The first for a list, the second for anything else.
    ListOr(&'static Shape, &'static Shape),
}

/// A known field of a mapping.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
    /// What to write, for the remedy when it is missing.
    pub(super) example: &'static str,
}

pub(super) const fn required(name: &'static str, shape: Shape, example: &'static str) -> Field {
    Field { name, required: true, shape, example }
}

pub(super) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape, example: "" }
}

impl Shape {
    pub(super) fn check(&self, node: &Node, pointer: &str, check: &mut Check) {
        if placeholder::read(node).is_some() {
            // What stands in the other file is checked once it is here.
            return;
        }
        match self {
            Self::Text => {
                non_empty(node, pointer, check);
            }
            Self::AnyText => {
                if node.text().is_none() {
                    check.wrong_type(node, pointer, "a string");
                }
            }
            Self::TextOrFlag => {
                if !matches!(node.tree, Tree::Text(_) | Tree::Flag(_)) {
                    check.wrong_type(node, pointer, "a string or a boolean");
                }
            }
            Self::Word(words) => word(node, pointer, words, check),
            Self::Reference(default_kind) => {
                if non_empty(node, pointer, check) {
                    check.reference(node, pointer, *default_kind);
                }
            }
            Self::OpenReferences(default_kind) => match &node.tree {
                Tree::List(items) => {
                    for (i, item) in items.iter().enumerate() {
                        check.reference(item, &format!("{pointer}.{i}"), *default_kind);
                    }
                }
                _ => check.reference(node, pointer, *default_kind),
            },
            Self::List(shape) => match &node.tree {
                Tree::List(items) => {
                    for (i, item) in items.iter().enumerate() {
                        shape.check(item, &format!("{pointer}.{i}"), check);
                    }
                }
                _ => check.wrong_type(node, pointer, "a list"),
            },
            Self::Map(fields) => map(fields, node, pointer, check),
            Self::TextMap(fields) => {
                map(fields, node, pointer, check);
                let others = node.entries().unwrap_or_default().iter();
                for entry in others.filter(|entry| fields.iter().all(|field| field.name != entry.key)) {
                    Self::AnyText.check(&entry.value, &format!("{pointer}.{}", entry.key), check);
                }
            }
            Self::ListOr(list, other) => match node.tree {
                Tree::List(_) => list.check(node, pointer, check),
                _ => other.check(node, pointer, check),
            },
        }
    }
}

fn map(fields: &[Field], node: &Node, pointer: &str, check: &mut Check) {
    if node.entries().is_none() {
        check.wrong_type(node, pointer, "a mapping");
        return;
    }
    for field in fields {
        let pointer = format!("{pointer}.{}", field.name);
        match node.get(field.name) {
            None if field.required => check.missing(node.at, &pointer, format!("Add `{}`.", field.example)),
            None => {}
            Some(value) if field.required && value.tree == Tree::Null => {
                check.missing(value.at, &pointer, format!("Give it a value: `{}`.", field.example));
            }
            Some(value) => field.shape.check(value, &pointer, check),
        }
    }
}

fn non_empty(node: &Node, pointer: &str, check: &mut Check) -> bool {
    match node.text() {
        Some("") => {
            let message = format!("{pointer} is an empty string");
            check.refuse(Code::InvalidField, node.at, pointer, message, "Give it a value, or remove the line.");
            false
        }
        Some(_) => true,
        None => {
            check.wrong_type(node, pointer, "a string");
            false
        }
    }
}

fn word(node: &Node, pointer: &str, words: &[&str], check: &mut Check) {
    if node.text().is_some_and(|text| words.contains(&text)) {
        return;
    }
    let expected = words.join(" or ");
    let message = format!("{pointer} is {}; it must be {expected}", node.described());
    check.refuse(Code::InvalidField, node.at, pointer, message, format!("Write {expected}."));
}

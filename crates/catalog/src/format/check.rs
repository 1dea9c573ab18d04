//! Collects what is wrong with one document and remembers whether it refuses it.

use model::{Code, EntityRef, Position, Problem, Severity};

use super::{
    names::Form,
    node::{Node, quoted},
};

/// Problems reported of one document at most: whoever reads a hundred mends the cause first.
pub(super) const REPORTED: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Check {
    pub(super) problems: Vec<Problem>,
    pub(super) refused: bool,
}

impl Check {
    /// The document is not accepted because of this.
    pub(super) fn refuse(
        &mut self,
        code: Code,
        at: Option<Position>,
        pointer: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.refused = true;
        self.note(code, Severity::Error, at, pointer, message, remedy);
    }

    /// Something is wrong, and the document is accepted all the same.
    pub(super) fn note(
        &mut self,
        code: Code,
        severity: Severity,
        at: Option<Position>,
        pointer: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.problems.len() >= REPORTED {
            return;
        }
        let problem = Problem::new(code, severity, message, remedy).at(at);
        self.problems.push(if pointer.is_empty() { problem } else { problem.on(pointer) });
    }

    pub(super) fn missing(&mut self, at: Option<Position>, pointer: &str, remedy: impl Into<String>) {
        self.refuse(Code::MissingField, at, pointer, format!("{pointer} is missing"), remedy);
    }

    /// A value of the wrong type. A required field without a value is missing rather than wrong.
    pub(super) fn wrong_type(&mut self, node: &Node, pointer: &str, expected: &str) {
        let message = format!("{pointer} is {}; it must be {expected}", node.described());
        let remedy = match node.tree {
            super::node::Tree::Null => "Give it a value, or remove the line.".to_owned(),
            super::node::Tree::Number(_) | super::node::Tree::Flag(_) if expected.contains("string") => {
                "Put the value in quotes.".to_owned()
            }
            _ => format!("Make it {expected}."),
        };
        self.refuse(Code::InvalidField, node.at, pointer, message, remedy);
    }

    /// A string that must have one of the [`Form`]s; `None` when it is no string.
    pub(super) fn form(&mut self, node: &Node, pointer: &str, form: Form) -> Option<String> {
        let Some(text) = node.text() else {
            self.wrong_type(node, pointer, "a string");
            return None;
        };
        if !form.allows(text) {
            self.form_refused(node.at, pointer, text, form);
        }
        Some(text.to_owned())
    }

    pub(super) fn form_refused(&mut self, at: Option<Position>, pointer: &str, text: &str, form: Form) {
        if text.contains("{{") || text.contains("${") {
            self.refuse(
                Code::InvalidField,
                at,
                pointer,
                format!(
                    "{pointer} {} is the placeholder of a template, so this is a skeleton and no entity",
                    quoted(text)
                ),
                "Keep skeletons in a folder named `skeleton`, which is not searched.",
            );
            return;
        }
        let message = format!("{pointer} {} must be {}", quoted(text), form.expected());
        let remedy = match (form, suggestion(form, text)) {
            (_, Some(better)) => format!("Write {better}, for example."),
            (Form::Key, None) => "Rename the key.".to_owned(),
            _ => "Change the value.".to_owned(),
        };
        self.refuse(Code::InvalidField, at, pointer, message, remedy);
    }

    /// A reference inside `spec`. One that cannot be read is left out of the relations; the entity stays.
    pub(super) fn reference(&mut self, node: &Node, pointer: &str, default_kind: Option<&str>) {
        let Some(text) = node.text() else { return };
        let read = EntityRef::parse(text, default_kind, "default");
        let message = match read {
            // The kind is whatever stands before the first colon; a slash in it means the parts were swapped.
            Ok(read) if read.kind().contains('/') => {
                format!("{pointer}: reference {text:?} has its namespace before its kind")
            }
            Ok(_) => return,
            Err(error) => format!("{pointer}: {error}"),
        };
        self.note(
            Code::InvalidRef,
            Severity::Error,
            node.at,
            pointer,
            message,
            "Write kind:namespace/name; the entity is kept without this relation.",
        );
    }
}

/// The nearest value that the form allows, if the text has one.
fn suggestion(form: Form, text: &str) -> Option<String> {
    let lower = matches!(form, Form::Namespace | Form::Tag);
    let replaced: String = text
        .chars()
        .map(|c| if lower { c.to_ascii_lowercase() } else { c })
        .map(|c| if c.is_whitespace() || matches!(c, '_' | '.' | '/') && lower || c == '/' { '-' } else { c })
        .collect();
    let trimmed = replaced.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (matches!(form, Form::Name | Form::Namespace | Form::Tag) && trimmed != text && form.allows(trimmed))
        .then(|| trimmed.to_owned())
}

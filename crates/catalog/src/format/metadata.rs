//! `metadata`: what every kind has in common.

use model::Code;

use super::{
    check::Check,
    names::Form,
    node::{Entry, Node, Tree, quoted},
    placeholder,
    shape::Shape,
};

/// The namespace of an entity that names none.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

pub(super) fn check(metadata: &Node, check: &mut Check) {
    match metadata.get("name") {
        None => check.missing(metadata.at, "metadata.name", "Add `name: your-service`."),
        Some(name) if name.tree == Tree::Null => {
            check.missing(name.at, "metadata.name", "Give it a value: `name: your-service`.");
        }
        Some(name) => {
            check.form(name, "metadata.name", Form::Name);
        }
    }
    if let Some(namespace) = metadata.get("namespace") {
        check.form(namespace, "metadata.namespace", Form::Namespace);
    }
    for (field, shape) in
        [("uid", Shape::Text), ("etag", Shape::Text), ("title", Shape::Text), ("description", Shape::AnyText)]
    {
        if let Some(node) = metadata.get(field) {
            shape.check(node, &format!("metadata.{field}"), check);
        }
    }
    keyed(metadata, "labels", check, |entry, pointer, check| {
        if entry.value.text().is_some_and(|text| text.contains("{{")) || entry.value.text().is_none() {
            check.form(&entry.value, pointer, Form::LabelValue);
        } else if let Some(text) = entry.value.text().filter(|text| !Form::LabelValue.allows(text)) {
            check.form_refused(entry.value.at, pointer, text, Form::LabelValue);
        }
    });
    keyed(metadata, "annotations", check, |entry, pointer, check| {
        Shape::AnyText.check(&entry.value, pointer, check);
    });
    listed(metadata, "tags", check, |tag, pointer, check| {
        check.form(tag, pointer, Form::Tag);
    });
    listed(metadata, "links", check, link);
}

/// A mapping whose keys have the form of keys.
fn keyed(metadata: &Node, field: &str, check: &mut Check, value: impl Fn(&Entry, &str, &mut Check)) {
    let Some(node) = metadata.get(field).filter(|node| placeholder::read(node).is_none()) else { return };
    let pointer = format!("metadata.{field}");
    let Some(entries) = node.entries() else {
        check.wrong_type(node, &pointer, "a mapping");
        return;
    };
    for entry in entries {
        let pointer = format!("{pointer}.{}", entry.key);
        if !Form::Key.allows(&entry.key) {
            let message =
                format!("the key {} of metadata.{field} must be {}", quoted(&entry.key), Form::Key.expected());
            check.refuse(Code::InvalidField, entry.key_at, &pointer, message, "Rename the key.");
        }
        if placeholder::read(&entry.value).is_none() {
            value(entry, &pointer, check);
        }
    }
}

fn listed(metadata: &Node, field: &str, check: &mut Check, item: impl Fn(&Node, &str, &mut Check)) {
    let Some(node) = metadata.get(field).filter(|node| placeholder::read(node).is_none()) else { return };
    let pointer = format!("metadata.{field}");
    let Tree::List(items) = &node.tree else {
        check.wrong_type(node, &pointer, "a list");
        return;
    };
    for (i, node) in items.iter().enumerate() {
        if placeholder::read(node).is_none() {
            item(node, &format!("{pointer}.{i}"), check);
        }
    }
}

fn link(link: &Node, pointer: &str, check: &mut Check) {
    if link.entries().is_none() {
        check.wrong_type(link, pointer, "a mapping with a url");
        return;
    }
    let url_pointer = format!("{pointer}.url");
    match link.get("url") {
        None => check.missing(link.at, &url_pointer, "Add `url: https://…`."),
        Some(url) if placeholder::read(url).is_some() => {}
        Some(url) => match url.text() {
            None => check.wrong_type(url, &url_pointer, "a string"),
            Some(text) => {
                if let Err(error) = url::Url::parse(text) {
                    let message = format!("{url_pointer} {} is no URL: {error}", quoted(text));
                    let remedy = "Write a complete address, with its scheme.";
                    check.refuse(Code::InvalidField, url.at, &url_pointer, message, remedy);
                }
            }
        },
    }
    for field in ["title", "icon", "type"] {
        let Some(node) = link.get(field).filter(|node| placeholder::read(node).is_none()) else { continue };
        let pointer = format!("{pointer}.{field}");
        match node.text() {
            None => check.wrong_type(node, &pointer, "a string"),
            Some(text) if text.is_empty() || (field != "type" && blank(text)) => {
                let message = format!("{pointer} is blank");
                check.refuse(Code::InvalidField, node.at, &pointer, message, "Give it a value, or remove the line.");
            }
            Some(_) => {}
        }
    }
}

/// Blank as JavaScript's `trim` sees it: a byte order mark is white space, U+0085 is not.
fn blank(text: &str) -> bool {
    text.chars().all(|c| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}

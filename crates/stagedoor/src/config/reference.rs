//! The JSON Schema for editors and the reference for the book, both from the types that read the file.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Config;

/// JSON Schema 2020-12 of the file.
pub(crate) fn schema() -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Config>();
    let mut schema = schema.to_value();
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".to_owned(), json!("Stagedoor configuration"));
    }
    schema
}

/// Markdown: a table for each part, with key, value, default and meaning.
pub(crate) fn reference() -> String {
    let schema = schema();
    let mut out = String::new();
    let mut parts = vec![(String::new(), schema.clone())];
    // What is below a part comes right after it.
    while let Some((path, part)) = parts.pop() {
        let mut below_this = Vec::new();
        if !path.is_empty() {
            let about = sentence(text(&part, "description"));
            let _infallible = writeln!(out, "\n### `{path}`\n\n{about}");
        }
        let _infallible = writeln!(out, "\n| key | value | default | meaning |\n|---|---|---|---|");
        let required: Vec<&str> =
            part.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in properties(&part) {
            let default = match property.get("default") {
                _ if required.contains(&name.as_str()) => "must be given".to_owned(),
                None | Some(Value::Null) => "–".to_owned(),
                Some(Value::Object(_)) => "see below".to_owned(),
                Some(Value::Array(items)) if items.is_empty() => "none".to_owned(),
                Some(Value::String(text)) => format!("`{text}`"),
                Some(other) => format!("`{other}`"),
            };
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let (value, nested) = value(&schema, property, &below);
            let meaning = match text(property, "description") {
                "" => text(resolve(&schema, property), "description"),
                own => own,
            };
            let _infallible = writeln!(out, "| `{name}` | {value} | {default} | {} |", cell(meaning));
            below_this.extend(nested);
        }
        parts.extend(below_this.into_iter().rev());
    }
    out.trim_start_matches('\n').to_owned()
}

fn properties(part: &Value) -> impl Iterator<Item = (&String, &Value)> {
    part.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// The form of a value in words, and the parts that are described below.
fn value(schema: &Value, property: &Value, path: &str) -> (String, Vec<(String, Value)>) {
    let property = resolve(schema, property);
    if let Some(forms) = ["anyOf", "oneOf"].iter().find_map(|name| property.get(name)?.as_array()) {
        let forms = forms.iter().filter(|form| text(form, "type") != "null");
        let (mut words, mut nested) = (Vec::new(), Vec::new());
        for form in forms {
            let form = resolve(schema, form);
            if let Some(constant) = form.get("const").and_then(Value::as_str) {
                words.push(format!("`{constant}`"));
            } else if let Some(tagged) = tagged(form) {
                words.push(tagged);
            } else {
                let (word, below) = value(schema, form, path);
                words.push(word);
                nested.extend(below);
            }
        }
        return (words.join(" or "), nested);
    }
    if let Some(names) = property.get("enum").and_then(Value::as_array) {
        let names: Vec<_> = names.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
        return (names.join(", "), Vec::new());
    }
    match kind(property) {
        "object" => ("see below".to_owned(), vec![(path.to_owned(), property.clone())]),
        "array" => {
            let item = resolve(schema, property.get("items").unwrap_or(&Value::Null));
            if kind(item) == "object" {
                ("list, see below".to_owned(), vec![(format!("{path}[]"), item.clone())])
            } else {
                ("list".to_owned(), Vec::new())
            }
        }
        "integer" => ("number".to_owned(), Vec::new()),
        "boolean" => ("`true`, `false`".to_owned(), Vec::new()),
        _ if text(property, "format") == "uri" => ("address".to_owned(), Vec::new()),
        _ => ("text".to_owned(), Vec::new()),
    }
}

/// `{file: …}`: a form that is known by its one key.
fn tagged(form: &Value) -> Option<String> {
    let mut names = properties(form);
    let required = form.get("required").and_then(Value::as_array).map_or(0, Vec::len);
    match (names.next(), names.next()) {
        (Some((name, _)), None) if required == 1 => Some(format!("`{{{name}: …}}`")),
        _ => None,
    }
}

/// The first type that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::Array(types)) => {
            types.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or_default()
        }
        Some(Value::String(name)) => name,
        _ => "",
    }
}

fn resolve<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let mut property = property;
    // Two steps are what the generator makes; a circle would only end here.
    for _ in 0..4 {
        match property.get("$ref").and_then(Value::as_str).and_then(|name| schema.pointer(name.trim_start_matches('#')))
        {
            Some(target) => property = target,
            None => break,
        }
    }
    property
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    sentence(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_meaning() {
        let reference = reference();
        for part in [
            "### `gitlab[]`",
            "### `gitlab[].discovery.people`",
            "### `gitlab[].proxy`",
            "| `checkSeconds` | number | `300` |",
        ] {
            assert!(reference.contains(part), "{part} is missing from\n{reference}");
        }
        let without: Vec<&str> = reference.lines().filter(|line| line.ends_with("|  |")).collect();
        assert_eq!(without, [""; 0], "keys without a doc comment");
        assert!(reference.contains("| `token` | `{file: …}` or `{env: …}` | must be given |"), "{reference}");
    }

    #[test]
    fn editors_are_told_of_wrong_keys() {
        let schema = schema();
        assert_eq!(schema.get("additionalProperties"), Some(&Value::Bool(false)));
        assert_eq!(schema.pointer("/$defs/GitlabConfig/additionalProperties"), Some(&Value::Bool(false)));
        assert_eq!(schema.pointer("/$defs/Discovery/additionalProperties"), Some(&Value::Bool(false)));
    }

    #[test]
    fn the_schema_agrees_with_the_reader() {
        let schema = schema();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let gitlab = |more: &str| format!("gitlab: [{{name: a, url: 'https://g.example', token: {{file: t}}{more}}}]");
        let mut texts = vec![
            "{}".to_owned(),
            "listen: 127.0.0.1:1".to_owned(),
            "log: {format: text}".to_owned(),
            "log: {format: xml}".to_owned(),
            "colour: red".to_owned(),
        ];
        texts.extend(
            [
                "",
                ", ca: ca.pem",
                ", ca: {pem: x}",
                ", ca: {base64: x}",
                ", ca: {pen: x}",
                ", proxy: 'http://p:1'",
                ", proxy: {url: 'http://p:1', username: u, password: {env: P}}",
                ", proxy: {username: u}",
                ", proxy: {url: 'http://p:1', user: u}",
                ", noProxy: [a, .b]",
                ", noProxy: a",
                ", timeouts: {connect: 3}",
                ", timeouts: {connect: three}",
                ", discovery: {groups: [a], people: {read: false}}",
                ", discovery: {group: a}",
                ", webhooks: {secret: {env: X}, register: true}",
                ", webhooks: {secret: {env: X}, register: auto}",
                ", webhooks: {secret: {env: X}, register: some}",
                ", token: glpat",
            ]
            .map(gitlab),
        );
        texts.push("gitlab: [{name: a, url: 'https://g.example'}]".to_owned());
        texts.push("gitlab: [{name: a, url: 'https://g.example', token: glpat-x}]".to_owned());
        for text in texts {
            let tree: Value = match serde_saphyr::from_str(&text) {
                Ok(tree) => tree,
                // Twice the same key: no schema is asked then.
                Err(_) => continue,
            };
            let read = serde_saphyr::from_str::<Config>(&text);
            assert_eq!(validator.is_valid(&tree), read.is_ok(), "{text}: {:?}", read.err());
        }
    }
}

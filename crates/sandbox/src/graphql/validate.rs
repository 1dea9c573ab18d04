//! Refusals of a query before it runs, in the words of GitLab's server (graphql-ruby).
//!
//! The schema library decides whether a query is valid. The commonest faults are looked for here first, because their
//! texts and `extensions` are what clients test for; any other fault keeps the library's own words.

use apollo_compiler::ast::{self, Definition, Selection};
use apollo_compiler::executable::Operation;
use apollo_compiler::parser::{LineColumn, SourceMap};
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Node, Schema};
use serde_json::{Map, Value, json};

/// GitLab stops at this many errors.
const MOST_ERRORS: usize = 5;

/// The query as a valid document, or at most five errors.
pub(super) fn check(schema: &Valid<Schema>, text: &str) -> Result<Valid<ExecutableDocument>, Vec<Value>> {
    if text.trim().is_empty() {
        return Err(vec![json!({ "message": "No query string was present" })]);
    }
    let document = match ast::Document::parse(text, "query") {
        Ok(document) => document,
        Err(broken) => return Err(diagnostics(&broken.errors, |text| format!("Parse error: {text}"))),
    };
    let mut finder = Finder { schema, document: &document, errors: Vec::new() };
    finder.document();
    let mut found = finder.errors;
    if found.is_empty() {
        match ExecutableDocument::parse_and_validate(schema, text, "query") {
            Ok(document) => return Ok(document),
            Err(invalid) => found = diagnostics(&invalid.errors, |text| text),
        }
    }
    found.truncate(MOST_ERRORS);
    Err(found)
}

fn diagnostics(list: &DiagnosticList, word: impl Fn(String) -> String) -> Vec<Value> {
    list.iter()
        .map(|diagnostic| {
            let error = diagnostic.to_json();
            let locations: Vec<Value> = error.locations.iter().map(location).collect();
            json!({ "message": word(error.message), "locations": locations })
        })
        .collect()
}

fn location(at: &LineColumn) -> Value {
    json!({ "line": at.line, "column": at.column })
}

/// Walks the query with the schema and notes the faults that GitLab words in its own way.
struct Finder<'a> {
    schema: &'a Valid<Schema>,
    document: &'a ast::Document,
    errors: Vec<Value>,
}

impl Finder<'_> {
    fn document(&mut self) {
        for definition in &self.document.definitions {
            match definition {
                Definition::OperationDefinition(operation) => {
                    let Some(root) = self.schema.root_operation(operation.operation_type) else {
                        let text = format!("Schema is not configured for {}s", operation.operation_type);
                        self.note(operation, &[], text, json!({ "code": "missingOperation" }));
                        continue;
                    };
                    let mut path = vec![match &operation.name {
                        Some(name) => format!("{} {name}", operation.operation_type),
                        None => operation.operation_type.to_string(),
                    }];
                    let root = root.to_string();
                    self.selections(&root, &operation.selection_set, &mut path);
                }
                Definition::FragmentDefinition(fragment) => {
                    let mut path = vec![format!("fragment {}", fragment.name)];
                    let on = fragment.type_condition.to_string();
                    self.selections(&on, &fragment.selection_set, &mut path);
                }
                _ => {}
            }
        }
    }

    fn note<T>(&mut self, node: &Node<T>, path: &[String], text: String, extensions: Value) {
        let sources: &SourceMap = &self.document.sources;
        let at: Vec<Value> = node.line_column_range(sources).iter().map(|range| location(&range.start)).collect();
        self.errors.push(json!({ "message": text, "locations": at, "path": path, "extensions": extensions }));
    }

    fn selections(&mut self, on: &str, selections: &[Selection], path: &mut Vec<String>) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.field(on, field, path),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().map_or(on, |name| name.as_str()).to_owned();
                    path.push(format!("... on {on}"));
                    self.selections(&on, &fragment.selection_set, path);
                    path.pop();
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, on: &str, field: &Node<ast::Field>, path: &mut Vec<String>) {
        if !self.schema.types.contains_key(on) {
            return;
        }
        path.push(field.alias.as_ref().unwrap_or(&field.name).to_string());
        let schema = self.schema;
        match schema.type_field(on, &field.name) {
            Err(_) => {
                let text = format!("Field '{}' doesn't exist on type '{on}'", field.name);
                let extensions = json!({ "code": "undefinedField", "typeName": on, "fieldName": field.name.as_str() });
                self.note(field, path, text, extensions);
            }
            Ok(definition) => {
                self.arguments(field, &definition.arguments, path);
                self.shape(field, definition.ty.inner_named_type(), &definition.ty.to_string(), path);
            }
        }
        path.pop();
    }

    fn arguments(
        &mut self,
        field: &Node<ast::Field>,
        known: &[Node<ast::InputValueDefinition>],
        path: &mut Vec<String>,
    ) {
        for argument in &field.arguments {
            if known.iter().all(|definition| definition.name != argument.name) {
                path.push(argument.name.to_string());
                let text = format!("Field '{}' doesn't accept argument '{}'", field.name, argument.name);
                let extensions = json!({
                    "code": "argumentNotAccepted",
                    "name": field.name.as_str(),
                    "typeName": "Field",
                    "argumentName": argument.name.as_str(),
                });
                self.note(argument, path, text, extensions);
                path.pop();
            }
        }
        let missing: Vec<&str> = known
            .iter()
            .filter(|definition| definition.ty.is_non_null() && definition.default_value.is_none())
            .filter(|definition| field.arguments.iter().all(|argument| argument.name != definition.name))
            .map(|definition| definition.name.as_str())
            .collect();
        if !missing.is_empty() {
            let names = missing.join(", ");
            let text = format!("Field '{}' is missing required arguments: {names}", field.name);
            let extensions = json!({
                "code": "missingRequiredArguments",
                "className": "Field",
                "name": field.name.as_str(),
                "arguments": names,
            });
            self.note(field, path, text, extensions);
        }
    }

    fn shape(&mut self, field: &Node<ast::Field>, inner: &str, written: &str, path: &mut Vec<String>) {
        let leaf = matches!(self.schema.types.get(inner), Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)));
        let name = &field.name;
        let extensions =
            || json!({ "code": "selectionMismatch", "nodeName": format!("field '{name}'"), "typeName": written });
        if leaf && !field.selection_set.is_empty() {
            let what =
                if matches!(self.schema.types.get(inner), Some(ExtendedType::Enum(_))) { "enums" } else { "scalars" };
            let text =
                format!("Selections can't be made on {what} (field '{name}' returns {written} but has selections)");
            self.note(field, path, text, extensions());
        } else if !leaf && field.selection_set.is_empty() {
            let text = format!(
                "Field must have selections (field '{name}' returns {inner} but has no selections. \
                 Did you mean '{name} {{ ... }}'?)"
            );
            self.note(field, path, text, extensions());
        } else {
            self.selections(inner, &field.selection_set, path);
        }
    }
}

/// The values of the query's variables, defaults filled in; or the error that the first bad one makes.
pub(super) fn variables(
    schema: &Valid<Schema>,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Value> {
    let mut values = Map::new();
    for definition in &operation.variables {
        let one = Operation { variables: vec![definition.clone()], ..operation.clone() };
        let name = definition.name.as_str();
        let mut only = Map::new();
        if let Some(value) = given.get(name) {
            only.insert(name.to_owned(), value.clone());
        }
        let coerced = serde_json::from_value::<JsonMap>(Value::Object(only)).ok().and_then(|map| {
            let coerced = apollo_compiler::request::coerce_variable_values(schema, &one, &map).ok()?;
            serde_json::to_value(&*coerced).ok()
        });
        let Some(Value::Object(coerced)) = coerced else {
            let sources = &document.sources;
            let at: Vec<Value> =
                definition.line_column_range(sources).iter().map(|range| location(&range.start)).collect();
            let value = given.get(name).cloned().unwrap_or(Value::Null);
            let why = if value.is_null() {
                "Expected value to not be null".to_owned()
            } else {
                format!("Could not coerce value {value} to {}", definition.ty.inner_named_type())
            };
            return Err(json!({
                "message": format!("Variable ${name} of type {} was provided invalid value", definition.ty),
                "locations": at,
                "extensions": { "value": value, "problems": [{ "path": [], "explanation": why }] },
            }));
        };
        values.extend(coerced);
    }
    Ok(values)
}

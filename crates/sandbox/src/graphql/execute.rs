//! Runs a validated query: walks the selections, asks the resolver for each field, and keeps the rule that a missing
//! value of a non-null field takes its parent with it.

use apollo_compiler::executable::{Field, SelectionSet, Type};
use serde_json::{Map, Value, json};

use super::node::{Complexity, Node};
use super::plan::Plan;
use super::resolve::{Asked, Found, resolve};
use crate::call::Call;

/// A non-null value is missing; the error is already noted.
struct Lost;

struct Execution<'a> {
    call: &'a Call,
    plan: &'a Plan<'a>,
    complexity: Complexity,
    errors: Vec<Value>,
    path: Vec<Value>,
}

/// Data (null if a non-null root field failed) and errors.
pub(super) fn run(call: &Call, plan: &Plan<'_>, complexity: Complexity) -> (Value, Vec<Value>) {
    let mut execution = Execution { call, plan, complexity, errors: Vec::new(), path: Vec::new() };
    let data = execution.object(&Node::Query, &[&plan.operation.selection_set]);
    (data.unwrap_or(Value::Null), execution.errors)
}

impl<'a> Execution<'a> {
    fn object(&mut self, node: &Node, sets: &[&'a SelectionSet]) -> Result<Value, Lost> {
        let plan = self.plan;
        let type_name = node.type_name();
        let mut data = Map::new();
        for (key, fields) in plan.fields(type_name, sets) {
            let Some(first) = fields.first() else { continue };
            if first.name == "__typename" {
                data.insert(key.to_owned(), type_name.into());
                continue;
            }
            // `__schema` and `__type` are answered elsewhere.
            if first.name.starts_with("__") {
                continue;
            }
            let below: Vec<&'a SelectionSet> = fields.iter().map(|field| &field.selection_set).collect();
            self.path.push(key.into());
            let value = self.field(node, first, &below);
            self.path.pop();
            data.insert(key.to_owned(), value?);
        }
        Ok(Value::Object(data))
    }

    fn field(
        &mut self,
        node: &Node,
        field: &'a apollo_compiler::Node<Field>,
        below: &[&'a SelectionSet],
    ) -> Result<Value, Lost> {
        let asked = Asked {
            call: self.call,
            plan: self.plan,
            name: field.name.as_str(),
            arguments: self.plan.arguments(field),
            below,
            complexity: self.complexity,
        };
        let value = match resolve(node, &asked) {
            Ok(found) => self.complete(found, &field.definition.ty, below),
            Err(text) => {
                let at: Vec<Value> = field
                    .line_column_range(&self.plan.document.sources)
                    .iter()
                    .map(|range| json!({ "line": range.start.line, "column": range.start.column }))
                    .collect();
                self.errors.push(json!({ "message": text, "locations": at, "path": self.path }));
                Ok(Value::Null)
            }
        };
        match value {
            Ok(Value::Null) if field.definition.ty.is_non_null() => Err(Lost),
            Err(Lost) if field.definition.ty.is_non_null() => Err(Lost),
            Err(Lost) => Ok(Value::Null),
            ok => ok,
        }
    }

    fn complete(&mut self, found: Found, ty: &Type, below: &[&'a SelectionSet]) -> Result<Value, Lost> {
        match found {
            Found::Value(value) => Ok(value),
            Found::Node(node) => self.object(&node, below),
            Found::List(nodes) => {
                let inner_required = matches!(ty, Type::List(inner) | Type::NonNullList(inner) if inner.is_non_null());
                let mut rows = Vec::with_capacity(nodes.len());
                for (at, node) in nodes.iter().enumerate() {
                    self.path.push(at.into());
                    let row = self.object(node, below);
                    self.path.pop();
                    match row {
                        Ok(row) => rows.push(row),
                        Err(Lost) if inner_required => return Err(Lost),
                        Err(Lost) => rows.push(Value::Null),
                    }
                }
                Ok(Value::Array(rows))
            }
        }
    }
}

//! What a query asks for: fields by response key for a concrete type, and their arguments with variables filled in.

use apollo_compiler::ast;
use apollo_compiler::collections::HashMap as ApolloMap;
use apollo_compiler::executable::{DirectiveList, Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, Implementers};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// A validated query with its variables.
pub(super) struct Plan<'a> {
    pub(super) schema: &'a Valid<Schema>,
    pub(super) implementers: &'a ApolloMap<Name, Implementers>,
    pub(super) document: &'a Valid<ExecutableDocument>,
    pub(super) operation: &'a Operation,
    pub(super) variables: Map<String, Value>,
}

/// Fields by response key; fields under one key are merged by validation's rule that they ask the same.
pub(super) type Fields<'a> = IndexMap<&'a str, Vec<&'a Node<Field>>>;

impl<'a> Plan<'a> {
    /// The fields that these selections ask of a value of the concrete type.
    pub(super) fn fields(&self, concrete: &str, sets: &[&'a SelectionSet]) -> Fields<'a> {
        let mut fields = Fields::new();
        for set in sets {
            self.collect(concrete, set, &mut fields);
        }
        fields
    }

    fn collect(&self, concrete: &str, set: &'a SelectionSet, fields: &mut Fields<'a>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    fields.entry(field.response_key().as_str()).or_default().push(field);
                }
                Selection::InlineFragment(fragment)
                    if self.included(&fragment.directives)
                        && fragment.type_condition.as_ref().is_none_or(|name| self.is_a(concrete, name)) =>
                {
                    self.collect(concrete, &fragment.selection_set, fields);
                }
                Selection::FragmentSpread(spread) if self.included(&spread.directives) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && self.is_a(concrete, fragment.type_condition())
                    {
                        self.collect(concrete, &fragment.selection_set, fields);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_a(&self, concrete: &str, wanted: &str) -> bool {
        concrete == wanted || self.concrete_types(wanted).contains(&concrete)
    }

    /// The object types that a type stands for.
    pub(super) fn concrete_types(&self, name: &str) -> Vec<&'a str> {
        match self.schema.types.get_key_value(name) {
            Some((name, ExtendedType::Object(_))) => vec![name.as_str()],
            Some((name, ExtendedType::Interface(_))) => {
                let found = self.implementers.get(name);
                found.map(|all| all.objects.iter().map(Name::as_str).collect()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn included(&self, directives: &DirectiveList) -> bool {
        let condition = |name: &str| {
            let argument = directives.get(name)?.specified_argument_by_name("if")?;
            self.value(argument).as_ref().and_then(Value::as_bool)
        };
        condition("skip") != Some(true) && condition("include") != Some(false)
    }

    /// The arguments of a field: given ones, else their defaults. An argument whose variable was not given counts as
    /// not given.
    pub(super) fn arguments(&self, field: &Field) -> Map<String, Value> {
        let mut found = Map::new();
        for definition in &field.definition.arguments {
            let given = field.arguments.iter().find(|argument| argument.name == definition.name);
            let value = match given {
                Some(argument) => self.value(&argument.value),
                None => None,
            };
            let default = || definition.default_value.as_ref().and_then(|value| self.value(value));
            if let Some(value) = value.or_else(default) {
                found.insert(definition.name.to_string(), value);
            }
        }
        found
    }

    /// A literal with its variables filled in; `None` for a variable without a value.
    fn value(&self, value: &ast::Value) -> Option<Value> {
        Some(match value {
            ast::Value::Null => Value::Null,
            ast::Value::Variable(name) => self.variables.get(name.as_str())?.clone(),
            ast::Value::Enum(name) => name.as_str().into(),
            ast::Value::String(text) => text.as_str().into(),
            ast::Value::Boolean(flag) => (*flag).into(),
            ast::Value::Int(number) => serde_json::from_str(number.as_str()).unwrap_or(Value::Null),
            ast::Value::Float(number) => serde_json::from_str(number.as_str()).unwrap_or(Value::Null),
            ast::Value::List(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            ast::Value::Object(rows) => {
                let rows = rows.iter().filter_map(|(name, row)| Some((name.to_string(), self.value(row)?)));
                Value::Object(rows.collect())
            }
        })
    }
}

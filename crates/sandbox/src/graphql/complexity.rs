//! What a query costs, and how deep it goes, before it runs.
//!
//! GitLab's rules (`Types::BaseField`, `Resolvers::BaseResolver`): a plain field costs one more than its children, one
//! that calls Gitaly two more, one with a fixed cost just that more. A field with a resolver costs one more, plus one
//! for `sort`, five for `search`, and what its resolver adds; if it is a connection, the sum grows by one per cent for
//! each row of the page, and fractions are cut off.

use apollo_compiler::executable::{Field, SelectionSet};
use serde_json::{Map, Value};

use super::plan::Plan;

/// Rows of a page when nothing is said, and at most.
const PAGE: u64 = 100;

/// Complexity and depth of the whole query.
pub(super) fn measure(plan: &Plan<'_>) -> (u64, u64) {
    let root = plan.operation.selection_set.ty.as_str();
    level(plan, root, &[&plan.operation.selection_set])
}

/// Cost and depth of what is selected on a type; of an abstract one, its dearest concrete type.
fn level<'a>(plan: &Plan<'a>, declared: &str, sets: &[&'a SelectionSet]) -> (u64, u64) {
    let mut worst = (0, 0);
    for concrete in plan.concrete_types(declared) {
        let mut sum = 0;
        for nodes in plan.fields(concrete, sets).values() {
            let Some(first) = nodes.first() else { continue };
            let below: Vec<&SelectionSet> = nodes.iter().map(|field| &field.selection_set).collect();
            let (children, depth) = level(plan, first.definition.ty.inner_named_type(), &below);
            sum += field(first, &plan.arguments(first), children);
            worst.1 = worst.1.max(depth + 1);
        }
        worst.0 = worst.0.max(sum);
    }
    worst
}

fn field(field: &Field, arguments: &Map<String, Value>, children: u64) -> u64 {
    let directives = &field.definition.directives;
    if let Some(cost) = directives.get("cost") {
        let value = cost.specified_argument_by_name("value").and_then(|value| value.to_i32());
        return children + u64::try_from(value.unwrap_or(1)).unwrap_or(1);
    }
    let gitaly = u64::from(directives.has("gitaly"));
    let Some(resolver) = directives.get("resolver") else { return children + 1 + gitaly };
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null());
    let mut cost = children + 1 + gitaly;
    if given("sort").is_some() {
        cost += 1;
    }
    if given("search").is_some() {
        cost += 5;
    }
    let extra = resolver.specified_argument_by_name("extra").and_then(|value| value.to_i32());
    cost += u64::try_from(extra.unwrap_or(0)).unwrap_or(0);
    if resolver.specified_argument_by_name("perPath").is_some() {
        cost += given("paths").and_then(Value::as_array).map_or(0, |paths| paths.len() as u64);
    }
    if field.definition.ty.inner_named_type().ends_with("Connection") && given("iids").is_none() {
        cost += cost * limit(arguments) / 100;
    }
    cost
}

/// `min(first, last, 100)`.
fn limit(arguments: &Map<String, Value>) -> u64 {
    ["first", "last"].into_iter().filter_map(|name| arguments.get(name).and_then(Value::as_u64)).fold(PAGE, u64::min)
}

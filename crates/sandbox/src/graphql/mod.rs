//! GraphQL at `/api/graphql`: requests and multiplexes in, GitLab's answers and refusals out.
//!
//! The order of refusals is GitLab's: size of the text, parse and validation (at most five errors), variables, depth
//! and complexity, then execution, whose errors stand beside data. What a field costs is written in the schema.

mod complexity;
mod connection;
mod execute;
mod fields;
mod groups;
mod node;
mod people;
mod plan;
mod repository;
mod resolve;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use apollo_compiler::collections::HashMap as ApolloMap;
use apollo_compiler::executable::OperationType;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Schema};
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::app::Table;
use crate::auth::Viewer;
use crate::call::Call;
use crate::errors::json_response;
use plan::Plan;

/// Characters that a query, or all queries of a multiplex together, may have.
const TEXT_LIMIT: usize = 10_000;
/// Parsed queries kept.
const KEPT: usize = 256;

const SDL: &str = include_str!("schema.graphql");

/// A query that passed validation, or its errors.
type Checked = Result<Arc<Valid<ExecutableDocument>>, Arc<Vec<Value>>>;

/// The schema and the queries seen so far.
pub(crate) struct Engine {
    schema: Valid<Schema>,
    implementers: ApolloMap<Name, Implementers>,
    checked: Mutex<HashMap<String, Checked>>,
}

impl Engine {
    pub(crate) fn new() -> Result<Self> {
        let schema = Schema::parse_and_validate(SDL, "schema.graphql").map_err(|errors| anyhow!("{errors}"))?;
        let implementers = schema.implementers_map();
        Ok(Self { schema, implementers, checked: Mutex::default() })
    }

    fn check(&self, text: &str) -> Checked {
        if let Some(known) = self.checked.lock().unwrap_or_else(PoisonError::into_inner).get(text) {
            return known.clone();
        }
        let checked = validate::check(&self.schema, text).map(Arc::new).map_err(Arc::new);
        let mut kept = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(text.to_owned(), checked.clone());
        checked
    }
}

pub(crate) fn routes(table: &mut Table) {
    table.post("/api/graphql", post);
    table.get("/api/graphql", get);
}

/// One query as sent.
#[derive(Debug, Default)]
struct Query {
    text: String,
    variables: Map<String, Value>,
    operation: Option<String>,
}

fn refuse(status: StatusCode, text: &str) -> Response {
    json_response(status, &json!({ "errors": [{ "message": text }] }))
}

impl Query {
    fn of(body: &Value) -> Result<Self, String> {
        let text = body.get("query").and_then(Value::as_str).unwrap_or_default().to_owned();
        let operation = body.get("operationName").and_then(Value::as_str).filter(|name| !name.is_empty());
        let variables = match body.get("variables") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(map)) => map.clone(),
            // A form or a GET carries them as text.
            Some(Value::String(text)) if text.is_empty() => Map::new(),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => map,
                _ => return Err(format!("unexpected token at '{text}'")),
            },
            Some(other) => return Err(format!("Unexpected parameter: {other}")),
        };
        Ok(Self { text, variables, operation: operation.map(str::to_owned) })
    }
}

async fn post(call: Call, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "The body is not JSON");
    };
    match &body {
        Value::Array(items) => multiplex(&call, items),
        Value::Object(_) => match Query::of(&body) {
            Ok(query) => single(&call, &query, false),
            Err(text) => refuse(StatusCode::UNPROCESSABLE_ENTITY, &text),
        },
        _ => refuse(StatusCode::BAD_REQUEST, "The body is neither an object nor an array"),
    }
}

async fn get(call: Call) -> Response {
    let field = |name: &str| call.params.get(name).map_or(Value::Null, Value::from);
    let body = json!({
        "query": field("query"), "variables": field("variables"), "operationName": field("operationName"),
    });
    match Query::of(&body) {
        Ok(query) => single(&call, &query, true),
        Err(text) => refuse(StatusCode::UNPROCESSABLE_ENTITY, &text),
    }
}

fn single(call: &Call, query: &Query, reading_only: bool) -> Response {
    if query.text.chars().count() > TEXT_LIMIT {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Query too large");
    }
    if reading_only && query.text.trim_start().starts_with("mutation") {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Mutations are forbidden in GET requests");
    }
    json_response(StatusCode::OK, &answer(call, std::slice::from_ref(query)).pop().unwrap_or_default())
}

fn multiplex(call: &Call, items: &[Value]) -> Response {
    let queries = match items.iter().map(Query::of).collect::<Result<Vec<_>, _>>() {
        Ok(queries) => queries,
        Err(text) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, &text),
    };
    if queries.iter().map(|query| query.text.chars().count()).sum::<usize>() > TEXT_LIMIT {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Query too large");
    }
    json_response(StatusCode::OK, &Value::Array(answer(call, &queries)))
}

/// Complexity that a caller may ask for: anonymous 200, signed in 250, administrator 300.
fn complexity_limit(viewer: &Viewer) -> u64 {
    match (viewer.user.is_some(), viewer.admin()) {
        (_, true) => 300,
        (true, false) => 250,
        (false, false) => 200,
    }
}

/// A query that may run, with what it costs.
struct Ready<'a> {
    plan: Plan<'a>,
    score: u64,
}

fn errors(list: &[Value]) -> Value {
    json!({ "errors": list })
}

/// Answers each query. The limit of complexity counts for each and for all together.
fn answer(call: &Call, queries: &[Query]) -> Vec<Value> {
    let engine = &call.app.graphql;
    let documents: Vec<Checked> = queries.iter().map(|query| engine.check(&query.text)).collect();
    let limit = complexity_limit(&call.viewer);
    let ready: Vec<Result<Ready<'_>, Value>> = queries
        .iter()
        .zip(&documents)
        .map(|(query, document)| match document {
            Err(list) => Err(errors(list)),
            Ok(document) => prepare(call, engine, query, document, limit),
        })
        .collect();
    let sum: u64 = ready.iter().flatten().map(|ready| ready.score).sum();
    let together = queries.len() > 1 && sum > limit;
    ready
        .into_iter()
        .map(|ready| match ready {
            Err(refusal) => refusal,
            Ok(_) if together => errors(&[json!({ "message": too_complex(sum, limit) })]),
            Ok(ready) => run(call, engine, &ready, limit),
        })
        .collect()
}

fn too_complex(score: u64, limit: u64) -> String {
    format!("Query has complexity of {score}, which exceeds max complexity of {limit}")
}

fn prepare<'a>(
    call: &Call,
    engine: &'a Engine,
    query: &Query,
    document: &'a Valid<ExecutableDocument>,
    limit: u64,
) -> Result<Ready<'a>, Value> {
    let operation = document.operations.get(query.operation.as_deref()).map_err(|_| {
        let text = match &query.operation {
            Some(name) => format!("No operation named \"{name}\""),
            None => "An operation name is required".to_owned(),
        };
        errors(&[json!({ "message": text })])
    })?;
    if operation.operation_type != OperationType::Query {
        return Err(errors(&[json!({ "message": "The sandbox's schema has no mutations" })]));
    }
    let variables =
        validate::variables(&engine.schema, document, operation, &query.variables).map_err(|error| errors(&[error]))?;
    let plan = Plan { schema: &engine.schema, implementers: &engine.implementers, document, operation, variables };
    let (score, depth) = complexity::measure(&plan);
    let deepest = if call.viewer.user.is_some() { 20 } else { 15 };
    let mut refusals = Vec::new();
    if depth > deepest {
        refusals
            .push(json!({ "message": format!("Query has depth of {depth}, which exceeds max depth of {deepest}") }));
    }
    let limit = if call.viewer.user.is_none() && operation.is_introspection(document) { 217 } else { limit };
    if score > limit {
        refusals.push(json!({ "message": too_complex(score, limit) }));
    }
    if refusals.is_empty() { Ok(Ready { plan, score }) } else { Err(errors(&refusals)) }
}

fn run(call: &Call, engine: &Engine, ready: &Ready<'_>, limit: u64) -> Value {
    let (mut data, errors) = execute::run(call, &ready.plan, node::Complexity { limit, score: ready.score });
    if let (Value::Object(data), Some(meta)) = (&mut data, introspect(engine, &ready.plan)) {
        data.extend(meta);
    }
    if errors.is_empty() { json!({ "data": data }) } else { json!({ "data": data, "errors": errors }) }
}

/// The `__schema` and `__type` fields of a query, if it has any.
fn introspect(engine: &Engine, plan: &Plan<'_>) -> Option<Map<String, Value>> {
    let asks = plan.operation.root_fields(plan.document).any(|field| field.name.starts_with("__"));
    if !asks {
        return None;
    }
    let variables: JsonMap = serde_json::from_value(Value::Object(plan.variables.clone())).ok()?;
    let answer = apollo_compiler::introspection::partial_execute(
        &engine.schema,
        &engine.implementers,
        plan.document,
        plan.operation,
        &Valid::assume_valid(variables),
    )
    .ok()?;
    match serde_json::to_value(answer.data?) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

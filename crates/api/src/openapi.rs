//! The OpenAPI document: made of the same declarations as the router, so that the two cannot differ.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

use crate::{etag, services::App};

/// RFC 9457: what is wrong with a request. Here to be documented; `edge::render` writes it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemDetails {
    /// `urn:stagedoor:problem:` and a stable name.
    r#type: String,
    title: String,
    status: u16,
    /// What is wrong and what to do.
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// To find the request in log and audit trail.
    request_id: String,
    /// More of it, one object each.
    #[schema(value_type = Option<Vec<Object>>)]
    errors: Option<Vec<Value>>,
}

#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Stagedoor",
        description = "Times are RFC 3339 in UTC. A `ref` is `kind:namespace/name` in lower case. Cursors are opaque. Errors are RFC 9457 problems. Paths under `/api/catalog` are those of the Backstage catalog API and keep its shapes.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "instance", description = "This Stagedoor and who is asking"),
        (name = "connections", description = "Who we are to which GitLab, whether it works, what is read there"),
        (name = "catalog", description = "What runs, whose it is, what it depends on, what is wrong"),
        (name = "backstage", description = "The same catalog for clients of the Backstage catalog API"),
        (name = "hooks", description = "What GitLab tells us"),
        (name = "operation", description = "For whoever runs this"),
    ),
    components(schemas(ProblemDetails))
)]
pub(crate) struct Document;

/// Properties of answers are never left out, so they are required; null says that something is not known.
pub(crate) fn finish(document: utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        if REQUESTS.contains(&name.as_str()) {
            continue;
        }
        require(schema);
        for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
            require(part);
        }
    }
    document
}

/// Schemas that callers send, or whose properties may be absent.
const REQUESTS: [&str; 10] = [
    "RefreshRequest",
    "ProblemDetails",
    "ConnectionDraft",
    "SecretPlace",
    "DiscoveryInput",
    "PeopleInput",
    "TokenRequest",
    "RotateRequest",
    "WebhookRequest",
    "ImportRequest",
];

fn require(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let names: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
    schema["required"] = Value::Array(names);
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", operation_id = "openapi", tag = "instance",
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(crate) async fn document(State(app): State<App>, headers: HeaderMap) -> Response {
    etag::json(&headers, app.document.clone())
}

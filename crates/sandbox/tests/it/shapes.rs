//! Shapes of the answers against the community's OpenAPI description of GitLab.
//!
//! The description lies beside the project, in `../shared/data/gitlab/openapi.yaml`. Where it is absent this test says
//! so and checks nothing.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::server::Server;

fn description() -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = option_env!("STAGEDOOR_TEST_DATA").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| root.join("../shared/data"));
    let text = std::fs::read_to_string(folder.join("gitlab/openapi.yaml")).ok()?;
    Some(serde_saphyr::from_str(&text).unwrap())
}

/// Rewrites OpenAPI 3.0 for a JSON Schema validator: `nullable` becomes a type, and every property may be null, because
/// the conversion that this description comes from dropped nearly all `nullable` marks.
fn loosen(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("example");
            map.remove("format");
            map.remove("nullable");
            if let Some(Value::String(kind)) = map.get("type").cloned() {
                // GitLab's generator writes "string" for what it does not know, booleans and numbers among them.
                let kinds = match kind.as_str() {
                    // "text" and "file" are kinds of the conversion, not of JSON Schema.
                    "text" | "file" => json!(["string", "null"]),
                    "string" => json!(["string", "null", "boolean", "integer", "number", "object", "array"]),
                    "integer" | "number" => json!([kind, "null", "number", "string"]),
                    kind => json!([kind, "null"]),
                };
                map.insert("type".to_owned(), kinds);
            }
            map.values_mut().for_each(loosen);
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                properties.values_mut().filter(|schema| schema.get("$ref").is_some()).for_each(one_or_many);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(loosen),
        _ => {}
    }
}

/// A property described by a row may be null or a list of such rows: the conversion says the same for all three.
fn one_or_many(schema: &mut Value) {
    let row = schema.take();
    *schema = json!({ "anyOf": [row.clone(), { "type": "array", "items": row }, { "type": "null" }] });
}

/// The schema of a route's good answer, with all components beside it.
fn schema(api: &Value, method: &str, path: &str, status: &str) -> Option<Value> {
    let paths = api["paths"].as_object()?;
    let operation = &paths.get(path)?[method];
    let content = operation["responses"][status]["content"].as_object()?;
    let mut schema = content.values().next()?["schema"].clone();
    let mut components = api["components"].clone();
    loosen(&mut schema);
    loosen(&mut components);
    Some(json!({ "allOf": [schema], "components": components }))
}

/// The fields that the schema of a row names and the row lacks.
fn missing(api: &Value, schema: &Value, row: &Value) -> Vec<String> {
    let mut here = &schema["allOf"][0];
    if !here["items"].is_null() {
        here = &here["items"];
    }
    if let Some(name) = here["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/")) {
        here = &api["components"]["schemas"][name];
    }
    let row = if let Value::Array(rows) = row { &rows[0] } else { row };
    let Some(properties) = here["properties"].as_object() else { return Vec::new() };
    properties.keys().filter(|name| row.get(name.as_str()).is_none()).cloned().collect()
}

#[tokio::test]
async fn answers_have_the_described_shape() {
    let Some(api) = description() else {
        println!("NOT CHECKED: ../shared/data/gitlab/openapi.yaml is absent; set STAGEDOOR_TEST_DATA at build time");
        return;
    };
    let server = Server::small().await;
    let sha = server.read("admin", "/projects/1/repository/commits").await.column("id")[0].as_str().unwrap().to_owned();
    let blob = server.read("admin", "/projects/1/repository/tree").await.rows();
    let blob = blob.iter().find(|row| row["type"] == "blob").unwrap()["id"].as_str().unwrap().to_owned();
    let hook =
        server.send("admin", "POST", "/projects/1/hooks", Some(json!({"url": "http://127.0.0.1:1/"}))).await.json();
    server.send("admin", "POST", "/hooks", Some(json!({"url": "http://127.0.0.1:1/"}))).await;
    let hook = hook["id"].to_string();
    let rows = [
        ("/version", "/version".to_owned()),
        ("/metadata", "/metadata".to_owned()),
        ("/groups", "/groups".to_owned()),
        ("/groups/{id}", "/groups/1".to_owned()),
        ("/groups/{id}/subgroups", "/groups/1/subgroups".to_owned()),
        ("/groups/{id}/descendant_groups", "/groups/1/descendant_groups".to_owned()),
        ("/groups/{id}/projects", "/groups/2/projects".to_owned()),
        ("/groups/{id}/members", "/groups/1/members".to_owned()),
        ("/groups/{id}/members/all", "/groups/1/members/all".to_owned()),
        ("/projects", "/projects".to_owned()),
        ("/projects/{id}", "/projects/1".to_owned()),
        ("/projects/{id}/members/all", "/projects/1/members/all".to_owned()),
        ("/projects/{id}/repository/tree", "/projects/1/repository/tree".to_owned()),
        ("/projects/{id}/repository/commits", "/projects/1/repository/commits".to_owned()),
        ("/projects/{id}/repository/commits/{sha}", format!("/projects/1/repository/commits/{sha}")),
        ("/projects/{id}/repository/commits/{sha}/diff", format!("/projects/1/repository/commits/{sha}/diff")),
        ("/projects/{id}/repository/commits/{sha}/refs", format!("/projects/1/repository/commits/{sha}/refs")),
        ("/projects/{id}/repository/branches", "/projects/1/repository/branches".to_owned()),
        ("/projects/{id}/repository/branches/{branch}", "/projects/1/repository/branches/main".to_owned()),
        ("/projects/{id}/repository/blobs/{sha}", format!("/projects/1/repository/blobs/{blob}")),
        ("/projects/{id}/repository/files/{file_path}", "/projects/1/repository/files/README.md?ref=main".to_owned()),
        ("/projects/{id}/languages", "/projects/1/languages".to_owned()),
        ("/projects/{id}/hooks", "/projects/1/hooks".to_owned()),
        ("/projects/{id}/hooks/{hook_id}", format!("/projects/1/hooks/{hook}")),
        ("/hooks", "/hooks".to_owned()),
        ("/personal_access_tokens/self", "/personal_access_tokens/self".to_owned()),
    ];
    let (mut checked, mut faults) = (0, Vec::new());
    for (route, path) in rows {
        let answer = server.read("admin", &path).await.json();
        let described = [format!("/api/v4{route}"), format!("/v4{route}"), route.to_owned()]
            .into_iter()
            .find_map(|route| schema(&api, "get", &route, "200"));
        let Some(schema) = described else {
            println!("no description of an answer: GET {route}");
            continue;
        };
        checked += 1;
        // Some lists are described by their row.
        let single = schema["allOf"][0]["type"].as_array().is_none_or(|kinds| !kinds.contains(&json!("array")));
        let instance = if single && answer.is_array() { answer[0].clone() } else { answer };
        let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{route}: {error}"));
        for error in validator.iter_errors(&instance).take(5) {
            faults.push(format!("GET {route}: {error} at {}", error.instance_path()));
        }
        let missing = missing(&api, &schema, &instance);
        if !missing.is_empty() {
            println!("GET {route} lacks {}", missing.join(", "));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked >= 15, "only {checked} routes are described; has the description moved?");
}

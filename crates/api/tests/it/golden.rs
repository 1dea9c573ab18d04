//! Every operation and the action it demands stands in a list that people read: a change of it is a change of what is
//! allowed.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::Value;

use crate::support::{House, request};

const GOLDEN: &str = include_str!("golden_operations.txt");

/// Method, path and action of each operation of the document.
fn operations() -> Vec<(String, String, String)> {
    let document = api::openapi();
    let paths = document["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("item") {
            let action =
                operation["x-stagedoor-action"].as_str().unwrap_or_else(|| panic!("{method} {path} names no action"));
            found.push((method.to_uppercase(), path.clone(), action.to_owned()));
        }
    }
    found.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    found
}

fn filled(path: &str) -> String {
    path.replace("{connection}", "gitlab")
        .replace("{kind}", "component")
        .replace("{namespace}", "default")
        .replace("{name}", "ferry-web")
        .replace("{uid}", "0")
        .replace("{id}", "0")
}

#[test]
fn every_operation_is_in_the_golden_list() {
    let found: Vec<String> = operations().iter().map(|(m, p, a)| format!("{m:<6} {p} {a}")).collect();
    let golden: Vec<&str> = GOLDEN.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(
        found,
        golden,
        "add the line to golden_operations.txt, with the action it demands:\n{}",
        found.join("\n")
    );
}

#[test]
fn routes_come_only_from_documented_handlers() {
    // `routes!` takes path and method from the documentation; a bare `.route(` would escape the list.
    let mut files = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).expect("folder").map(|entry| entry.expect("entry").path()));
        } else {
            let text = std::fs::read_to_string(&path).expect("source");
            read += 1;
            for escape in [".route(", ".route_service(", ".nest(", ".nest_service(", ".fallback_service("] {
                assert!(!text.contains(escape), "{} has {escape}", path.display());
            }
        }
    }
    assert!(read > 10);
}

#[tokio::test]
async fn every_operation_is_routed() {
    let house = House::new().await;
    for (method, path, _) in operations() {
        if path == "/api/v1/events" {
            continue; // has no end; tests/it/events.rs asks it
        }
        let method: Method = method.parse().expect("method");
        let reply = house.send(request(method.clone(), &filled(&path)).body(Body::empty()).expect("request")).await;
        assert_ne!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        // Nothing but a handler of ours says what is missing.
        if reply.status == StatusCode::NOT_FOUND {
            assert!(!reply.text().contains("There is nothing at"), "{method} {path}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn foreign_hosts_and_other_sites_are_refused_everywhere() {
    let house = House::new().await;
    let mut writes = 0;
    for (method, path, action) in operations() {
        let method: Method = method.parse().expect("method");
        let path = filled(&path);
        let asked = |name: &'static str, value: &'static str| {
            let mut request = request(method.clone(), &path).header(header::CONTENT_TYPE, "application/json");
            if name == "host" {
                request.headers_mut().expect("headers").remove(header::HOST);
            }
            house.send(request.header(name, value).body(Body::from("{}")).expect("request"))
        };
        let reply = asked("host", "rebound.example").await;
        assert_eq!(reply.status, StatusCode::MISDIRECTED_REQUEST, "{method} {path}");
        if method == Method::GET {
            assert_eq!(action, "Read", "{path}: a GET changes nothing");
            continue;
        }
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:9999"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let reply = asked(name, value).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{method} {path} {name}: {value}");
        }
        writes += usize::from(action != "Read");
    }
    assert!(writes >= 6, "{writes}");
    assert!(house.store.audit_after(0, 10).await.expect("rows").is_empty(), "refused before the gate");
}

#[tokio::test]
async fn the_document_describes_real_answers() {
    let house = House::new().await;
    let document = house.get_json("/api/v1/openapi.json").await;
    assert_eq!(document, api::openapi());
    assert!(document["openapi"].as_str().expect("version").starts_with("3.1"));
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for (path, schema) in [
        ("/api/v1/instance", "Instance"),
        ("/api/v1/catalog/status", "CatalogStatus"),
        ("/api/v1/connections", "ConnectionList"),
        ("/api/v1/connections/gitlab", "Connection"),
        ("/api/v1/entities", "EntityList"),
        ("/api/v1/entities/facets?facet=kind", "Facets"),
        ("/api/v1/entities/component/default/payments-api", "EntityPage"),
        ("/api/v1/entities/component/default/ferry-web/graph", "Graph"),
        ("/api/v1/problems", "ProblemList"),
        ("/api/v1/search?q=pay", "SearchHits"),
        ("/api/v1/permissions?action=RefreshCatalog", "Permission"),
    ] {
        let answer = house.get_json(path).await;
        described(&answer, &schemas[schema], schemas, path);
    }
    let problem = house.get("/api/v1/entities/component/default/nothing").await.json();
    let known: BTreeSet<&String> =
        schemas["ProblemDetails"]["properties"].as_object().expect("properties").keys().collect();
    assert!(problem.as_object().expect("object").keys().all(|key| known.contains(key)), "{problem}");
}

/// Has the value exactly the properties of its schema, all the way down?
fn described(value: &Value, schema: &Value, schemas: &serde_json::Map<String, Value>, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        return described(value, &schemas[name.rsplit('/').next().expect("name")], schemas, at);
    }
    if let Some(any) = schema["oneOf"].as_array() {
        if let Some(real) = any.iter().find(|schema| schema["type"] != "null")
            && !value.is_null()
        {
            described(value, real, schemas, at);
        }
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| described(item, &schema["items"], schemas, at)),
        Value::Object(map) => {
            let mut properties = serde_json::Map::new();
            let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
            for part in parts {
                let part = match part["$ref"].as_str() {
                    Some(name) => schemas[name.rsplit('/').next().expect("name")].clone(),
                    None => part,
                };
                properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            }
            if properties.is_empty() {
                return; // a free-form object
            }
            let known: BTreeSet<&String> = properties.keys().collect();
            let found: BTreeSet<&String> = map.keys().collect();
            assert_eq!(found, known, "{at}");
            for (name, value) in map {
                described(value, &properties[name], schemas, &format!("{at} {name}"));
            }
        }
        _ => {}
    }
}

//! Connections over HTTP: what is refused, what is never told, and that every write leaves its rows.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::House;

const SECRET: &str = "glpat-SECRETSECRETSECRET";

fn draft(more: Value) -> Value {
    let mut draft = json!({ "name": "other", "url": "https://gitlab.invalid", "token": SECRET });
    if let (Value::Object(draft), Value::Object(more)) = (&mut draft, more) {
        draft.extend(more);
    }
    draft
}

async fn trail(house: &House) -> String {
    let rows = house.store.audit_after(0, 100).await.expect("rows");
    rows.iter().map(|row| row.record.clone()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_is_shown_of_a_connection_holds_no_secret() {
    let house = House::new().await;
    let list = house.get_json("/api/v1/connections").await;
    let item = &list["items"][0];
    assert_eq!(
        (&item["name"], &item["declared"], &item["state"]),
        (&json!("gitlab"), &json!(true), &json!("untested"))
    );
    assert_eq!(item["tokenSource"], "file");
    let text = list.to_string();
    assert!(!text.contains("glpat") && !text.contains(crate::support::HOOK_TOKEN), "{text}");
    assert_eq!(house.get("/api/v1/connections/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_that_cannot_read_is_not_kept_and_says_why() {
    let house = House::new().await;
    let reply = house.post("/api/v1/connections", &draft(json!({}))).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text());
    let problem = reply.json();
    assert_eq!(problem["type"], "urn:stagedoor:problem:connection-fails");
    let report = &problem["errors"][0]["report"];
    assert_eq!(report["reads"], false);
    let failed = report["checks"].as_array().expect("checks").iter().find(|check| check["state"] == "failed");
    assert_eq!(failed.expect("one")["id"], "name");
    assert_eq!(house.get("/api/v1/connections/other").await.status, StatusCode::NOT_FOUND);
    let trail = trail(&house).await;
    assert!(
        trail.contains("AddConnection") && trail.contains("failed: ") && trail.contains("gitlab.invalid"),
        "{trail}"
    );
    assert!(!trail.contains(SECRET) && !reply.text().contains(SECRET));
}

#[tokio::test]
async fn a_test_tells_each_check_and_ends_with_the_report() {
    let house = House::new().await;
    let request = crate::support::request(Method::POST, "/api/v1/connections/test")
        .header("content-type", "application/json")
        .header("accept", "text/event-stream");
    let reply = house.send(request.body(draft(json!({})).to_string().into()).expect("request")).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.header("content-type").starts_with("text/event-stream"));
    let events: Vec<&str> = reply.text().lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(events.last(), Some(&"report"));
    assert!(events.iter().filter(|event| **event == "check").count() > 10, "{events:?}");
    let trail = trail(&house).await;
    assert!(trail.contains("TestConnection") && trail.contains("it does not read: name"), "{trail}");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_without_quoting_it() {
    let house = House::new().await;
    for (body, part) in [
        (json!({ "name": "Not A Name", "url": "https://x.invalid", "token": SECRET }), "connection name"),
        (json!({ "name": "x", "url": "https://x.invalid" }), "one way"),
        (draft(json!({ "tokenFrom": { "file": "t" } })), "one way"),
        (json!({ "name": "x", "url": "u", "tokenFrom": { "file": "../etc/passwd" } }), "letters, digits"),
        (json!({ "name": "x", "url": "u", "tokenFrom": { "file": "/etc/passwd" } }), "letters, digits"),
        (json!({ "name": "x", "url": "u", "tokenFrom": { "env": "AWS_SECRET_ACCESS_KEY" } }), "STAGEDOOR_SECRET_"),
        (json!({ "name": "x", "url": "u", "tokenFrom": { "file": "a", "env": "STAGEDOOR_SECRET_A" } }), "either"),
        (draft(json!({ "noProxy": SECRET })), "line 1 column"),
        (draft(json!({ "colour": 1 })), "unknown field `colour`"),
        (draft(json!({ "discovery": { "projects": ["("] } })), "projects"),
    ] {
        for path in ["/api/v1/connections", "/api/v1/connections/preview"] {
            let reply = house.post(path, &body).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path} {body}: {}", reply.text());
            assert!(reply.text().contains(part), "{path} {body}: {}", reply.text());
            assert!(!reply.text().contains(SECRET), "{}", reply.text());
        }
    }
    assert_eq!(trail(&house).await, "", "nothing got as far as the gate");
}

#[tokio::test]
async fn what_the_file_declares_is_not_changed_here() {
    let house = House::new().await;
    let token = json!({ "token": SECRET });
    for (method, path, body) in [
        (Method::DELETE, "/api/v1/connections/gitlab", json!({})),
        (Method::PUT, "/api/v1/connections/gitlab/token", token),
        (Method::POST, "/api/v1/connections/gitlab/rotate", json!({})),
        (Method::PUT, "/api/v1/connections/gitlab/discovery", json!({ "groups": ["a"] })),
    ] {
        let reply = house.write(method.clone(), path, &body).await;
        assert_eq!(reply.status, StatusCode::CONFLICT, "{method} {path}: {}", reply.text());
        assert!(reply.text().contains("configuration file declares"), "{}", reply.text());
    }
    let reply = house.post("/api/v1/connections", &draft(json!({ "name": "gitlab" }))).await;
    assert_eq!(reply.status, StatusCode::CONFLICT, "the name is taken: {}", reply.text());
    let rows = trail(&house).await;
    for action in ["RemoveConnection", "UpdateToken", "RotateToken", "ChangeDiscovery", "AddConnection"] {
        assert!(rows.contains(action), "{action} left no row: {rows}");
    }
}

#[tokio::test]
async fn webhooks_need_an_address_to_deliver_to() {
    let house = House::new().await;
    let hooks = "/api/v1/connections/gitlab/webhooks";
    let reply = house.post(hooks, &json!({ "scope": "system" })).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.text().contains("publicUrl"), "{}", reply.text());
    for body in [json!({ "scope": "group" }), json!({ "scope": "all" }), json!({ "scope": "system", "of": ["a"] })] {
        assert_eq!(house.post(hooks, &body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn another_catalog_s_configuration_becomes_drafts_without_secrets() {
    let house = House::new().await;
    let yaml = format!(
        "integrations:\n  gitlab:\n    - host: gitlab.example.com\n      token: {SECRET}\ncatalog:\n  providers:\n    gitlab:\n      a: \
         {{host: gitlab.example.com, group: platform, skipForkedRepos: true}}\n"
    );
    let reply = house.post("/api/v1/connections/import", &json!({ "yaml": yaml })).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let draft = &reply.json()["drafts"][0];
    assert_eq!((&draft["url"], &draft["discovery"]["forks"]), (&json!("https://gitlab.example.com"), &json!(false)));
    assert_eq!(draft["discovery"]["groups"], json!(["platform"]));
    assert!(!reply.text().contains(SECRET));
    let reply = house.post("/api/v1/connections/import", &json!({ "yaml": "[" })).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

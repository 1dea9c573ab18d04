//! Answers that are wrong, broken or absent, webhooks that go astray, and the truth to compare with.

use std::time::Duration;

use serde_json::json;

use crate::server::Server;
use crate::webhooks::receiver;

async fn turn(server: &Server, method: &str, control: &str, body: serde_json::Value) {
    let reply = server.send("", method, &format!("//-/sandbox/{control}"), Some(body)).await;
    assert_eq!(reply.status, 204, "{control}: {}", String::from_utf8_lossy(&reply.body));
}

/// As a program asks that did not expect any of it.
async fn plain(server: &Server, path: &str) -> Result<(u16, String), reqwest::Error> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let token = server.sandbox.tokens["maintainer"].clone();
    let answer = client.get(format!("{}{path}", server.sandbox.url)).header("private-token", token).send().await?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await?))
}

#[tokio::test]
async fn answers_that_break_off() {
    let server = Server::small().await;
    turn(&server, "POST", "faults", json!({"kind": "cut", "route": "GET /api/v4/user", "times": 1})).await;
    let cut = plain(&server, "/api/v4/user").await.unwrap_err();
    assert!(cut.is_decode() || cut.is_body(), "{cut:?}");
    turn(&server, "POST", "faults", json!({"kind": "reset", "route": "GET /api/v4/user", "times": 1})).await;
    let reset = plain(&server, "/api/v4/user").await.unwrap_err();
    assert!(reset.is_request() && !reset.is_timeout(), "{reset:?}");
    turn(&server, "POST", "faults", json!({"kind": "hang", "route": "GET /api/v4/user", "times": 1})).await;
    let client = reqwest::Client::builder().timeout(Duration::from_millis(50)).build().unwrap();
    let hung = client.get(format!("{}/api/v4/user", server.sandbox.url)).send().await.unwrap_err();
    assert!(hung.is_timeout(), "{hung:?}");
    assert_eq!(plain(&server, "/api/v4/user").await.unwrap().0, 200, "each happened once");
}

#[tokio::test]
async fn answers_of_another_shape() {
    let server = Server::small().await;
    let list = "/api/v4/projects?per_page=2&order_by=id&sort=asc";
    for (kind, status, holds) in [
        ("wrong-json", 200, "unexpected"),
        ("html", 200, "<title>Sign in</title>"),
        ("expired-token", 401, "Token is expired"),
        ("slow", 200, "\"id\":"),
    ] {
        turn(&server, "POST", "faults", json!({"kind": kind, "times": 1})).await;
        let (found, text) = plain(&server, list).await.unwrap();
        assert_eq!(found, status, "{kind}");
        assert!(text.contains(holds), "{kind}: {text}");
    }
    turn(&server, "POST", "faults", json!({"status": 429, "retryAfter": 7, "times": 1})).await;
    let refused = server.get("maintainer", "/projects").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "7"));
    let whole = server.read("maintainer", "/projects?per_page=2").await;
    assert!(whole.header("link").contains("rel=\"next\""));
    turn(&server, "POST", "faults", json!({"kind": "truncated-page", "times": 1})).await;
    let short = server.read("maintainer", "/projects?per_page=2").await;
    assert_eq!(short.json().as_array().unwrap().len(), 1);
    assert_eq!(short.header("link"), "", "and nothing tells of the rest");
    let hits = server.read("", "//-/sandbox/faults").await.json();
    let over = json!([{"route": "*", "status": null, "share": 1.0, "kind": "TruncatedPage", "hits": 1, "over": true}]);
    assert_eq!(hits, over, "what happened is told until the next request");
}

#[tokio::test]
async fn webhooks_that_go_astray() {
    let server = Server::small().await;
    let (url, mut received) = receiver().await;
    let body = json!({"url": url, "push_events": true});
    let api = "/projects/ferry%2Fpay%2Fapi";
    assert_eq!(server.send("maintainer", "POST", &format!("{api}/hooks"), Some(body)).await.status, 201);
    let push = async |file: &str| {
        let body = json!({"branch": "main", "commit_message": file,
            "actions": [{"action": "create", "file_path": file, "content": "x"}]});
        let done = server.send("maintainer", "POST", &format!("{api}/repository/commits"), Some(body)).await;
        assert_eq!(done.status, 201, "{}", done.json());
        done.json()["id"].as_str().unwrap().to_owned()
    };
    let mut told = async || {
        let (headers, body) = received.recv().await.unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (payload["after"].as_str().unwrap().to_owned(), headers["idempotency-key"].to_str().unwrap().to_owned())
    };
    turn(&server, "POST", "hooks/faults", json!({"kind": "lost", "times": 1})).await;
    push("lost").await;
    turn(&server, "POST", "hooks/faults", json!({"kind": "doubled", "times": 1})).await;
    let doubled = push("doubled").await;
    let (first, second) = (told().await, told().await);
    assert_eq!((first.0.as_str(), &first), (doubled.as_str(), &second), "the same, with the same key");
    turn(&server, "POST", "hooks/faults", json!({"kind": "reordered", "times": 1, "delayMs": 400})).await;
    let (late, early) = (push("late").await, push("early").await);
    assert_eq!([told().await.0, told().await.0], [early, late]);
}

#[tokio::test]
async fn projects_that_come_back_and_the_truth() {
    let server = Server::small().await;
    let path = "projects/ferry%2Fpay%2Fapi";
    turn(&server, "DELETE", path, json!({})).await;
    assert_eq!(server.get("maintainer", "/projects/ferry%2Fpay%2Fapi").await.status, 404);
    turn(&server, "PUT", path, json!({"restore": true})).await;
    turn(&server, "PUT", path, json!({"archived": true})).await;
    assert_eq!(server.read("maintainer", "/projects/ferry%2Fpay%2Fapi").await.json()["archived"], true);
    turn(&server, "PUT", path, json!({"archived": false})).await;
    let world = server.read("", "//-/sandbox/world").await.json();
    let rows = world.as_array().unwrap();
    let row = rows.iter().find(|row| row["path"] == "ferry/pay/api").unwrap();
    assert_eq!(row["archived"], false);
    let file =
        server.read("maintainer", "/projects/ferry%2Fpay%2Fapi/repository/files/catalog-info.yaml?ref=main").await;
    assert_eq!(row["files"], json!({"catalog-info.yaml": file.json()["blob_id"]}));
    assert!(rows.iter().any(|row| row["path"] == "ferry/empty" && row["files"] == json!({})));
}

//! Webhooks: who gets them, what is in them, and whether the signature holds.

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::server::Server;

type Received = (HeaderMap, Bytes);

/// A receiver that keeps what it gets.
pub(crate) async fn receiver() -> (String, mpsc::UnboundedReceiver<Received>) {
    let (sender, received) = mpsc::unbounded_channel::<Received>();
    let keep = async |State(sender): State<Arc<mpsc::UnboundedSender<Received>>>, headers: HeaderMap, body: Bytes| {
        sender.send((headers, body)).unwrap();
        StatusCode::NO_CONTENT
    };
    let service = Router::new().fallback(keep).with_state(Arc::new(sender));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, service).await });
    (url, received)
}

const API: &str = "/projects/ferry%2Fpay%2Fapi";

async fn commit(server: &Server, branch: &str, path: &str) {
    let body = json!({"branch": branch, "content": "x", "commit_message": "Add\n\nBody"});
    let reply = server.send("maintainer", "POST", &format!("{API}/repository/files/{path}"), Some(body)).await;
    assert_eq!(reply.status, 201, "{}", reply.json());
}

#[tokio::test]
async fn a_push_arrives_with_token_and_signature() {
    let server = Server::small().await;
    let (url, mut received) = receiver().await;
    let key = [7_u8; 32];
    let secret = format!("whsec_{}", BASE64.encode(key));
    let body = json!({"url": url, "push_events": true, "token": "s3cret", "signing_token": secret});
    let hook = server.send("maintainer", "POST", &format!("{API}/hooks"), Some(body)).await;
    assert_eq!(hook.status, 201);
    assert!(!hook.json().to_string().contains("s3cret"), "a token is never told");
    let before =
        server.read("maintainer", &format!("{API}/repository/branches/main")).await.json()["commit"]["id"].clone();
    commit(&server, "main", "docs%2Fx.md").await;
    let (headers, body) = received.recv().await.unwrap();
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-gitlab-event"), "Push Hook");
    assert_eq!(header("x-gitlab-token"), "s3cret");
    assert_eq!(header("x-gitlab-instance"), server.sandbox.url);
    assert_eq!(header("content-type"), "application/json");
    assert!(header("user-agent").starts_with("GitLab/"));
    for name in ["x-gitlab-event-uuid", "x-gitlab-webhook-uuid", "idempotency-key"] {
        assert_eq!(header(name).len(), 36, "{name}");
    }
    assert_eq!(header("webhook-id"), header("idempotency-key"));
    let signed = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), String::from_utf8_lossy(&body));
    let signature = BASE64.decode(header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes(), &signature).unwrap();
    let payload: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(payload["object_kind"], "push");
    assert_eq!(payload["ref"], "refs/heads/main");
    assert_eq!(payload["before"], before);
    assert_eq!(payload["after"], payload["checkout_sha"]);
    assert_eq!(payload["user_username"], "max.tern");
    assert_eq!(payload["project"]["path_with_namespace"], "ferry/pay/api");
    assert_eq!(payload["total_commits_count"], 1);
    let row = &payload["commits"][0];
    assert_eq!((&row["title"], &row["message"]), (&json!("Add"), &json!("Add\n\nBody")));
    assert_eq!((&row["added"], &row["modified"], &row["removed"]), (&json!(["docs/x.md"]), &json!([]), &json!([])));
}

#[tokio::test]
async fn filters_system_hooks_and_deletions() {
    let server = Server::small().await;
    let (url, mut received) = receiver().await;
    let hooks = format!("{API}/hooks");
    let filtered = json!({"url": format!("{url}/filtered"), "push_events_branch_filter": "release/*"});
    assert_eq!(server.send("maintainer", "POST", &hooks, Some(filtered)).await.status, 201);
    let off = json!({"url": format!("{url}/off"), "push_events": false});
    assert_eq!(server.send("maintainer", "POST", &hooks, Some(off)).await.status, 201);
    let system = json!({"url": format!("{url}/system"), "push_events": true});
    let system = server.send("admin", "POST", "/hooks", Some(system)).await;
    assert_eq!(system.status, 201);
    commit(&server, "main", "one").await;
    let (headers, body) = received.recv().await.unwrap();
    assert_eq!(headers["x-gitlab-event"], "System Hook");
    let payload: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&payload["object_kind"], &payload["event_name"]), (&json!("push"), &json!("push")));
    assert!(!headers.contains_key("x-gitlab-token") && !headers.contains_key("webhook-signature"));
    let id = system.json()["id"].clone();
    assert_eq!(server.send("admin", "DELETE", &format!("/hooks/{id}"), None).await.status, 204);
    let branch = json!({"branch": "release/1", "ref": "main"});
    server.send("maintainer", "POST", &format!("{API}/repository/branches"), Some(branch)).await;
    let (_, body) = received.recv().await.unwrap();
    let payload: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&payload["ref"], &payload["before"]), (&json!("refs/heads/release/1"), &json!("0".repeat(40))));
    server.send("maintainer", "DELETE", &format!("{API}/repository/branches/release%2F1"), None).await;
    let (_, body) = received.recv().await.unwrap();
    let payload: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&payload["after"], &payload["checkout_sha"]), (&json!("0".repeat(40)), &json!(null)));
    assert!(received.try_recv().is_err(), "nothing else was sent");
}

#[tokio::test]
async fn hooks_are_kept_changed_tested_and_removed() {
    let server = Server::small().await;
    let (url, mut received) = receiver().await;
    let hooks = format!("{API}/hooks");
    let made = server.send("maintainer", "POST", &hooks, Some(json!({"url": url, "name": "ours"}))).await.json();
    assert_eq!(
        (&made["push_events"], &made["job_events"], &made["alert_status"]),
        (&json!(true), &json!(false), &json!("executable"))
    );
    let one = format!("{hooks}/{}", made["id"]);
    let changed = server.send("maintainer", "PUT", &one, Some(json!({"job_events": true}))).await.json();
    assert_eq!(
        (&changed["job_events"], &changed["name"], &changed["url"]),
        (&json!(true), &json!("ours"), &json!(url))
    );
    let test = server.send("maintainer", "POST", &format!("{one}/test/push_events"), None).await;
    assert_eq!((test.status, test.json()), (201, json!({"message": "201 Created"})));
    let (headers, _) = received.recv().await.unwrap();
    assert_eq!(headers["x-gitlab-event"], "Push Hook");
    let events = server.read("maintainer", &format!("{one}/events")).await.rows();
    assert_eq!((events.len(), &events[0]["response_status"]), (1, &json!("204")));
    assert_eq!(server.read("maintainer", &hooks).await.rows().len(), 1);
    assert_eq!(server.send("maintainer", "DELETE", &one, None).await.status, 204);
    assert_eq!(server.get("maintainer", &one).await.json(), json!({"message": "404 Not found"}));
    let bad = server.send("maintainer", "POST", &hooks, Some(json!({"url": "ftp://x"}))).await;
    assert_eq!(bad.status, 422);
    let dead = server.send("maintainer", "POST", &hooks, Some(json!({"url": "http://127.0.0.1:1/"}))).await.json();
    let test = server.send("maintainer", "POST", &format!("{hooks}/{}/test/push_events", dead["id"]), None).await;
    assert_eq!(test.status, 422);
}

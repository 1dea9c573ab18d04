//! Webhooks of groups, and addresses that hooks may not lead to.

use sandbox::{Edition, Options};
use serde_json::{Value, json};

use crate::server::{Server, world};
use crate::webhooks::receiver;

const HOOKS: &str = "/groups/ferry/hooks";

async fn premium() -> Server {
    Server::with(Options { edition: Edition::Premium, ..Options::default() }, world()).await
}

#[tokio::test]
async fn the_free_edition_has_no_group_hooks() {
    let server = Server::small().await;
    for role in ["", "maintainer", "owner", "admin"] {
        let reply = server.get(role, HOOKS).await;
        assert_eq!((reply.status, reply.json()), (404, json!({"error": "404 Not Found"})), "{role}");
    }
    let made = server.send("owner", "POST", HOOKS, Some(json!({"url": "http://127.0.0.1:1/"}))).await;
    assert_eq!(made.status, 404);
    assert_eq!(server.read("owner", "/metadata").await.json()["enterprise"], false);
    assert_eq!(premium().await.read("owner", "/metadata").await.json()["enterprise"], true);
}

#[tokio::test]
async fn a_group_hook_hears_of_every_project_below() {
    let server = premium().await;
    let (url, mut received) = receiver().await;
    let body = json!({"url": url, "token": "s3cret", "push_events": true, "member_events": true});
    for (role, status) in [("", 401), ("guest", 403), ("maintainer", 403), ("owner", 201)] {
        // Nobody sees a private group, so nobody is told that it is there.
        let status = if role.is_empty() { 404 } else { status };
        let reply = server.send(role, "POST", HOOKS, Some(body.clone())).await;
        assert_eq!(reply.status, status, "{role}: {}", reply.json());
    }
    let hook = server.read("owner", HOOKS).await.rows().remove(0);
    assert_eq!((&hook["group_id"], &hook["member_events"]), (&json!(1), &json!(true)));
    assert_eq!(hook["subgroup_events"], false);
    let one = format!("{HOOKS}/{}", hook["id"]);
    for (path, file) in [("ferry%2Fpay%2Fdeep%2Fledger", "a"), ("ferry%2Fopen", "b")] {
        let change = json!({"branch": "main", "content": "x", "commit_message": "Add"});
        let path = format!("/projects/{path}/repository/files/{file}");
        assert_eq!(server.send("maintainer", "POST", &path, Some(change)).await.status, 201);
        let (headers, body) = received.recv().await.unwrap();
        assert_eq!(
            (&headers["x-gitlab-event"], &headers["x-gitlab-token"]),
            (&"Push Hook".parse().unwrap(), &"s3cret".parse().unwrap())
        );
        let payload: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(payload["commits"][0]["added"], json!([file]));
    }
    let tried = server.send("owner", "POST", &format!("{one}/test/push_events"), None).await;
    assert_eq!((tried.status, tried.json()), (201, json!({"message": "201 Created"})));
    received.recv().await.unwrap();
    let empty = server.send("group_bot", "POST", "/groups/ferry%2Fpay%2Fdeep/hooks", Some(json!({"url": url}))).await;
    assert_eq!(empty.status, 201, "an Owner of the group above is one here");
    let changed = server.send("owner", "PUT", &one, Some(json!({"push_events": false}))).await.json();
    assert_eq!((&changed["push_events"], &changed["url"]), (&json!(false), &json!(url)));
    assert_eq!(server.read("owner", &format!("{one}/events")).await.rows().len(), 3);
    // A hook is found under its own group only.
    assert_eq!(server.get("owner", &format!("/groups/ferry%2Fpay/hooks/{}", hook["id"])).await.status, 404);
    assert_eq!(server.send("owner", "DELETE", &one, None).await.status, 204);
    assert_eq!(server.get("owner", &one).await.status, 404);
}

#[tokio::test]
async fn hooks_may_be_kept_from_the_local_network() {
    let server = premium().await;
    let hooks = "/projects/ferry%2Fpay%2Fapi/hooks";
    let kept = server.send("maintainer", "POST", hooks, Some(json!({"url": "http://127.0.0.1:1/"}))).await.json();
    let allow =
        async |allow: bool| server.send("", "PUT", "//-/sandbox/outbound", Some(json!({"allow": allow}))).await.status;
    assert_eq!(allow(false).await, 204);
    for (role, path) in [("maintainer", hooks), ("owner", HOOKS), ("admin", "/hooks")] {
        for url in [
            "http://127.0.0.1:9/x",
            "https://[::1]:9/x",
            "http://localhost/x",
            "http://192.168.1.9/x",
            "http://0.0.0.0/x",
            "http://169.254.1.1/",
            "ftp://example.com/",
        ] {
            let reply = server.send(role, "POST", path, Some(json!({"url": url}))).await;
            assert_eq!((reply.status, reply.json()), (422, json!({"error": "Invalid url given"})), "{path} {url}");
        }
        let far = server.send(role, "POST", path, Some(json!({"url": "https://hooks.example.com/x"}))).await;
        assert_eq!(far.status, 201, "{path}");
    }
    let tried = server.send("maintainer", "POST", &format!("{hooks}/{}/test/push_events", kept["id"]), None).await;
    let text = "Hook execution failed: URL is blocked: Requests to localhost are not allowed";
    assert_eq!((tried.status, tried.json()), (422, json!({"message": text})));
    assert_eq!(allow(true).await, 204);
    assert_eq!(
        server.send("maintainer", "POST", hooks, Some(json!({"url": "http://127.0.0.1:9/x"}))).await.status,
        201
    );
}

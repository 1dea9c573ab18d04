use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::json;

use crate::support::{HOOK_TOKEN, House, Reply, request};

async fn send(house: &House, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
    let mut request = request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::from(body)).expect("request")).await
}

fn push() -> String {
    json!({"object_kind": "push", "project_id": 17, "commits": []}).to_string()
}

/// The keys of the jobs that are due.
async fn jobs(house: &House) -> Vec<String> {
    let mut keys = Vec::new();
    while let Some(job) = house.store.claim(&store::Claim::any(std::time::Duration::from_secs(60))).await.expect("jobs")
    {
        keys.push(job.key.key.clone());
        house.store.finish(std::slice::from_ref(&job)).await.expect("finish");
    }
    keys
}

#[tokio::test]
async fn a_push_is_stored_once_and_wakes_its_project() {
    let house = House::new().await;
    let headers = [("x-gitlab-token", HOOK_TOKEN), ("x-gitlab-event", "Push Hook"), ("idempotency-key", "e-1")];
    let reply = send(&house, "/hooks/gitlab/gitlab", &headers, push()).await;
    assert_eq!((reply.status, reply.bytes.len()), (StatusCode::NO_CONTENT, 0), "{}", reply.text());
    assert_eq!(jobs(&house).await, ["gitlab/17"]);
    assert_eq!(send(&house, "/hooks/gitlab/gitlab", &headers, push()).await.status, StatusCode::NO_CONTENT);
    assert!(jobs(&house).await.is_empty(), "a second delivery wakes nothing");
}

#[tokio::test]
async fn a_push_of_the_system_hook_counts_too() {
    let house = House::new().await;
    let headers = [("x-gitlab-token", HOOK_TOKEN), ("x-gitlab-event", "System Hook"), ("x-gitlab-event-uuid", "u-1")];
    let body = json!({"event_name": "push", "project": {"id": 18}}).to_string();
    assert_eq!(send(&house, "/hooks/gitlab/gitlab", &headers, body).await.status, StatusCode::NO_CONTENT);
    // The same chain of events, another content: another event.
    let body = json!({"event_name": "push", "project_id": 19}).to_string();
    assert_eq!(send(&house, "/hooks/gitlab/gitlab", &headers, body).await.status, StatusCode::NO_CONTENT);
    let mut keys = jobs(&house).await;
    keys.sort();
    assert_eq!(keys, ["gitlab/18", "gitlab/19"]);
}

#[tokio::test]
async fn nothing_tells_an_unknown_connection_from_a_wrong_token() {
    let house = House::new().await;
    let mut seen = Vec::new();
    for (path, headers) in [
        ("/hooks/gitlab/gitlab", vec![("x-gitlab-token", "wrong")]),
        ("/hooks/gitlab/gitlab", vec![]),
        ("/hooks/gitlab/other", vec![("x-gitlab-token", HOOK_TOKEN)]),
        ("/hooks/gitlab/Not%20A%20Name", vec![("x-gitlab-token", HOOK_TOKEN)]),
        (
            "/hooks/gitlab/gitlab",
            vec![("webhook-signature", "v1,AAAA"), ("webhook-id", "1"), ("webhook-timestamp", "1")],
        ),
    ] {
        let reply = send(&house, path, &headers, push()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{path} {headers:?}");
        let problem = reply.json();
        seen.push((problem["detail"].clone(), problem["title"].clone()));
        assert!(!reply.text().contains(HOOK_TOKEN));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    assert!(jobs(&house).await.is_empty());
}

#[tokio::test]
async fn bodies_that_are_no_events_are_refused() {
    let house = House::new().await;
    let headers = [("x-gitlab-token", HOOK_TOKEN)];
    let reply = send(&house, "/hooks/gitlab/gitlab", &headers, "<html>".to_owned()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let reply = send(&house, "/hooks/gitlab/gitlab", &headers, "{\"project_id\": \"x\"}".to_owned()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let large = format!("{{\"x\": \"{}\"}}", "x".repeat(26 << 20));
    assert_eq!(send(&house, "/hooks/gitlab/gitlab", &headers, large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Larger than what other routes take.
    let fits = format!("{{\"project_id\": 20, \"x\": \"{}\"}}", "x".repeat(3 << 20));
    assert_eq!(send(&house, "/hooks/gitlab/gitlab", &headers, fits).await.status, StatusCode::NO_CONTENT);
    let form = request(Method::POST, "/hooks/gitlab/gitlab")
        .header("x-gitlab-token", HOOK_TOKEN)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let reply = house.send(form.body(Body::from("a=b")).expect("request")).await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

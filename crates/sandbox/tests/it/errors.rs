//! Refusals: statuses and bodies as the facts print them.

use serde_json::{Value, json};

use crate::server::Server;

async fn check(
    server: &Server,
    role: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
    status: u16,
    expected: Value,
) {
    let reply = server.send(role, method, path, body).await;
    let got: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    assert_eq!((reply.status, &got), (status, &expected), "{role} {method} {path}");
}

#[tokio::test]
async fn bodies_are_gitlabs() {
    let server = Server::small().await;
    let message = |text: &str| json!({ "message": text });
    let error = |text: &str| json!({ "error": text });
    let revoked = json!({"error": "invalid_token", "error_description": "Token was revoked. You have to re-authorize from the user."});
    let expired = json!({"error": "invalid_token", "error_description": "Token is expired. You can either do re-authorization or token refresh."});
    let scope = |scope: &str| {
        json!({"error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.", "scope": scope})
    };
    let api = "/projects/ferry%2Fpay%2Fapi";
    let file = |path: &str| format!("{api}/repository/files/{path}");
    check(&server, "", "GET", "/user", None, 401, message("401 Unauthorized")).await;
    check(&server, "", "GET", "/version", None, 401, message("401 Unauthorized")).await;
    check(&server, "revoked", "GET", "/user", None, 401, revoked).await;
    check(&server, "expired", "GET", "/user", None, 401, expired).await;
    check(&server, "read_only", "POST", &format!("{api}/hooks"), Some(json!({"url": "http://x"})), 403, scope("api"))
        .await;
    check(&server, "no_scope", "GET", "/projects", None, 403, scope("api read_api")).await;
    check(&server, "developer", "GET", "/nonsense", None, 404, error("404 Not Found")).await;
    check(&server, "developer", "DELETE", "/version", None, 405, error("405 Not Allowed")).await;
    check(&server, "developer", "GET", "/projects/other%2Fsecret", None, 404, message("404 Project Not Found")).await;
    check(&server, "", "GET", api, None, 404, message("404 Project Not Found")).await;
    check(&server, "developer", "GET", "/projects/999", None, 404, message("404 Project Not Found")).await;
    check(&server, "developer", "GET", "/groups/none", None, 404, message("404 Group Not Found")).await;
    check(&server, "developer", "GET", "/users/999", None, 404, message("404 User Not Found")).await;
    check(&server, "developer", "GET", &file("no.txt?ref=main"), None, 404, message("404 File Not Found")).await;
    check(&server, "developer", "GET", &file("README.md?ref=none"), None, 404, message("404 Commit Not Found")).await;
    check(&server, "developer", "GET", &file("README.md"), None, 400, error("ref is missing, ref is empty")).await;
    check(&server, "guest", "GET", &file("README.md?ref=main"), None, 403, message("403 Forbidden")).await;
    check(&server, "developer", "GET", "/projects/ferry%2Fopen/hooks", None, 403, message("403 Forbidden")).await;
    check(&server, "maintainer", "GET", "/hooks", None, 403, message("403 Forbidden")).await;
    check(
        &server,
        "developer",
        "GET",
        &format!("{api}/repository/branches/none"),
        None,
        404,
        message("404 Branch Not Found"),
    )
    .await;
    check(
        &server,
        "developer",
        "GET",
        "/projects/ferry%2Fempty/repository/tree",
        None,
        404,
        message("404 Tree Not Found"),
    )
    .await;
    check(
        &server,
        "developer",
        "GET",
        &format!("{api}/repository/tree?path=no"),
        None,
        404,
        message("404 invalid revision or path Not Found"),
    )
    .await;
    check(&server, "developer", "GET", "/projects?per_page=x", None, 400, error("per_page is invalid")).await;
    check(
        &server,
        "developer",
        "GET",
        "/projects?order_by=colour",
        None,
        400,
        error("order_by does not have a valid value"),
    )
    .await;
    check(&server, "maintainer", "POST", &format!("{api}/hooks"), Some(json!({})), 400, error("url is missing")).await;
    let v3 = json!({"error": "API V3 is no longer supported. Use API V4 instead."});
    check(&server, "developer", "GET", "//api/v3/projects", None, 410, v3).await;
    let unknown = server.send_with("", "GET", "/user", None, &[("PRIVATE-TOKEN", "glpat-nobody")]).await;
    assert_eq!((unknown.status, unknown.json()), (401, message("401 Unauthorized")));
}

#[tokio::test]
async fn too_many_requests_is_plain_text_with_a_reset() {
    let server = Server::small().await;
    let set = server.send("", "PUT", "//-/sandbox/limits", Some(json!({"requests": 3, "seconds": 3600}))).await;
    assert_eq!(set.status, 204);
    for left in ["2", "1", "0"] {
        let reply = server.read("developer", "/user").await;
        assert_eq!(reply.header("ratelimit-remaining"), left);
        assert_eq!(reply.header("ratelimit-limit"), "3");
    }
    let reply = server.get("developer", "/user").await;
    assert_eq!(reply.status, 429);
    assert_eq!(String::from_utf8_lossy(&reply.body).trim(), "Retry later");
    assert_eq!(reply.header("content-type"), "text/plain");
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(reply.header("ratelimit-reset").parse::<u64>().unwrap() > 1_700_000_000);
    assert!(reply.header("ratelimit-resettime").ends_with("GMT"));
    // Another caller has a window of their own.
    server.read("reporter", "/user").await;
    let wrong = server.send("", "PUT", "//-/sandbox/limits", Some(json!({"requests": 0, "seconds": 1}))).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn known_content_is_not_sent_again() {
    let server = Server::small().await;
    let path = "/projects/ferry%2Fpay%2Fapi/repository/files/README.md?ref=main";
    let first = server.read("developer", path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""));
    let again = server.send_with("developer", "GET", path, None, &[("If-None-Match", &tag)]).await;
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    let other = server.send_with("developer", "GET", path, None, &[("If-None-Match", "W/\"00\"")]).await;
    assert_eq!(other.status, 200);
}

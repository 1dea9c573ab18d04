//! What a test turns: wrong answers, the clock, tokens, projects that move and go.

use serde_json::json;

use crate::server::Server;

async fn turn(server: &Server, method: &str, control: &str, body: serde_json::Value) {
    let reply = server.send("", method, &format!("//-/sandbox/{control}"), Some(body)).await;
    assert_eq!(reply.status, 204, "{control}: {}", String::from_utf8_lossy(&reply.body));
}

#[tokio::test]
async fn wrong_answers() {
    let server = Server::small().await;
    let rule = json!({
        "route": "GET /api/v4/user", "status": 502, "body": "<html>Bad Gateway</html>", "type": "text/html", "times": 2,
        "headers": {"Retry-After": "3"}
    });
    turn(&server, "PUT", "faults", rule).await;
    for status in [502, 502, 200] {
        let reply = server.get("developer", "/user").await;
        assert_eq!(reply.status, status);
        if status == 502 {
            assert_eq!((reply.header("content-type"), reply.header("retry-after")), ("text/html", "3"));
            assert_eq!(reply.body, b"<html>Bad Gateway</html>");
        }
    }
    // By the route as the table writes it, by the path, by a beginning; the latest that fits counts.
    let api = "/projects/ferry%2Fpay%2Fapi";
    turn(&server, "PUT", "faults", json!({"route": "GET /api/v4/projects/{id}", "status": 500})).await;
    assert_eq!(server.get("developer", api).await.status, 500);
    assert_eq!(server.get("developer", "/projects").await.status, 200);
    turn(&server, "PUT", "faults", json!({"route": format!("GET /api/v4{api}"), "status": 503})).await;
    assert_eq!(server.get("developer", api).await.status, 503);
    assert_eq!(server.get("developer", "/projects/2").await.status, 500);
    turn(&server, "PUT", "faults", json!({"route": "*", "status": 504, "body": "x"})).await;
    for path in ["/user", "//api/graphql", "//ferry", "//ferry/open.git/info/refs?service=git-upload-pack"] {
        assert_eq!(server.get("developer", path).await.status, 504, "{path}");
    }
    turn(&server, "DELETE", "faults", json!({})).await;
    assert_eq!(server.get("developer", api).await.status, 200);
    turn(&server, "PUT", "faults", json!({"route": "GET /api/v4/*", "delayMs": 1})).await;
    assert_eq!(server.get("developer", "/user").await.status, 200);
    let wrong = server.send("", "PUT", "//-/sandbox/faults", Some(json!({"route": "*", "sttus": 1}))).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn the_clock_and_tokens() {
    let server = Server::small().await;
    let date = async || server.read("", "/projects").await.header("date").to_owned();
    let before = date().await;
    turn(&server, "PUT", "clock", json!({"offsetSeconds": 86_400 * 8})).await;
    assert_ne!(before[5..11], date().await[5..11]);
    assert_eq!(server.get("expiring", "/user").await.json()["error"], "invalid_token");
    turn(&server, "PUT", "clock", json!({"offsetSeconds": 0})).await;
    server.read("expiring", "/user").await;
    let status = async |role: &str| server.get(role, "/user").await.status;
    for (role, state, after) in [
        ("developer", "revoked", 401),
        ("developer", "active", 200),
        ("developer", "expired", 401),
        ("developer", "active", 200),
        ("revoked", "active", 200),
        ("admin", "expired", 401),
    ] {
        turn(&server, "PUT", &format!("tokens/{role}"), json!({"state": state})).await;
        assert_eq!(status(role).await, after, "{role} {state}");
    }
    for (role, state, refused) in [("nobody", "active", 404), ("developer", "lost", 400)] {
        let path = format!("//-/sandbox/tokens/{role}");
        assert_eq!(server.send("", "PUT", &path, Some(json!({"state": state}))).await.status, refused);
    }
}

#[tokio::test]
async fn a_project_moves_and_what_it_was_called_leads_to_it() {
    let server = Server::small().await;
    let (old, new) = ("/projects/ferry%2Fpay%2Fapi", "/projects/ferry%2Fpay%2Fdeep%2Fbilling");
    turn(&server, "PUT", "projects/ferry%2Fpay%2Fapi", json!({"path": "ferry/pay/deep/billing"})).await;
    let row = server.read("developer", new).await.json();
    assert_eq!((&row["id"], &row["name"], &row["path"]), (&json!(1), &json!("Pay API"), &json!("billing")));
    assert_eq!(row["namespace"]["full_path"], "ferry/pay/deep");
    let led = server.get("developer", &format!("{old}/repository/files/README.md?ref=main")).await;
    let target = format!("{}/api/v4/projects/1/repository/files/README.md?ref=main", server.sandbox.url);
    assert_eq!((led.status, led.header("location")), (301, target.as_str()));
    assert_eq!(String::from_utf8_lossy(&led.body), format!("This resource has been moved permanently to {target}"));
    assert_eq!(server.read("developer", &target).await.json()["file_name"], "README.md");
    let written = server.send("maintainer", "POST", &format!("{old}/hooks"), Some(json!({"url": "http://x"}))).await;
    assert_eq!(written.status, 405);
    assert_eq!(server.get("", old).await.status, 404, "who may not see it is not told where it went");
    let asked = server.ask("developer", "{ project(fullPath: \"ferry/pay/api\") { id } moved: project(fullPath: \"ferry/pay/deep/billing\") { id group { fullPath } } }", json!({})).await;
    assert_eq!(asked["data"]["project"], json!(null));
    assert_eq!(asked["data"]["moved"]["group"]["fullPath"], "ferry/pay/deep");
    let of = async |group: &str| server.read("developer", &format!("/groups/{group}/projects")).await.column("path");
    assert!(of("ferry%2Fpay").await.is_empty());
    assert_eq!(of("ferry%2Fpay%2Fdeep").await.len(), 2);
    assert_eq!(
        server.get("", "//ferry/pay/api/-/tree/main").await.header("location"),
        format!("{}/ferry/pay/deep/billing/-/tree/main", server.sandbox.url)
    );
    let refs = server
        .send_with(
            "",
            "GET",
            "//ferry/pay/api.git/info/refs?service=git-upload-pack",
            None,
            &[("Authorization", &format!("Bearer {}", server.token("developer")))],
        )
        .await;
    assert_eq!(refs.status, 200);
    // Another project may take the old name; then it is that project's.
    turn(&server, "PUT", "projects/ferry%2Fopen", json!({"path": "ferry/pay/api"})).await;
    assert_eq!(server.read("developer", old).await.json()["id"], 3);
    for (path, status) in [("ferry/pay/api", 422), ("nowhere/x", 422), ("x", 422)] {
        let reply = server.send("", "PUT", "//-/sandbox/projects/ferry%2Fold", Some(json!({"path": path}))).await;
        assert_eq!(reply.status, status, "{path}");
    }
    let gone = server.send("", "PUT", "//-/sandbox/projects/ferry%2Fnothing", Some(json!({"path": "ferry/x"}))).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn a_deleted_project_is_nowhere() {
    let server = Server::small().await;
    let count = async || server.read("developer", "/projects?membership=true").await.header("x-total").to_owned();
    assert_eq!(count().await, "5");
    turn(&server, "DELETE", "projects/ferry%2Fpay%2Fapi", json!({})).await;
    assert_eq!(count().await, "4");
    for path in ["/projects/1", "/projects/ferry%2Fpay%2Fapi"] {
        assert_eq!(server.get("admin", path).await.json(), json!({"message": "404 Project Not Found"}));
    }
    let query = "{ project(fullPath: \"ferry/pay/api\") { id } projects(ids: [\"gid://gitlab/Project/1\"]) { nodes { id } } group(fullPath: \"ferry\") { projects(includeSubgroups: true) { nodes { id } } } }";
    let data = server.ask("admin", query, json!({})).await["data"].clone();
    assert_eq!(data["project"], json!(null));
    assert_eq!(data["projects"]["nodes"], json!([]));
    assert_eq!(data["group"]["projects"]["nodes"].as_array().unwrap().len(), 4);
}

/// An address of this machine that is not loopback; `None` where it has none.
fn outer_address() -> Option<std::net::IpAddr> {
    // Nothing is sent: a connected UDP socket only says which address it would send from.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

#[tokio::test]
async fn controls_are_for_callers_on_this_machine() {
    let options = sandbox::Options { listen: "0.0.0.0:0".parse().unwrap(), ..sandbox::Options::default() };
    let server = Server::with(options, crate::server::world()).await;
    server.read("", "//-/sandbox/routes").await;
    let Some(ip) = outer_address() else { return };
    let there = format!("http://{ip}:{}", server.sandbox.listen.port());
    let seen = server.get("", &format!("{there}/api/v4/projects")).await;
    assert_eq!(seen.status, 200);
    for path in ["stats", "routes", "tokens"] {
        let reply = server.get("", &format!("{there}/-/sandbox/{path}")).await;
        assert_eq!((reply.status, reply.json()), (404, json!({"error": "404 Not Found"})), "{path}");
    }
}

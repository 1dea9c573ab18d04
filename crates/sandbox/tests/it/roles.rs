//! Who may see and do what.

use serde_json::json;

use crate::server::Server;

const ROLES: [&str; 9] =
    ["", "guest", "reporter", "developer", "maintainer", "owner", "admin", "read_only", "no_scope"];

/// What each role gets for a request, as one line a role.
async fn matrix(server: &Server, method: &str, path: &str, body: Option<serde_json::Value>) -> Vec<u16> {
    let mut statuses = Vec::new();
    for role in ROLES {
        statuses.push(server.send(role, method, path, body.clone()).await.status);
    }
    statuses
}

#[tokio::test]
async fn reading() {
    let server = Server::small().await;
    let api = "/projects/ferry%2Fpay%2Fapi";
    let check = async |path: &str, expected: [u16; 9]| {
        assert_eq!(matrix(&server, "GET", path, None).await, expected, "{path} for {ROLES:?}");
    };
    //                                          -    gst  rep  dev  mai  own  adm  ro   none
    check("/user", [401, 200, 200, 200, 200, 200, 200, 200, 200]).await;
    check("/users?username=dev.oak", [200, 200, 200, 200, 200, 200, 200, 200, 200]).await;
    check("/users", [403, 200, 200, 200, 200, 200, 200, 200, 200]).await;
    check("/personal_access_tokens/self", [401, 200, 200, 200, 200, 200, 200, 200, 200]).await;
    check("/projects", [200, 200, 200, 200, 200, 200, 200, 200, 403]).await;
    check(api, [404, 200, 200, 200, 200, 200, 200, 200, 403]).await;
    check(&format!("{api}/repository/tree"), [404, 403, 200, 200, 200, 200, 200, 200, 403]).await;
    check(&format!("{api}/repository/files/README.md?ref=main"), [404, 403, 200, 200, 200, 200, 200, 200, 403]).await;
    check(&format!("{api}/members/all"), [404, 200, 200, 200, 200, 200, 200, 200, 403]).await;
    // dev.oak is Maintainer of ferry/pay, so its hooks are theirs too; the token named read_only is a Maintainer's.
    check(&format!("{api}/hooks"), [404, 403, 403, 200, 200, 200, 200, 200, 403]).await;
    check("/projects/ferry%2Fopen/hooks", [401, 403, 403, 403, 200, 200, 200, 200, 403]).await;
    check("/projects/ferry%2Fopen/repository/tree", [200, 200, 200, 200, 200, 200, 200, 200, 403]).await;
    check("/projects/ferry%2Fpay%2Fdeep%2Fledger", [404, 200, 200, 200, 200, 200, 200, 200, 403]).await;
    check("/projects/other%2Fsecret", [404, 404, 404, 404, 404, 404, 200, 404, 403]).await;
    check("/groups/other", [404, 404, 404, 404, 404, 404, 200, 404, 403]).await;
    check("/hooks", [401, 403, 403, 403, 403, 403, 200, 403, 403]).await;
}

#[tokio::test]
async fn writing() {
    let server = Server::small().await;
    let commit = |branch: &str, path: &str| json!({"branch": branch, "commit_message": "Add", "actions": [{"action": "create", "file_path": path, "content": "x"}]});
    let open = "/projects/ferry%2Fopen/repository";
    for (at, (role, expected)) in ROLES.into_iter().zip([401, 403, 403, 403, 201, 201, 201, 403, 403]).enumerate() {
        let body = commit("main", &format!("{at}.txt"));
        let reply = server.send(role, "POST", &format!("{open}/commits"), Some(body)).await;
        assert_eq!(reply.status, expected, "{role}: {}", reply.json());
    }
    for (at, (role, expected)) in ROLES.into_iter().zip([401, 403, 403, 201, 201, 201, 201, 403, 403]).enumerate() {
        let body = json!({"branch": format!("b{at}"), "ref": "main"});
        let reply = server.send(role, "POST", &format!("{open}/branches"), Some(body)).await;
        assert_eq!(reply.status, expected, "{role}: {}", reply.json());
    }
    let refused = server.send("developer", "POST", &format!("{open}/commits"), Some(commit("main", "n"))).await;
    assert_eq!(refused.json(), json!({"message": "403 Forbidden - You are not allowed to push into this branch"}));
    let archived =
        server.send("owner", "POST", "/projects/ferry%2Fold/repository/commits", Some(commit("main", "n"))).await;
    assert_eq!(archived.status, 403);
}

#[tokio::test]
async fn membership_and_levels_filter_lists() {
    let server = Server::small().await;
    let paths = async |role: &str, query: &str| {
        let reply = server.read(role, &format!("/projects?order_by=id&sort=asc&{query}")).await;
        let column = reply.column("path_with_namespace");
        column.iter().map(|path| path.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ferry = ["ferry/pay/api", "ferry/pay/deep/ledger", "ferry/open", "ferry/old", "ferry/empty"];
    assert_eq!(paths("developer", "membership=true").await, ferry);
    // python-gitlab writes Python's booleans.
    assert_eq!(paths("developer", "membership=True").await, ferry);
    assert_eq!(paths("developer", "membership=true&archived=false").await.len(), 4);
    assert_eq!(paths("developer", "min_access_level=40").await, ferry[..2]);
    assert_eq!(paths("admin", "membership=true").await.len(), 7);
    assert_eq!(paths("", "simple=true").await, ["ferry/open"]);
    assert_eq!(paths("developer", "search=LEDG").await, ["ferry/pay/deep/ledger"]);
    assert_eq!(paths("developer", "topic=payments,go").await, ["ferry/pay/api"]);
    assert_eq!(paths("developer", "visibility=public").await, ["ferry/open"]);
    assert_eq!(paths("developer", "id_after=2&id_before=5").await, ["ferry/open", "ferry/old"]);
    assert_eq!(paths("developer", "last_activity_after=2026-06-01T00:00:00Z").await, ["ferry/pay/api"]);
    let newest = server.read("developer", "/projects?order_by=last_activity_at&membership=true").await;
    assert_eq!(newest.column("path")[..3], ["api", "ledger", "open"]);
    let of_group = server.read("developer", "/groups/ferry%2Fpay/projects").await;
    assert_eq!(of_group.column("path"), ["api"]);
    let below = server.read("developer", "/groups/ferry/projects?include_subgroups=true&order_by=id&sort=asc").await;
    assert_eq!(below.column("path_with_namespace"), ferry);
}

#[tokio::test]
async fn members_are_inherited_with_their_highest_level() {
    let server = Server::small().await;
    let levels = async |path: &str| {
        let reply = server.read("developer", path).await;
        reply
            .rows()
            .iter()
            .filter(|row| !row["username"].as_str().unwrap().contains("_bot_"))
            .map(|row| (row["username"].as_str().unwrap().to_owned(), row["access_level"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(levels("/groups/ferry%2Fpay/members").await, [("dev.oak".to_owned(), 40)]);
    let all = levels("/groups/ferry%2Fpay/members/all").await;
    assert_eq!(all.iter().find(|(name, _)| name == "dev.oak").unwrap().1, 40);
    assert_eq!(all.iter().find(|(name, _)| name == "ona.marsh").unwrap().1, 50);
    assert!(all.iter().any(|(name, _)| name == "root"), "the administrator is a member everywhere");
    assert!(levels("/projects/ferry%2Fpay%2Fapi/members").await.is_empty());
    assert_eq!(levels("/projects/ferry%2Fpay%2Fapi/members/all").await.len(), all.len());
    let row = server.read("developer", "/projects/ferry%2Fpay%2Fapi").await.json();
    assert_eq!(row["permissions"]["group_access"]["access_level"], 40);
    assert_eq!(row["permissions"]["project_access"], json!(null));
}

#[tokio::test]
async fn tokens_tell_about_themselves() {
    let server = Server::small().await;
    let own = server.read("read_only", "/personal_access_tokens/self").await.json();
    assert_eq!((&own["scopes"], &own["revoked"], &own["active"]), (&json!(["read_api"]), &json!(false), &json!(true)));
    let user = server.read("read_only", "/user").await.json();
    assert_eq!((&user["username"], &user["id"]), (&json!("max.tern"), &own["user_id"]));
    for (name, value) in [("Authorization", format!("Bearer {}", server.token("developer")))] {
        let reply = server.send_with("", "GET", "/user", None, &[(name, &value)]).await;
        assert_eq!(reply.json()["username"], "dev.oak");
    }
    for (role, token) in server.sandbox.tokens.iter().filter(|(role, _)| !matches!(role.as_str(), "deploy" | "oauth")) {
        assert!(token.starts_with("glpat-") && token.len() == 26, "{role}: {token}");
    }
}

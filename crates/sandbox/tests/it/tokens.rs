//! Tokens of every kind: whose they are, what they see, and how they are rotated.

use serde_json::{Value, json};

use crate::server::{Reply, Server};

const API: &str = "/projects/ferry%2Fpay%2Fapi";
const SELF: &str = "/personal_access_tokens/self";
const ROTATE: &str = "/personal_access_tokens/self/rotate";

async fn as_token(server: &Server, token: &str, method: &str, path: &str) -> Reply {
    server.send_with("", method, path, None, &[("PRIVATE-TOKEN", token)]).await
}

async fn paths(server: &Server, role: &str, path: &str, column: &str) -> Vec<Value> {
    server.read(role, path).await.column(column)
}

#[tokio::test]
async fn bots_see_what_they_were_made_for() {
    let server = Server::small().await;
    let user = async |role: &str| server.read(role, "/user").await.json();
    let bot = user("project_bot").await;
    let (name, hash) = bot["username"].as_str().unwrap().split_at("project_1_bot_".len());
    assert_eq!((name, hash.len(), &bot["bot"]), ("project_1_bot_", 32, &json!(true)));
    let group_bot = user("group_bot").await;
    assert!(group_bot["username"].as_str().unwrap().starts_with("group_2_bot_"), "{group_bot}");
    let account = user("service_account").await;
    assert!(account["username"].as_str().unwrap().starts_with("service_account_group_1_"), "{account}");
    assert_eq!((&account["bot"], &account["name"]), (&json!(true), &json!("Service account user")));
    let member = "/projects?membership=true&order_by=id&sort=asc";
    assert_eq!(paths(&server, "project_bot", member, "path").await, ["api"]);
    assert_eq!(paths(&server, "group_bot", member, "path").await, ["api", "ledger"]);
    assert_eq!(paths(&server, "service_account", member, "path").await.len(), 5);
    assert!(paths(&server, "lonely", member, "path").await.is_empty());
    assert_eq!(user("lonely").await["bot"], false);
    let groups = "/groups?order_by=id";
    assert_eq!(paths(&server, "project_bot", groups, "full_path").await, ["ferry", "ferry/pay"]);
    assert_eq!(paths(&server, "group_bot", groups, "full_path").await, ["ferry", "ferry/pay", "ferry/pay/deep"]);
    assert!(paths(&server, "lonely", groups, "full_path").await.is_empty());
    let levels = async |path: &str, user: &Value| {
        let rows = server.read("owner", path).await.rows();
        rows.iter().find(|row| row["id"] == user["id"]).map(|row| row["access_level"].clone())
    };
    assert_eq!(levels(&format!("{API}/members"), &bot).await, Some(json!(40)));
    assert_eq!(levels("/groups/ferry%2Fpay/members", &group_bot).await, Some(json!(50)));
    assert_eq!(levels("/groups/ferry/members", &account).await, Some(json!(40)));
    assert_eq!(levels("/groups/ferry/members", &bot).await, None);
    let query = "{ currentUser { id username bot type } project(fullPath: \"ferry/pay/api\") { maxAccessLevel { integerValue } } }";
    let answer = server.ask("service_account", query, json!({})).await;
    assert_eq!(answer["data"]["currentUser"]["type"], "SERVICE_ACCOUNT");
    assert_eq!(answer["data"]["currentUser"]["bot"], true);
    assert_eq!(answer["data"]["project"]["maxAccessLevel"]["integerValue"], 40);
    assert_eq!(server.get("project_bot", "/groups/other").await.status, 404);
}

#[tokio::test]
async fn tokens_of_other_kinds() {
    let server = Server::small().await;
    let unauthorized = json!({"message": "401 Unauthorized"});
    assert!(server.token("deploy").starts_with("gldt-"));
    for path in [SELF, "/user", "/version", "/projects"] {
        let reply = server.get("deploy", path).await;
        assert_eq!((reply.status, reply.json()), (401, unauthorized.clone()), "{path}");
    }
    let oauth = server.token("oauth").to_owned();
    assert!(oauth.len() == 64 && oauth.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let bearer = format!("Bearer {oauth}");
    let headers = [("Authorization", bearer.as_str())];
    let user = server.send_with("", "GET", "/user", None, &headers).await;
    assert_eq!(user.json()["username"], "max.tern");
    let info = server.send_with("", "GET", "//oauth/token/info", None, &headers).await.json();
    assert_eq!((&info["scope"], &info["resource_owner_id"]), (&json!(["api"]), &user.json()["id"]));
    let left = info["expires_in"].as_i64().unwrap();
    assert!((7000..=7200).contains(&left), "{left}");
    let own = server.send_with("", "GET", SELF, None, &headers).await;
    assert_eq!(own.status, 400);
    assert!(own.json()["message"].as_str().unwrap().contains("personal access token"));
    assert_eq!(server.send_with("", "POST", ROTATE, None, &headers).await.status, 405);
    let personal = server.get("developer", "//oauth/token/info").await;
    assert_eq!((personal.status, &personal.json()["error"]), (401, &json!("invalid_token")));
    let expiring = server.read("expiring", SELF).await.json();
    let ends = expiring["expires_at"].as_str().unwrap().to_owned();
    let later = server.read("maintainer", SELF).await.json()["expires_at"].as_str().unwrap().to_owned();
    assert!(ends < later, "{ends} {later}");
    assert_eq!(server.read("reporter_api", SELF).await.json()["scopes"], json!(["api"]));
    assert_eq!(server.get("reporter_api", &format!("{API}/hooks")).await.status, 403);
}

#[tokio::test]
async fn rotation_tells_the_new_value_once_and_ends_the_old_at_once() {
    let server = Server::small().await;
    let old = server.read("developer", SELF).await.json();
    let made = server.send("developer", "POST", ROTATE, None).await;
    assert_eq!(made.status, 200, "{}", made.json());
    let made = made.json();
    let value = made["token"].as_str().unwrap().to_owned();
    assert!(value.starts_with("glpat-") && value != server.token("developer"));
    assert_eq!((&made["name"], &made["scopes"], &made["user_id"]), (&old["name"], &old["scopes"], &old["user_id"]));
    assert_ne!(made["id"], old["id"]);
    assert!(made["expires_at"].as_str() < old["expires_at"].as_str(), "a week, where nothing else is asked for");
    let now = as_token(&server, &value, "GET", SELF).await.json();
    assert_eq!((&now["id"], &now["token"]), (&made["id"], &Value::Null));
    let revoked = server.get("developer", "/user").await;
    assert_eq!((revoked.status, &revoked.json()["error"]), (401, &json!("invalid_token")));
    // The old value on any other route harms nobody; one more rotation with it ends the family.
    assert_eq!(as_token(&server, &value, "GET", "/user").await.status, 200);
    assert_eq!(server.read("", "//-/sandbox/tokens").await.json()["developer"], json!(value));
    assert_eq!(server.send("developer", "POST", ROTATE, None).await.status, 401);
    let family = as_token(&server, &value, "GET", "/user").await;
    assert_eq!((family.status, &family.json()["error"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn rotation_needs_a_scope_and_a_possible_day() {
    let server = Server::small().await;
    let refused = server.send("read_only", "POST", ROTATE, None).await;
    assert_eq!((refused.status, &refused.json()["scope"]), (403, &json!("api self_rotate")));
    let with = async |role: &str, day: &str| server.send(role, "POST", ROTATE, Some(json!({"expires_at": day}))).await;
    assert_eq!(with("owner", "1999-01-01").await.status, 400);
    assert_eq!(with("owner", "2999-01-01").await.status, 400);
    assert_eq!(with("owner", "soon").await.json(), json!({"error": "expires_at is invalid"}));
    let until = server.read("owner", SELF).await.json()["expires_at"].clone();
    let made = with("self_rotate", until.as_str().unwrap()).await;
    assert_eq!((made.status, &made.json()["expires_at"]), (200, &until));
    // One's own token by its number, and not another's.
    let id = server.read("owner", SELF).await.json()["id"].clone();
    let path = format!("/personal_access_tokens/{id}/rotate");
    let other = server.send("maintainer", "POST", &path, None).await;
    assert_eq!((other.status, other.json()), (401, json!({"message": "401 Unauthorized"})));
    assert_eq!(server.send("admin", "POST", "/personal_access_tokens/9999/rotate", None).await.status, 404);
    assert_eq!(server.send("owner", "POST", &path, None).await.status, 200);
    let again = server.send("admin", "POST", &path, None).await;
    assert_eq!(again.json(), json!({"message": "400 Bad request - Token already revoked"}));
}

#[tokio::test]
async fn tokens_of_projects_and_groups() {
    let server = Server::small().await;
    let own = "/projects/ferry%2Fpay%2Fapi/access_tokens/self/rotate";
    let row = server.read("project_bot", SELF).await.json();
    assert_eq!(row["access_level"], 40);
    assert_eq!(server.read("maintainer", &format!("{API}/access_tokens")).await.column("id"), [row["id"].clone()]);
    assert_eq!(server.get("developer", "/projects/ferry%2Fopen/access_tokens").await.status, 403);
    assert_eq!(server.send("maintainer", "POST", own, None).await.status, 405);
    assert_eq!(server.send("group_bot", "POST", own, None).await.status, 401);
    let made = server.send("project_bot", "POST", own, None).await;
    assert_eq!((made.status, &made.json()["access_level"]), (200, &json!(40)));
    assert_eq!(server.get("project_bot", "/user").await.status, 401);
    let value = made.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(as_token(&server, &value, "GET", "/user").await.json()["id"], row["user_id"]);
    // A Maintainer rotates it by its number; the value of a bot is nobody's own.
    let by_id = format!("{API}/access_tokens/{}/rotate", made.json()["id"]);
    assert_eq!(server.send("maintainer", "POST", &by_id, None).await.status, 200);
    assert_eq!(as_token(&server, &value, "GET", "/user").await.status, 401);
    let group = server.send("group_bot", "POST", "/groups/ferry%2Fpay/access_tokens/self/rotate", None).await;
    assert_eq!((group.status, &group.json()["access_level"]), (200, &json!(50)));
    let owner = server.read("owner", "/groups/ferry%2Fpay/access_tokens?state=active").await;
    assert_eq!(owner.column("id"), [group.json()["id"].clone()]);
    assert_eq!(server.get("maintainer", "/groups/ferry%2Fpay/access_tokens").await.status, 403);
    let service = server.send("service_account", "POST", ROTATE, None).await;
    assert_eq!(service.status, 200);
    assert_eq!(server.send("reporter", "DELETE", SELF, None).await.status, 204);
    assert_eq!(server.get("reporter", "/user").await.status, 401);
}

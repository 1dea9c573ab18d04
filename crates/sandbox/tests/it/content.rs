//! What is read: trees, files, blobs, commits, branches, languages, and writing through the API.

use serde_json::{Value, json};

use crate::server::Server;

const API: &str = "/projects/ferry%2Fpay%2Fapi";

#[tokio::test]
async fn trees_and_files_agree() {
    let server = Server::small().await;
    let tree = server.read("reporter", &format!("{API}/repository/tree?recursive=true&per_page=100")).await.rows();
    let paths: Vec<&str> = tree.iter().map(|row| row["path"].as_str().unwrap()).collect();
    let expected = [
        ".gitignore",
        ".gitlab-ci.yml",
        "README.md",
        "catalog-info.yaml",
        "logo.bin",
        "run.sh",
        "src",
        "src/main.go",
        "src/sub",
        "src/sub/a b.txt",
    ];
    assert_eq!(paths, expected);
    for row in tree.iter().filter(|row| row["type"] == "blob") {
        let path = row["path"].as_str().unwrap().replace('/', "%2F").replace(' ', "%20");
        let file = server.read("reporter", &format!("{API}/repository/files/{path}?ref=main")).await.json();
        assert_eq!(file["blob_id"], row["id"], "{path}");
        let blob = server.read("reporter", &format!("{API}/repository/blobs/{}", row["id"].as_str().unwrap())).await;
        assert_eq!(blob.json()["content"], file["content"]);
        let raw = server.read("reporter", &format!("{API}/repository/files/{path}/raw")).await;
        assert_eq!(raw.body.len() as u64, file["size"].as_u64().unwrap());
        assert_eq!(raw.header("x-gitlab-blob-id"), row["id"].as_str().unwrap());
        assert_eq!(file["execute_filemode"], json!(path == "run.sh"));
    }
    let head = server.send("reporter", "HEAD", &format!("{API}/repository/files/README.md?ref=HEAD"), None).await;
    assert_eq!((head.status, head.header("x-gitlab-size"), head.body.len()), (200, "6", 0));
    // The id that everyone's git gives to these six bytes.
    let readme = server.read("reporter", &format!("{API}/repository/files/README.md?ref=main")).await.json();
    assert_eq!(readme["blob_id"], "03aee80b92012371e0e562d18569a09f7ccad629");
}

#[tokio::test]
async fn an_address_in_a_file_is_the_servers_own() {
    let server = Server::small().await;
    let raw = server.read("reporter", &format!("{API}/repository/files/catalog-info.yaml/raw")).await;
    let text = String::from_utf8(raw.body).unwrap();
    assert!(text.contains(&format!("url: {}/x", server.sandbox.url)), "{text}");
    let project = server.read("reporter", API).await.json();
    assert_eq!(project["web_url"], format!("{}/ferry/pay/api", server.sandbox.url));
    assert_eq!(project["readme_url"], format!("{}/ferry/pay/api/-/blob/main/README.md", server.sandbox.url));
}

#[tokio::test]
async fn history_is_the_sheets() {
    let server = Server::small().await;
    let commits = server.read("reporter", &format!("{API}/repository/commits")).await.rows();
    let titles: Vec<&Value> = commits.iter().map(|row| &row["title"]).collect();
    assert_eq!(titles, ["Describe", "Start"]);
    assert_eq!(commits[0]["committed_date"], "2026-11-18T10:00:00.000+00:00");
    assert_eq!(commits[0]["author_name"], "Max Tern");
    assert_eq!(commits[0]["parent_ids"], json!([commits[1]["id"]]));
    let sha = commits[0]["id"].as_str().unwrap();
    let one = server.read("reporter", &format!("{API}/repository/commits/{}", &sha[..8])).await.json();
    assert_eq!(one["id"], sha);
    assert!(one["stats"]["additions"].as_u64().unwrap() > 0);
    let of_file = server.read("reporter", &format!("{API}/repository/commits?path=README.md")).await.rows();
    assert_eq!(of_file.len(), 1);
    assert_eq!(of_file[0]["title"], "Start");
    let languages = server.read("reporter", &format!("{API}/languages")).await.json();
    assert_eq!(languages, json!({"Go": 90.5, "Shell": 9.5}));
    let branch = server.read("reporter", &format!("{API}/repository/branches/main")).await.json();
    assert_eq!(
        (&branch["commit"]["id"], &branch["default"], &branch["can_push"]),
        (&json!(sha), &json!(true), &json!(false))
    );
    let refs = server.read("reporter", &format!("{API}/repository/commits/{sha}/refs")).await.json();
    assert_eq!(refs, json!([{"type": "branch", "name": "main"}]));
}

#[tokio::test]
async fn an_empty_project_has_nothing() {
    let server = Server::small().await;
    let empty = "/projects/ferry%2Fempty";
    assert_eq!(server.read("reporter", empty).await.json()["empty_repo"], true);
    assert_eq!(server.read("reporter", &format!("{empty}/repository/branches")).await.json(), json!([]));
    assert_eq!(server.read("reporter", &format!("{empty}/repository/commits")).await.json(), json!([]));
    let body = json!({"branch": "main", "content": "# Hello\n", "commit_message": "First"});
    let made = server.send("maintainer", "POST", &format!("{empty}/repository/files/README.md"), Some(body)).await;
    assert_eq!((made.status, made.json()), (201, json!({"file_path": "README.md", "branch": "main"})));
    assert_eq!(server.read("reporter", empty).await.json()["empty_repo"], false);
}

#[tokio::test]
async fn one_commit_of_many_actions() {
    let server = Server::small().await;
    let commits = format!("{API}/repository/commits");
    let before = server.read("maintainer", &commits).await.rows().len();
    let old = server.read("maintainer", API).await.json()["last_activity_at"].clone();
    let body = json!({
        "branch": "topic", "start_branch": "main", "commit_message": "Rework",
        "author_name": "Someone Else", "author_email": "else@ferry.example",
        "actions": [
            {"action": "create", "file_path": "docs/a.bin", "content": "AAEC", "encoding": "base64"},
            {"action": "update", "file_path": "README.md", "content": "# Pay\n\nMore.\n"},
            {"action": "move", "file_path": "src/cmd/main.go", "previous_path": "src/main.go"},
            {"action": "delete", "file_path": "logo.bin"},
            {"action": "chmod", "file_path": "run.sh", "execute_filemode": false},
        ],
    });
    let made = server.send("maintainer", "POST", &commits, Some(body.clone())).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let made = made.json();
    assert_eq!(made["author_name"], "Someone Else");
    assert_eq!(made["parent_ids"].as_array().unwrap().len(), 1);
    let tree = server.read("reporter", &format!("{API}/repository/tree?recursive=true&ref=topic&per_page=100")).await;
    let paths = tree.column("path");
    for (path, there) in [("docs/a.bin", true), ("src/cmd/main.go", true), ("src/main.go", false), ("logo.bin", false)]
    {
        assert_eq!(paths.iter().any(|found| found == path), there, "{path}");
    }
    let row = tree.rows().into_iter().find(|row| row["path"] == "run.sh").unwrap();
    assert_eq!(row["mode"], "100644");
    let on_main = server.read("reporter", &commits).await.rows().len();
    assert_eq!(
        (on_main, server.read("reporter", &format!("{commits}?ref_name=topic")).await.rows().len()),
        (before, before + 1)
    );
    assert_ne!(server.read("maintainer", API).await.json()["last_activity_at"], old);
    let again = server.send("maintainer", "POST", &commits, Some(body)).await;
    assert_eq!(again.status, 400);
    let changed = server.read("reporter", &format!("{commits}/topic/diff")).await;
    assert!(changed.column("new_path").iter().any(|path| path == "docs/a.bin"));
}

#[tokio::test]
async fn refused_actions_say_why() {
    let server = Server::small().await;
    let commits = format!("{API}/repository/commits");
    let check = async |action: Value, expected: &str| {
        let body = json!({"branch": "main", "commit_message": "x", "actions": [action]});
        let reply = server.send("maintainer", "POST", &commits, Some(body)).await;
        assert_eq!((reply.status, reply.json()), (400, json!({"message": expected})));
    };
    let create = |path: &str| json!({"action": "create", "file_path": path, "content": ""});
    check(create("README.md"), "A file with this name already exists").await;
    check(create("src"), "A file with this name already exists").await;
    check(create("../x"), "Path cannot include directory traversal").await;
    check(json!({"action": "delete", "file_path": "no"}), "A file with this name doesn't exist").await;
    let stale = json!({"action": "update", "file_path": "README.md", "content": "", "last_commit_id": "0".repeat(40)});
    check(stale, "You have attempted to update a file that has changed since you started editing it.").await;
}

#[tokio::test]
async fn branches_come_and_go() {
    let server = Server::small().await;
    let branches = format!("{API}/repository/branches");
    let make = json!({"branch": "feature/one", "ref": "main"});
    assert_eq!(server.send("developer", "POST", &branches, Some(make.clone())).await.status, 201);
    let again = server.send("developer", "POST", &branches, Some(make)).await;
    assert_eq!((again.status, again.json()), (400, json!({"message": "Branch already exists"})));
    let bad = server.send("developer", "POST", &branches, Some(json!({"branch": "a..b", "ref": "main"}))).await;
    assert_eq!(bad.status, 400);
    let unknown = server.send("developer", "POST", &branches, Some(json!({"branch": "x", "ref": "none"}))).await;
    assert_eq!(unknown.json(), json!({"message": "Invalid reference name: none"}));
    assert_eq!(server.read("developer", &format!("{branches}?search=^feat")).await.column("name"), ["feature/one"]);
    let one = format!("{branches}/feature%2Fone");
    assert_eq!(server.send("developer", "DELETE", &one, None).await.status, 204);
    assert_eq!(server.get("developer", &one).await.status, 404);
    assert_eq!(server.send("maintainer", "DELETE", &format!("{branches}/main"), None).await.status, 405);
}

#[tokio::test]
async fn pages_lead_somewhere() {
    let server = Server::small().await;
    for path in [
        "//",
        "//ferry",
        "//groups/ferry/pay",
        "//ferry/pay/api",
        "//ferry/pay/api/-/blob/main/src/main.go",
        "//ona.marsh",
    ] {
        let reply = server.get("", path).await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.header("content-type").starts_with("text/html"));
    }
    assert_eq!(server.get("", "//ferry/pay/api/-/blob/main/none").await.status, 404);
    let stats = server.read("", "//-/sandbox/stats").await.json();
    assert_eq!(stats["routes"]["GET /{path}"], 7);
    let routes = server.read("", "//-/sandbox/routes").await.json();
    assert!(routes.as_array().unwrap().contains(&json!("GET /api/v4/projects/{id}/repository/tree")));
}

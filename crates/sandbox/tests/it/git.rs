//! The real `git` against the sandbox.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use crate::server::Server;

fn git(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@ferry.example", "-c", "credential.helper="])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .unwrap()
}

/// Runs git off the test's thread, because the server runs on it.
async fn run(folder: &Path, arguments: &[&str]) -> Output {
    let folder = folder.to_owned();
    let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    tokio::task::spawn_blocking(move || git(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>()))
        .await
        .unwrap()
}

async fn good(folder: &Path, arguments: &[&str]) -> String {
    let done = run(folder, arguments).await;
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

async fn bad(folder: &Path, arguments: &[&str], expected: &str) {
    let done = run(folder, arguments).await;
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && text.contains(expected), "git {arguments:?} said {text}, not {expected}");
}

fn address(server: &Server, role: &str, path: &str) -> String {
    let host = server.sandbox.url.trim_start_matches("http://");
    if role.is_empty() {
        format!("http://{host}/{path}.git")
    } else {
        format!("http://any:{}@{host}/{path}.git", server.token(role))
    }
}

#[tokio::test]
async fn a_clone_has_the_ids_that_the_api_told_before() {
    let server = Server::small().await;
    let api = "/projects/ferry%2Fpay%2Fapi/repository";
    let told = server.read("reporter", &format!("{api}/tree?recursive=true&per_page=100")).await.rows();
    let tip = server.read("reporter", &format!("{api}/branches/main")).await.json()["commit"]["id"].clone();
    let folder = tempfile::tempdir().unwrap();
    good(folder.path(), &["clone", "-q", &address(&server, "reporter", "ferry/pay/api"), "api"]).await;
    let clone = folder.path().join("api");
    assert_eq!(good(&clone, &["rev-parse", "HEAD"]).await.trim(), tip);
    let listed = good(&clone, &["ls-tree", "-r", "-t", "-z", "HEAD"]).await;
    let mut rows = Vec::new();
    for row in listed.split('\0').filter(|row| !row.is_empty()) {
        let (meta, path) = row.split_once('\t').unwrap();
        let parts: Vec<&str> = meta.split(' ').collect();
        rows.push(json!({"mode": parts[0], "type": parts[1], "id": parts[2], "path": path, "name": path.rsplit('/').next().unwrap()}));
    }
    let by_path = |rows: &mut Vec<serde_json::Value>| rows.sort_by_key(|row| row["path"].to_string());
    let mut told = told;
    by_path(&mut rows);
    by_path(&mut told);
    assert_eq!(rows, told);
    good(&clone, &["fsck", "--strict"]).await;
    // And the API still tells the same, now that it reads the real repository.
    let mut after = server.read("reporter", &format!("{api}/tree?recursive=true&per_page=100")).await.rows();
    by_path(&mut after);
    assert_eq!(after, told);
}

#[tokio::test]
async fn a_push_is_seen_by_the_api_and_a_commit_of_the_api_by_fetch() {
    let server = Server::small().await;
    let folder = tempfile::tempdir().unwrap();
    good(folder.path(), &["clone", "-q", &address(&server, "maintainer", "ferry/pay/api"), "api"]).await;
    let clone = folder.path().join("api");
    std::fs::write(clone.join("new.txt"), "new\n").unwrap();
    good(&clone, &["add", "."]).await;
    good(&clone, &["commit", "-q", "-m", "Add a file"]).await;
    good(&clone, &["tag", "-a", "v1", "-m", "One"]).await;
    good(&clone, &["push", "-q", "origin", "main", "v1"]).await;
    let tip = good(&clone, &["rev-parse", "HEAD"]).await.trim().to_owned();
    let api = "/projects/ferry%2Fpay%2Fapi/repository";
    assert_eq!(server.read("reporter", &format!("{api}/branches/main")).await.json()["commit"]["id"], tip);
    assert_eq!(server.read("reporter", &format!("{api}/files/new.txt/raw?ref=v1")).await.body, b"new\n");
    let query = "query { project(fullPath: \"ferry/pay/api\") { repository { blobs(paths: [\"new.txt\"]) { nodes { rawTextBlob } } } } }";
    let asked = server.ask("reporter", query, json!({})).await;
    assert_eq!(asked["data"]["project"]["repository"]["blobs"]["nodes"], json!([{"rawTextBlob": "new\n"}]));
    let body = json!({"branch": "main", "content": "changed\n", "commit_message": "Change it"});
    let changed = server.send("maintainer", "PUT", &format!("{api}/files/new.txt"), Some(body)).await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    good(&clone, &["pull", "-q", "--ff-only"]).await;
    assert_eq!(std::fs::read_to_string(clone.join("new.txt")).unwrap(), "changed\n");
    good(&clone, &["fsck", "--strict"]).await;
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let server = Server::small().await;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let clone = |role: &str, path: &str| address(&server, role, path);
    bad(here, &["ls-remote", &clone("", "ferry/pay/api")], "could not read Username").await;
    let wrong = server.sandbox.url.replace("http://", "http://any:glpat-wrong@");
    bad(here, &["ls-remote", &format!("{wrong}/ferry/pay/api.git")], "Authentication failed").await;
    bad(here, &["ls-remote", &clone("expired", "ferry/pay/api")], "Authentication failed").await;
    bad(here, &["ls-remote", &clone("developer", "other/secret")], "not found").await;
    bad(here, &["ls-remote", &clone("guest", "ferry/pay/api")], "403").await;
    bad(here, &["ls-remote", &clone("read_only", "ferry/pay/api")], "403").await;
    good(here, &["clone", "-q", &clone("", "ferry/open"), "open"]).await;
    let open = here.join("open");
    std::fs::write(open.join("x.txt"), "x").unwrap();
    good(&open, &["add", "."]).await;
    good(&open, &["commit", "-q", "-m", "x"]).await;
    let push = |role: &str| clone(role, "ferry/open");
    bad(&open, &["push", &push("reporter"), "HEAD:topic"], "403").await;
    bad(&open, &["push", &push("developer"), "HEAD:main"], "not allowed to push code to protected branches").await;
    good(&open, &["push", "-q", &push("developer"), "HEAD:topic"]).await;
    good(&open, &["push", "-q", &push("maintainer"), "HEAD:main"]).await;
    good(&open, &["commit", "-q", "--amend", "-m", "y"]).await;
    bad(&open, &["push", "-f", &push("maintainer"), "HEAD:main"], "not allowed to force push").await;
    good(&open, &["push", "-q", "-f", &push("developer"), "HEAD:topic"]).await;
}

#[tokio::test]
async fn repositories_outlive_the_server_in_a_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let options =
        || sandbox::Options { projects: Some(20), data: Some(data.path().to_owned()), ..sandbox::Options::default() };
    let first = Server::with(options(), sandbox::WorldFiles::embedded()).await;
    let body = json!({"branch": "main", "content": "kept\n", "commit_message": "Keep"});
    assert_eq!(first.send("admin", "POST", "/projects/3/repository/files/kept.txt", Some(body)).await.status, 201);
    first.sandbox.shutdown().await.unwrap();
    let second = Server::with(options(), sandbox::WorldFiles::embedded()).await;
    assert_eq!(second.read("admin", "/projects/3/repository/files/kept.txt/raw").await.body, b"kept\n");
}

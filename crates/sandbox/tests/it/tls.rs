//! TLS, the public address, and what every answer carries.

use std::time::Duration;

use sandbox::{Options, Tls};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

use crate::server::{Server, world};

const HOST: &str = "gitlab.sandrill.example";

/// A certificate for the host and for loopback; the folder keeps both files.
fn certificate() -> (TempDir, Tls, String) {
    let names = [HOST, "localhost", "127.0.0.1"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&tls.cert, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    (folder, tls, made.cert.pem())
}

fn client(pem: &str, sandbox: &sandbox::Sandbox) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()])
        .resolve(HOST, sandbox.listen)
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

#[tokio::test]
async fn https_under_a_name() {
    let (_folder, tls, pem) = certificate();
    let options = Options { tls: Some(tls), url: Some(format!("https://{HOST}:0")), ..Options::default() };
    let sandbox = sandbox::start_with(options, world()).await.unwrap();
    assert_eq!(sandbox.url, format!("https://{HOST}:{}", sandbox.listen.port()));
    assert_eq!(sandbox.banner()["listen"], json!(sandbox.listen.to_string()));
    let client = client(&pem, &sandbox);
    let ask = async |path: &str| {
        let request =
            client.get(format!("{}{path}", sandbox.url)).header("PRIVATE-TOKEN", &sandbox.tokens["developer"]);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let project = ask("/api/v4/projects/ferry%2Fpay%2Fapi").await;
    assert_eq!(project["web_url"], json!(format!("{}/ferry/pay/api", sandbox.url)));
    assert_eq!(project["ssh_url_to_repo"], json!(format!("git@{HOST}:ferry/pay/api.git")));
    let file = ask("/api/v4/projects/ferry%2Fpay%2Fapi/repository/files/catalog-info.yaml?ref=main").await;
    assert_eq!(file["file_name"], "catalog-info.yaml");
    let link = client.get(format!("{}/api/v4/projects?per_page=1", sandbox.url)).send().await.unwrap();
    assert!(link.headers()["link"].to_str().unwrap().contains(&sandbox.url));
}

#[tokio::test]
async fn a_stalled_handshake_holds_up_nobody() {
    let (_folder, tls, pem) = certificate();
    let sandbox = sandbox::start_with(Options { tls: Some(tls), ..Options::default() }, world()).await.unwrap();
    assert_eq!(sandbox.url, format!("https://{}", sandbox.listen));
    let mut silent = Vec::new();
    for _ in 0..80 {
        silent.push(tokio::net::TcpStream::connect(sandbox.listen).await.unwrap());
    }
    let client = client(&pem, &sandbox);
    let reply = client.get(format!("{}/api/v4/version", sandbox.url)).send().await.unwrap();
    assert_eq!(reply.status(), 401);
    // Whoever speaks plain HTTP to it gets no HTTP back.
    let plain = client.get(format!("http://{}/api/v4/version", sandbox.listen)).send().await;
    assert!(plain.is_err());
    sandbox.shutdown().await.unwrap();
    // A connection that was never taken is closed.
    let mut rest = Vec::new();
    drop(silent.remove(0).read_to_end(&mut rest).await);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let (_one, mut tls, _) = certificate();
    let (_other, other, _) = certificate();
    let start = async |options: Options| format!("{:#}", sandbox::start_with(options, world()).await.unwrap_err());
    let with = |tls: &Tls| Options { tls: Some(tls.clone()), ..Options::default() };
    tls.key = other.key;
    assert!(start(with(&tls)).await.contains("do not belong together"));
    tls.cert = tls.key.clone();
    assert!(start(with(&tls)).await.contains("has no certificate"));
    tls.cert = "/nowhere/cert.pem".into();
    assert!(start(with(&tls)).await.contains("/nowhere/cert.pem"));
    let path = Options { url: Some("https://gitlab.example/sub".to_owned()), ..Options::default() };
    assert!(start(path).await.contains("nothing after the port"));
}

#[tokio::test]
async fn every_answer_says_when_and_which() {
    let server = Server::small().await;
    let mut seen = Vec::new();
    for (role, path, status) in [
        ("", "/version", 401),
        ("", "/metadata", 401),
        ("developer", "/version", 200),
        ("revoked", "/user", 401),
        ("developer", "/nowhere", 404),
        ("developer", "//api/graphql?query=%7BcurrentUser%7Bid%7D%7D", 200),
    ] {
        let reply = server.get(role, path).await;
        assert_eq!(reply.status, status, "{role} {path}");
        assert!(reply.header("date").ends_with("GMT"), "{path}");
        let meta: Value = serde_json::from_str(reply.header("x-gitlab-meta")).unwrap();
        assert_eq!(meta["version"], "1");
        seen.push(meta["correlation_id"].as_str().unwrap().to_owned());
        if status == 401 && role.is_empty() {
            assert_eq!(reply.json(), json!({"message": "401 Unauthorized"}));
        }
    }
    assert!(seen.iter().all(|id| id.len() == 26), "{seen:?}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6, "every answer has an id of its own");
}

#[tokio::test]
async fn pages_are_html() {
    let server = Server::small().await;
    for path in ["//", "//ferry", "//groups/ferry/pay", "//ferry/pay/api", "//nowhere"] {
        let reply = server.get("", path).await;
        assert_eq!(reply.status, if path == "//nowhere" { 404 } else { 200 }, "{path}");
        assert!(reply.header("content-type").starts_with("text/html"), "{path}");
        assert!(reply.body.starts_with(b"<!doctype html>"), "{path}");
    }
}

//! A running instance and a way to ask it.

use std::collections::BTreeMap;
use std::time::Duration;

use sandbox::{Options, Sandbox, WorldFiles};
use serde_json::{Value, json};

/// A small world: two groups with colliding names, an empty project, an archived one, a person's own.
const SHEET: &str = r#"
people:
  - {username: ona.marsh, name: Ona Marsh, email: ona@ferry.example, job_title: Lead}
  - {username: max.tern, name: Max Tern, email: max@ferry.example}
  - {username: dev.oak, name: Dev Oak, email: dev@ferry.example}
  - {username: rep.lund, name: Rep Lund, email: rep@ferry.example}
  - {username: gus.ray, name: Gus Ray, email: gus@ferry.example}
  - {username: out.sider, name: Out Sider, email: out@ferry.example}
tokens: {owner: ona.marsh, maintainer: max.tern, developer: dev.oak, reporter: rep.lund, guest: gus.ray}
groups:
  - path: ferry
    name: Ferry
    visibility: private
    members:
      - {user: ona.marsh, level: 50}
      - {user: max.tern, level: 40}
      - {user: dev.oak, level: 30}
      - {user: rep.lund, level: 20}
      - {user: gus.ray, level: 10}
  - {path: ferry/pay, name: Pay, members: [{user: dev.oak, level: 40}]}
  - {path: ferry/pay/deep, name: Deep}
  - {path: other, name: Other, members: [{user: out.sider, level: 50}]}
projects:
  - path: ferry/pay/api
    name: Pay API
    description: Takes money.
    topics: [payments, go]
    languages: {Go: 90.5, Shell: 9.5}
    created: 2024-03-02
    last_activity: 2026-11-18
    commits:
      - {author: dev.oak, date: "2024-03-02T09:00:00Z", message: "Start"}
      - {author: max.tern, date: "2026-11-18T10:00:00Z", message: "Describe\n\nWhat runs here."}
  - {path: ferry/pay/deep/ledger, visibility: internal, last_activity: 2026-01-05}
  - {path: ferry/open, visibility: public, last_activity: 2025-05-05}
  - {path: ferry/old, archived: true}
  - {path: ferry/empty, empty: true}
  - {path: other/secret}
  - {path: out.sider/notes}
"#;

/// The small world with its files.
pub(crate) fn world() -> WorldFiles {
    WorldFiles::of([
        ("sandrill.yaml", SHEET.as_bytes().to_vec()),
        ("files/ferry/pay/api/README.md", b"# Pay\n".to_vec()),
        ("files/ferry/pay/api/.gitlab-ci.yml", b"build: {script: [make]}\n".to_vec()),
        (
            "files/ferry/pay/api/catalog-info.yaml",
            b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: pay-api}\nspec: {type: service, lifecycle: production, owner: pay}\n---\nurl: {{base_url}}/x\n".to_vec(),
        ),
        ("files/ferry/pay/api/src/main.go", b"package main\n\nfunc main() {}\n".to_vec()),
        ("files/ferry/pay/api/src/sub/a b.txt", "with a space, and an é\n".as_bytes().to_vec()),
        ("files/ferry/pay/api/run.sh", b"#!/bin/sh\necho run\n".to_vec()),
        ("files/ferry/pay/api/logo.bin", vec![0, 159, 146, 150, 0, 1]),
        ("files/ferry/pay/api/.gitignore.world", b"/target\n".to_vec()),
        ("files/ferry/pay/deep/ledger/README.md", b"# Ledger\n".to_vec()),
        ("files/ferry/open/README.md", b"# Open\n".to_vec()),
        ("files/ferry/old/README.md", b"# Old\n".to_vec()),
        ("files/other/secret/README.md", b"# Secret\n".to_vec()),
        ("files/out.sider/notes/README.md", b"# Notes\n".to_vec()),
    ])
}

/// A running instance.
pub(crate) struct Server {
    pub(crate) sandbox: Sandbox,
    client: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        self.json().as_array().unwrap_or_else(|| panic!("no array: {}", self.json())).clone()
    }

    /// One field of every row.
    pub(crate) fn column(&self, name: &str) -> Vec<Value> {
        self.rows().iter().map(|row| row[name].clone()).collect()
    }

    /// The address of `rel="next"`.
    pub(crate) fn next(&self) -> Option<String> {
        let link = self.header("link").split(", ").find(|link| link.ends_with("rel=\"next\""))?;
        Some(link.split('<').nth(1)?.split('>').next()?.to_owned())
    }
}

impl Server {
    /// The small world.
    pub(crate) async fn small() -> Self {
        Self::with(Options::default(), world()).await
    }

    /// A generated estate.
    pub(crate) async fn estate(projects: u32, seed: u64) -> Self {
        Self::with(Options { projects: Some(projects), seed, ..Options::default() }, WorldFiles::embedded()).await
    }

    pub(crate) async fn with(options: Options, files: WorldFiles) -> Self {
        let sandbox = sandbox::start_with(options, files).await.unwrap();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { sandbox, client }
    }

    pub(crate) fn token(&self, role: &str) -> &str {
        match role {
            "admin" => &self.sandbox.admin_token,
            role => self.sandbox.tokens.get(role).unwrap_or_else(|| panic!("no token {role}")),
        }
    }

    /// Sends a request as a role (`""` for nobody). `path` is below `/api/v4` unless it begins with a slash twice, or
    /// is a whole address.
    pub(crate) async fn send(&self, role: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.send_with(role, method, path, body, &[]).await
    }

    pub(crate) async fn send_with(
        &self,
        role: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else if let Some(path) = path.strip_prefix("//") {
            format!("{}/{path}", self.sandbox.url)
        } else {
            format!("{}/api/v4{path}", self.sandbox.url)
        };
        let mut request = self.client.request(method.parse().unwrap(), url);
        if !role.is_empty() {
            request = request.header("PRIVATE-TOKEN", self.token(role));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        Reply { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub(crate) async fn get(&self, role: &str, path: &str) -> Reply {
        self.send(role, "GET", path, None).await
    }

    /// A GET that must be answered with 200.
    pub(crate) async fn read(&self, role: &str, path: &str) -> Reply {
        let reply = self.get(role, path).await;
        assert_eq!(reply.status, 200, "{role} {path}: {}", String::from_utf8_lossy(&reply.body));
        reply
    }

    /// A GraphQL query.
    pub(crate) async fn ask(&self, role: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let reply = self.send(role, "POST", "//api/graphql", Some(body)).await;
        reply.json()
    }
}

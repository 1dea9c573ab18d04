//! Texts of files: measured, batched, and never missing by mistake.

use std::collections::BTreeMap;

use gitlab::{Content, FileText, FileWanted, Kind};
use model::ProjectId;
use serde_json::{Value, json};

use crate::fixture::*;

type Files = BTreeMap<(u64, String), Option<String>>;

/// Files by project and path; `None` is a binary of ten bytes.
fn files(list: &[(u64, &str, Option<&str>)]) -> Files {
    list.iter().map(|(id, path, text)| ((*id, (*path).to_owned()), text.map(str::to_owned))).collect()
}

/// Answers a texts query the way GitLab does: absent files are left out.
fn respond(files: &Files, seen: &Seen) -> Value {
    let mut data = serde_json::Map::new();
    for at in 0.. {
        let Some(ids) = seen.variable(&format!("g{at}")).as_array() else { break };
        let paths = seen.variable(&format!("p{at}")).as_array().expect("paths").clone();
        let nodes: Vec<Value> =
            ids.iter().map(|gid| project(files, seen, gid.as_str().expect("gid"), &paths)).collect();
        data.insert(format!("a{at}"), json!({"nodes": nodes}));
    }
    json!({"data": data})
}

fn project(files: &Files, seen: &Seen, gid: &str, paths: &[Value]) -> Value {
    let id = ProjectId::from_gid(gid).expect("gid").0;
    let blob = |path: &Value| {
        let path = path.as_str().expect("path");
        let text = files.get(&(id, path.to_owned()))?;
        let size = text.as_ref().map_or(10, String::len);
        let mut blob = json!({"path": path, "oid": format!("{id}-{path}"), "rawSize": size.to_string()});
        if seen.text().contains("rawTextBlob") {
            blob["rawTextBlob"] = json!(text);
        }
        Some(blob)
    };
    let nodes: Vec<Value> = paths.iter().filter_map(blob).collect();
    json!({"id": gid, "repository": {"blobs": {"nodes": nodes}}})
}

fn want(project: u64, path: &str, size: Option<u64>) -> FileWanted {
    FileWanted { project: ProjectId(project), path: path.to_owned(), size }
}

fn contents(texts: &[FileText]) -> Vec<(u64, &str, &Content)> {
    texts.iter().map(|f| (f.project.0, f.path.as_str(), &f.content)).collect()
}

#[tokio::test]
async fn each_wanted_file_has_one_answer() {
    let held = files(&[(1, "a", Some("one")), (1, "b", None), (2, "a", Some("")), (3, "a", Some("three"))]);
    let server = Server::start(move |_, seen| json(200, &respond(&held, seen))).await;
    let wanted = [
        want(1, "a", Some(3)),
        want(1, "b", Some(10)),
        want(2, "a", Some(0)),
        want(2, "b", Some(1)),
        want(3, "a", Some(5)),
        want(3, "a", Some(5)),
    ];
    let texts = server.client().texts(&wanted, None).await.expect("answered");
    let text = |t: &str| Content::Text(t.to_owned());
    assert_eq!(
        contents(&texts),
        [
            (1, "a", &text("one")),
            (1, "b", &Content::Binary),
            (2, "a", &text("")),
            (2, "b", &Content::Missing),
            (3, "a", &text("three")),
        ]
    );
    assert_eq!(texts[0].blob.as_ref().map(|b| b.as_str()), Some("1-a"));
    assert_eq!(texts[0].size, Some(3));
    assert_eq!(server.count(), 1, "two path sets share a request");
    assert!(!server.seen()[0].text().contains("ref:"));
}

#[tokio::test]
async fn a_ref_is_passed_on() {
    let held = files(&[(1, "a", Some("one"))]);
    let server = Server::start(move |_, seen| json(200, &respond(&held, seen))).await;
    server.client().texts(&[want(1, "a", Some(3))], Some("v1.2")).await.expect("answered");
    let seen = &server.seen()[0];
    assert!(seen.text().contains("ref: $ref"));
    assert_eq!(seen.variable("ref"), "v1.2");
}

#[tokio::test]
async fn a_file_of_unknown_size_is_measured_before_it_is_fetched() {
    let huge = "x".repeat(6 << 20);
    let held = files(&[(1, "huge", Some(&huge)), (1, "small", Some("s"))]);
    let server = Server::start(move |_, seen| json(200, &respond(&held, seen))).await;
    let wanted =
        [want(1, "huge", None), want(1, "none", None), want(1, "small", None), want(2, "huge", Some(300_000_000))];
    let texts = server.client().texts(&wanted, None).await.expect("answered");
    let small = Content::Text("s".to_owned());
    assert_eq!(
        contents(&texts),
        [
            (1, "huge", &Content::TooLarge),
            (1, "none", &Content::Missing),
            (1, "small", &small),
            (2, "huge", &Content::TooLarge),
        ]
    );
    assert_eq!((texts[0].size, texts[3].size), (Some(6 << 20), Some(300_000_000)));
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(!seen[0].text().contains("rawTextBlob"));
    assert_eq!(seen[1].variable("p0"), &json!(["small"]), "the large one was never fetched");
}

#[tokio::test]
async fn who_does_not_answer_is_not_missing_anything() {
    let server = Server::start(|_, _| {
        json(200, &json!({
            "data": {"a0": {"nodes": [
                {"id": "gid://gitlab/Project/1", "repository": null},
                {"id": "gid://gitlab/Project/2", "repository": {"blobs": null}},
                {"id": "gid://gitlab/Project/3", "repository": {"blobs": {"nodes": [{"path": "a", "oid": "x", "rawSize": "3", "rawTextBlob": null}]}}},
                null,
            ]}},
            "errors": [
                {"message": "Gitaly is tired", "path": ["a0", "nodes", 1, "repository", "blobs"]},
                {"message": "Timeout on RepositoryBlob.rawTextBlob", "path": ["a0", "nodes", 2, "repository", "blobs", "nodes", 0, "rawTextBlob"]},
            ],
        }))
    })
    .await;
    let wanted: Vec<FileWanted> = (1..=4).map(|id| want(id, "a", Some(3))).collect();
    let texts = server.client().texts(&wanted, None).await.expect("answered");
    let why: Vec<String> = texts.iter().map(|f| format!("{:?}", f.content)).collect();
    assert_eq!(
        why,
        [
            "Unanswered(\"the token may not read code in this project\")",
            "Unanswered(\"Gitaly is tired\")",
            "Unanswered(\"Timeout on RepositoryBlob.rawTextBlob\")",
            "Unanswered(\"the project is not visible to this token\")",
        ]
    );
}

#[tokio::test]
async fn a_whole_part_that_fails_says_why() {
    let server = Server::start(|_, _| {
        json(200, &json!({"data": {"a0": null}, "errors": [{"message": "boom", "path": ["a0"]}]}))
    })
    .await;
    let texts = server.client().texts(&[want(1, "a", Some(3))], None).await.expect("answered");
    assert_eq!(texts[0].content, Content::Unanswered("boom".to_owned()));
}

#[tokio::test]
async fn blobs_that_are_too_much_together_are_asked_for_one_by_one() {
    let held = files(&[(1, "a", Some("one")), (1, "b", Some("two")), (2, "a", Some("other")), (2, "b", Some("text"))]);
    let server = Server::start(move |_, seen| {
        let mut answer = respond(&held, seen);
        if seen.variable("p0").as_array().is_some_and(|p| p.len() > 1) {
            answer["data"]["a0"]["nodes"][0]["repository"]["blobs"] = Value::Null;
            answer["errors"] = json!([{"message": "Max blobs size limit exceeded (21 MiB / 20 MiB).", "path": ["a0", "nodes", 0, "repository", "blobs"]}]);
        }
        json(200, &answer)
    })
    .await;
    let wanted = [want(1, "a", Some(3)), want(1, "b", Some(3)), want(2, "a", Some(5)), want(2, "b", Some(4))];
    let texts = server.client().texts(&wanted, None).await.expect("answered");
    assert!(texts.iter().all(|f| matches!(f.content, Content::Text(_))), "{texts:?}");
    assert_eq!((texts.len(), server.count()), (4, 3));
}

#[tokio::test]
async fn a_refusal_for_cost_or_size_leads_to_halves() {
    let held: Files = (1..=8).map(|id| ((id, "a".to_owned()), Some(format!("text {id}")))).collect();
    let server = Server::start(move |_, seen| {
        let ids = seen.variable("g0").as_array().map_or(0, Vec::len);
        if ids > 3 {
            return json(
                200,
                &json!({"errors": [{"message": "Query has complexity of 600, which exceeds max complexity of 250"}]}),
            );
        }
        if ids > 2 {
            return json(413, &json!({"message": "413 Request Entity Too Large"}));
        }
        json(200, &respond(&held, seen))
    })
    .await;
    let wanted: Vec<FileWanted> = (1..=8).map(|id| want(id, "a", Some(6))).collect();
    let texts = server.client().texts(&wanted, None).await.expect("answered");
    assert!(
        texts.iter().enumerate().all(|(at, f)| f.content == Content::Text(format!("text {}", at + 1))),
        "{texts:?}"
    );
}

#[tokio::test]
async fn one_file_that_is_still_too_large_is_said_to_be() {
    let server = Server::start(|_, _| json(413, &json!({"message": "413 Request Entity Too Large"}))).await;
    let texts = server.client().texts(&[want(1, "a", Some(6)), want(2, "b", Some(6))], None).await.expect("answered");
    assert_eq!(contents(&texts), [(1, "a", &Content::TooLarge), (2, "b", &Content::TooLarge)]);
}

#[tokio::test]
async fn a_thousand_catalog_files_take_ten_requests() {
    let held: Files = (1..=1000).map(|id| ((id, "catalog-info.yaml".to_owned()), Some("x".to_owned()))).collect();
    let server = Server::start(move |_, seen| json(200, &respond(&held, seen))).await;
    let wanted: Vec<FileWanted> = (1..=1000).map(|id| want(id, "catalog-info.yaml", Some(1))).collect();
    let texts = server.client().texts(&wanted, None).await.expect("answered");
    assert_eq!((texts.len(), server.count()), (1000, 10));
    assert!(texts.iter().all(|f| f.content == Content::Text("x".to_owned())));
}

#[tokio::test]
async fn a_failed_request_fails_the_call() {
    let server = Server::start(|_, _| json(500, &json!({"message": "500 Internal Server Error"}))).await;
    let error = server.client().texts(&[want(1, "a", Some(6))], None).await.expect_err("failed");
    assert_eq!(error.kind, Kind::Server);
    assert!(server.client().texts(&[], None).await.expect("nothing asked").is_empty());
}

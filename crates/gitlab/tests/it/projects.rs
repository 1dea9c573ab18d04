//! Discovery: pages, shrinking, partial answers.

use gitlab::{FileMeta, Kind, Page, Project, Repository, Visibility, Want};
use model::{BlobId, GroupId, ProjectId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::*;

const WANT: Want<'static> = Want { paths: &["catalog-info.yaml", "CODEOWNERS"] };

fn node(id: u64) -> Value {
    json!({"id": format!("gid://gitlab/Project/{id}"), "fullPath": format!("sandrill/p{id}"), "name": format!("p{id}"),
        "description": null, "webUrl": format!("https://gitlab.example/sandrill/p{id}"), "archived": false,
        "visibility": "private", "lastActivityAt": "2026-11-20T18:00:00Z", "topics": [],
        "group": {"id": "gid://gitlab/Group/3", "fullPath": "sandrill", "name": "Sandrill", "webUrl": "https://gitlab.example/groups/sandrill"},
        "namespace": {"fullPath": "sandrill"}, "languages": [], "repository": {"rootRef": "main", "empty": false, "blobs": {"nodes": []}}})
}

fn page(nodes: &[Value], next: Option<&str>) -> Value {
    json!({"pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": nodes})
}

fn refusal(cost: u32, limit: u32) -> Value {
    json!({"errors": [{"message": format!("Query has complexity of {cost}, which exceeds max complexity of {limit}")}]})
}

#[tokio::test]
async fn a_project_is_read_whole() {
    let server = Server::start(|_, _| {
        let mut full = node(17);
        full["description"] = json!("Takes the money");
        full["visibility"] = json!("internal");
        full["lastActivityAt"] = json!("2026-11-20T19:00:00.250+01:00");
        full["topics"] = json!(["payments"]);
        full["languages"] = json!([{"name": "Dockerfile", "share": 7.9}, {"name": "TypeScript", "share": 92.1}]);
        full["repository"]["blobs"]["nodes"] = json!([{"path": "catalog-info.yaml", "oid": "ab12", "rawSize": "512"}]);
        let mut bare = node(18);
        bare["fullPath"] = json!("ilse/notes");
        for null in [
            "group",
            "namespace",
            "webUrl",
            "visibility",
            "lastActivityAt",
            "topics",
            "languages",
            "repository",
            "archived",
        ] {
            bare[null] = Value::Null;
        }
        let mut empty = node(19);
        empty["repository"] = json!({"rootRef": null, "empty": true, "blobs": {"nodes": []}});
        let mut projects = page(&[full, bare, empty], None);
        projects["count"] = json!(3);
        json(200, &json!({"data": {"projects": projects}}))
    })
    .await;
    let Page { items, next, total, partial } = server.client().projects_page(&WANT, None).await.expect("answered");
    assert_eq!((next, total, partial), (None, Some(3), vec![]));
    let [full, bare, empty] = <[Project; 3]>::try_from(items).expect("three");
    assert_eq!((full.id, full.path.as_str()), (ProjectId(17), "sandrill/p17"));
    assert_eq!(full.description.as_deref(), Some("Takes the money"));
    assert_eq!((full.visibility, full.last_activity_at), (Visibility::Internal, Some(NOW + 250)));
    assert_eq!(full.languages, [("TypeScript".to_owned(), 92.1), ("Dockerfile".to_owned(), 7.9)]);
    assert_eq!(full.group.expect("in a group").id, GroupId(3));
    let files = vec![FileMeta { path: "catalog-info.yaml".to_owned(), blob: BlobId("ab12".to_owned()), size: 512 }];
    assert_eq!(full.repository, Repository::Ready { root_ref: "main".to_owned(), files });
    assert_eq!((bare.namespace_path.as_str(), bare.visibility, bare.group), ("ilse", Visibility::Private, None));
    assert_eq!(bare.web_url, server.url.join("ilse/notes").expect("path").as_str());
    assert_eq!((bare.repository, empty.repository), (Repository::Unreadable, Repository::Empty));
    let seen = &server.seen()[0];
    assert_eq!(seen.variable("paths"), &json!(["catalog-info.yaml", "CODEOWNERS"]));
    assert_eq!(
        (seen.variable("n"), seen.variable("nb"), seen.variable("after")),
        (&json!(100), &json!(2), &Value::Null)
    );
}

#[tokio::test]
async fn the_count_is_asked_for_once() {
    let server = Server::start(|number, _| {
        let next = if number == 0 { Some("c1") } else { None };
        json(200, &json!({"data": {"projects": page(&[node(1)], next)}}))
    })
    .await;
    let gitlab = server.client();
    let first = gitlab.projects_page(&WANT, None).await.expect("answered");
    gitlab.projects_page(&WANT, first.next.as_deref()).await.expect("answered");
    let seen = server.seen();
    assert!(seen[0].text().contains("count") && !seen[1].text().contains("count"));
    assert_eq!(seen[1].variable("after"), "c1");
}

#[tokio::test]
async fn without_wanted_files_none_are_asked_for() {
    let server = Server::start(|_, _| {
        let mut bare = node(1);
        bare["repository"] = json!({"rootRef": "main", "empty": false});
        json(200, &json!({"data": {"projects": page(&[bare], None)}}))
    })
    .await;
    let found = server.client().projects_page(&Want::default(), None).await.expect("answered");
    assert_eq!(found.items[0].repository, Repository::Ready { root_ref: "main".to_owned(), files: vec![] });
    let seen = &server.seen()[0];
    assert!(!seen.text().contains("paths") && seen.variable("paths").is_null(), "{}", seen.text());
}

#[tokio::test]
async fn a_page_that_costs_too_much_is_halved_and_it_is_remembered() {
    let server = Server::start(|_, seen| {
        let n = seen.variable("n").as_u64().expect("n");
        if n > 30 {
            json(200, &refusal(400, 250))
        } else {
            json(200, &json!({"data": {"projects": page(&[node(1)], Some("c"))}}))
        }
    })
    .await;
    let gitlab = server.client();
    gitlab.projects_page(&WANT, None).await.expect("a smaller page");
    gitlab.projects_page(&WANT, Some("b")).await.expect("at once");
    let sizes: Vec<u64> = server.seen().iter().filter_map(|s| s.variable("n").as_u64()).collect();
    assert_eq!(sizes.first(), Some(&100));
    assert!(sizes.iter().filter(|n| **n > 30).count() <= 2, "GitLab's own numbers spare some steps: {sizes:?}");
    assert_eq!(sizes.iter().rev().take(2).filter(|n| **n <= 30).count(), 2, "{sizes:?}");
}

#[tokio::test]
async fn a_page_that_takes_gitlab_too_long_is_halved_too() {
    let slow = json!({"errors": [{"message": "Request timed out. Please try a less complex query or a smaller set of records."}]});
    let server = Server::start(move |_, seen| {
        if seen.variable("n") == &json!(100) {
            json(503, &slow)
        } else {
            json(200, &json!({"data": {"projects": page(&[], None)}}))
        }
    })
    .await;
    server.client().projects_page(&WANT, None).await.expect("a smaller page");
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn when_even_one_project_is_too_much_the_error_says_so() {
    let server = Server::start(|_, _| json(200, &refusal(400, 250))).await;
    let error = server.client().projects_page(&WANT, None).await.expect_err("never");
    assert_eq!(error.kind, Kind::Complexity { cost: Some((400, 250)) });
    assert!(server.count() <= 8, "100, 50, 25, 12, 6, 3, 1: {}", server.count());
}

#[tokio::test]
async fn many_wanted_files_make_smaller_pages_before_gitlab_refuses() {
    let server = Server::start(|_, _| json(200, &json!({"data": {"projects": page(&[], None)}}))).await;
    let paths: Vec<String> = (0..90).map(|n| format!("f{n}.yaml")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let gitlab = server.client();
    gitlab.projects_page(&Want { paths: &paths }, None).await.expect("answered");
    assert_eq!(server.seen()[0].variable("n"), &json!(12));
    let paths = vec!["x"; 101];
    assert_eq!(gitlab.projects_page(&Want { paths: &paths }, None).await.expect_err("too many").kind, Kind::Rejected);
}

#[tokio::test]
async fn what_a_fault_touches_is_unanswered_and_nothing_else() {
    let server = Server::start(|_, _| {
        let mut no_blobs = node(1);
        no_blobs["repository"]["blobs"] = Value::Null;
        let mut no_repository = node(2);
        no_repository["repository"] = Value::Null;
        let mut no_languages = node(3);
        no_languages["languages"] = Value::Null;
        let nodes = [no_blobs, no_repository, no_languages, Value::Null, node(5), Value::Null];
        json(200, &json!({"data": {"projects": page(&nodes, None)}, "errors": [
            {"message": "14:connections to all backends failing", "path": ["projects", "nodes", 0, "repository", "blobs"]},
            {"message": "Gitaly is tired", "path": ["projects", "nodes", 1, "repository", "empty"]},
            {"message": "Timeout on Project.languages", "path": ["projects", "nodes", 2, "languages"]},
            {"message": "Internal server error", "path": ["projects", "nodes", 3, "name"]},
        ]}))
    })
    .await;
    let found = server.client().projects_page(&WANT, None).await.expect("in part");
    let why: Vec<_> = found.partial.iter().map(|p| (p.at.as_str(), p.message.as_str())).collect();
    assert_eq!(
        why,
        [
            ("sandrill/p1", "14:connections to all backends failing"),
            ("sandrill/p2", "Gitaly is tired"),
            ("sandrill/p3", "Timeout on Project.languages"),
            ("projects.nodes.3", "Internal server error"),
        ]
    );
    let [one, two, three, five] = <[Project; 4]>::try_from(found.items).expect("four");
    assert_eq!(one.repository, Repository::Unanswered("14:connections to all backends failing".to_owned()));
    assert_eq!(two.repository, Repository::Unanswered("Gitaly is tired".to_owned()));
    assert!(matches!(three.repository, Repository::Ready { .. }));
    assert_eq!(five.id, ProjectId(5));
}

#[tokio::test]
async fn without_data_it_is_an_error_whatever_the_status() {
    for body in [
        json!({"errors": [{"message": "Internal server error"}]}),
        json!({"data": null, "errors": [{"message": "Internal server error"}]}),
        json!({"data": {"projects": null}, "errors": [{"message": "Internal server error", "path": ["projects"]}]}),
        json!({"data": {"projects": {"pageInfo": null, "nodes": []}}, "errors": [{"message": "Internal server error"}]}),
    ] {
        let server = Server::start({
            let body = body.clone();
            move |_, _| json(200, &body)
        })
        .await;
        let error = server.client().projects_page(&WANT, None).await.expect_err("no data");
        assert_eq!((error.kind, error.status), (Kind::Server, Some(200)), "{body}");
    }
    let server = Server::start(|_, _| json(200, &json!({}))).await;
    assert_eq!(server.client().projects_page(&WANT, None).await.expect_err("nothing").kind, Kind::Malformed);
}

#[tokio::test]
async fn a_cursor_that_does_not_move_ends_the_walk() {
    let server = Server::start(|_, _| json(200, &json!({"data": {"projects": page(&[], Some("c"))}}))).await;
    let error = server.client().projects_page(&WANT, Some("c")).await.expect_err("a circle");
    assert_eq!(error.kind, Kind::Malformed);
}

/// An instance that gives the asked-for ids, as far as it has them.
async fn by_ids(limit: u64) -> Server {
    Server::start(move |_, seen| {
        let n = seen.variable("n").as_u64().expect("n");
        if n > limit {
            return json(200, &refusal(400, 250));
        }
        let ids = seen.variable("ids").as_array().expect("ids").clone();
        assert!(ids.len() as u64 <= n && n <= 100);
        let id = |gid: &Value| gid.as_str().and_then(ProjectId::from_gid).expect("a gid").0;
        let nodes: Vec<Value> = ids.iter().map(id).filter(|id| id % 7 != 0).map(node).collect();
        json(200, &json!({"data": {"projects": {"nodes": nodes}}}))
    })
    .await
}

#[tokio::test]
async fn projects_by_id_come_in_hundreds_and_those_that_are_gone_are_absent() {
    let server = by_ids(100).await;
    let ids: Vec<ProjectId> = (1..=250).map(ProjectId).collect();
    let found = server.client().projects_by_id(&ids, &WANT).await.expect("answered");
    let mut found: Vec<u64> = found.iter().map(|p| p.id.0).collect();
    found.sort_unstable();
    assert_eq!(found, (1..=250).filter(|id| id % 7 != 0).collect::<Vec<u64>>());
    assert_eq!(server.count(), 3);
    assert!(server.client().projects_by_id(&[], &WANT).await.expect("nothing").is_empty());
    assert_eq!(server.count(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever GitLab permits, drops and refuses: every project that it shows comes exactly once.
    #[test]
    fn a_walk_over_pages_gives_each_project_once(count in 0_u64..120, permits in 1_u64..110, hidden in 0_u64..9) {
        let found = run(async move {
            let server = Server::start(move |_, seen| {
                let n = seen.variable("n").as_u64().expect("n");
                if n > permits {
                    return json(200, &refusal(500, 250));
                }
                let from: u64 = seen.variable("after").as_str().map_or(0, |c| c.parse().expect("our cursor"));
                let to = (from + n).min(count);
                let nodes: Vec<Value> = (from..to).map(|id| if id % 9 == hidden { Value::Null } else { node(id) }).collect();
                let cursor = to.to_string();
                json(200, &json!({"data": {"projects": page(&nodes, (to < count).then_some(cursor.as_str()))}}))
            })
            .await;
            let gitlab = server.client();
            let (mut ids, mut after) = (Vec::new(), None);
            loop {
                let page = gitlab.projects_page(&WANT, after.as_deref()).await.expect("answered");
                ids.extend(page.items.iter().map(|p| p.id.0));
                after = page.next;
                if after.is_none() {
                    return ids;
                }
            }
        });
        prop_assert_eq!(found, (0..count).filter(|id| id % 9 != hidden).collect::<Vec<u64>>());
    }

    #[test]
    fn by_id_gives_each_project_once_whatever_page_is_permitted(count in 0_u64..150, permits in 1_u64..110) {
        let mut found = run(async move {
            let server = by_ids(permits).await;
            let ids: Vec<ProjectId> = (1..=count).map(ProjectId).collect();
            server.client().projects_by_id(&ids, &WANT).await.expect("answered").iter().map(|p| p.id.0).collect::<Vec<u64>>()
        });
        found.sort_unstable();
        prop_assert_eq!(found, (1..=count).filter(|id| id % 7 != 0).collect::<Vec<u64>>());
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

//! What somebody asks who looks for the right projects, and for who works on them.

use std::collections::BTreeMap;

use sandbox::{Options, WorldFiles};
use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn projects_of_a_group_by_graphql() {
    let server = Server::small().await;
    let ids = async |arguments: &str| {
        let query = format!(
            "{{ group(fullPath: \"ferry\") {{ projects({arguments}) {{ count nodes {{ path isForked }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        server.ask("developer", &query, json!({})).await["data"]["group"]["projects"].clone()
    };
    let paths = |page: &Value| {
        page["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&ids("sort: PATH_ASC").await), ["empty", "old", "open"]);
    assert_eq!(paths(&ids("includeArchived: false, sort: PATH_ASC").await), ["empty", "open"]);
    assert_eq!(paths(&ids("includeSubgroups: true, search: \"ledg\"").await), ["ledger"]);
    let first = ids("includeSubgroups: true, first: 3").await;
    assert_eq!((&first["count"], &first["pageInfo"]["hasNextPage"]), (&json!(5), &json!(true)));
    let rest = ids(&format!("includeSubgroups: true, first: 3, after: {}", first["pageInfo"]["endCursor"])).await;
    assert_eq!((paths(&first).len(), paths(&rest).len()), (3, 2));
    let dear = "{ queryComplexity { score } group(fullPath: \"ferry\") { projects(first: 50) { nodes { id } } } }";
    let score = server.ask("developer", dear, json!({})).await["data"]["queryComplexity"]["score"].clone();
    // id 1, nodes 1, projects (2 + 1 + 10) with half of itself again, group 1; queryComplexity and its score 2.
    assert_eq!(score, json!(22));
    let below = "{ group(fullPath: \"ferry\") { descendantGroups { count nodes { fullPath } } direct: descendantGroups(includeParentDescendants: false) { nodes { fullPath } } } }";
    let group = server.ask("developer", below, json!({})).await["data"]["group"].clone();
    assert_eq!(group["descendantGroups"]["count"], 2);
    assert_eq!(group["direct"]["nodes"], json!([{"fullPath": "ferry/pay"}]));
}

#[tokio::test]
async fn projects_by_filters() {
    let server = Server::small().await;
    let found = async |arguments: &str| {
        let query = format!("{{ projects({arguments}, sort: \"id_asc\") {{ nodes {{ fullPath }} }} }}");
        let answer = server.ask("developer", &query, json!({})).await;
        answer["data"]["projects"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    };
    for (arguments, count) in [
        ("topics: [\"payments\"]", 1),
        ("topics: [\"payments\", \"absent\"]", 0),
        ("membership: true, archived: EXCLUDE", 4),
        ("membership: true, archived: ONLY", 1),
        ("membership: true, archived: INCLUDE", 5),
        ("minAccessLevel: MAINTAINER", 2),
        ("minAccessLevel: OWNER", 0),
        ("search: \"ledg\"", 1),
        ("ids: [\"gid://gitlab/Project/1\", \"gid://gitlab/Project/6\"]", 1),
        ("fullPaths: [\"ferry/open\", \"other/secret\", \"nowhere/x\"]", 1),
    ] {
        assert_eq!(found(arguments).await, count, "{arguments}");
    }
    let total = async |path: &str| server.read("developer", path).await.header("x-total").to_owned();
    assert_eq!(total("/projects?topic=payments&min_access_level=30").await, "1");
    assert_eq!(total("/projects?min_access_level=40&archived=false").await, "2");
    assert_eq!(total("/groups/ferry/projects?include_subgroups=true&archived=false").await, "4");
    assert_eq!(total("/groups/ferry/projects?include_subgroups=true&topic=go").await, "1");
    assert_eq!(total("/groups/ferry/projects").await, "3");
}

#[tokio::test]
async fn files_of_another_branch() {
    let server = Server::small().await;
    let api = "/projects/ferry%2Fpay%2Fapi/repository";
    let body = json!({"branch": "next", "start_branch": "main", "content": "owner: next\n", "commit_message": "Try"});
    let made = server.send("developer", "POST", &format!("{api}/files/catalog%2Fnext.yaml"), Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let query = "query($ref: String!) { project(fullPath: \"ferry/pay/api\") { repository { blobs(paths: [\"catalog/next.yaml\", \"README.md\"], ref: $ref) { nodes { path rawTextBlob } } } } }";
    let blobs = async |branch: &str| {
        let answer = server.ask("developer", query, json!({"ref": branch})).await;
        answer["data"]["project"]["repository"]["blobs"]["nodes"].clone()
    };
    assert_eq!(blobs("next").await.as_array().unwrap().len(), 2);
    assert_eq!(blobs("next").await[0]["rawTextBlob"], "owner: next\n");
    assert_eq!(blobs("main").await, json!([{"path": "README.md", "rawTextBlob": "# Pay\n"}]));
}

#[tokio::test]
async fn who_works_on_what() {
    let server = Server::with(Options::default(), WorldFiles::embedded()).await;
    let authors = async |project: &str, query: &str| {
        let path = format!("/projects/{}/repository/commits?per_page=100&{query}", project.replace('/', "%2F"));
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for email in server.read("reporter", &path).await.column("author_email") {
            *counts.entry(email.as_str().unwrap().trim_end_matches("@sandrill.example").to_owned()).or_default() += 1;
        }
        counts
    };
    let of = |rows: &[(&str, u32)]| {
        rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<BTreeMap<_, _>>()
    };
    let planner = "sandrill/harbour-ops/berth-planner";
    assert_eq!(authors(planner, "").await, of(&[("amara.okell", 10), ("rafael.quist", 2), ("sunniva.aal", 1)]));
    let recent = "since=2026-08-01T00:00:00Z&until=2026-10-10T00:00:00Z&ref_name=main";
    assert_eq!(authors(planner, recent).await, of(&[("amara.okell", 3), ("sunniva.aal", 1)]));
    let deck = authors("sandrill/harbour-ops/vehicle-deck-planner", "").await;
    assert_eq!(deck, of(&[("ilse.brandvold", 4), ("rafael.quist", 6)]));
    let tools = authors("sandrill/harbour/ops-tools", "").await;
    assert!(tools.len() == 4 && tools.values().all(|count| *count == 2), "{tools:?}");
    let components = authors("sandrill/platform/ci-components", "").await;
    assert_eq!(components, of(&[("ines.calder", 2), ("mateus.corrie", 7), ("tomasz.rek", 1)]));
    let runbooks = authors("sandrill/platform/runbooks", "").await;
    assert_eq!((runbooks.len(), runbooks.values().sum::<u32>()), (9, 10));
    assert_eq!(authors("sandrill/platform/libraries/errors-go", "").await, of(&[("farid.kessel", 5)]));
    let path = "/projects/sandrill%2Fharbour-ops%2Fberth-planner/repository/contributors?order_by=commits&sort=desc";
    let rows = server.read("reporter", path).await.rows();
    let first = json!({"name": "Amara Okell", "email": "amara.okell@sandrill.example", "commits": 10, "additions": 0, "deletions": 0});
    assert_eq!((rows.len(), &rows[0]), (3, &first));
    assert_eq!(server.get("guest", path).await.status, 403);
    let empty = "/projects/sandrill%2Fcrew%2Fsafety-drills/repository/contributors";
    assert!(server.read("reporter", empty).await.rows().is_empty());
}

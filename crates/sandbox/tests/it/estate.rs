//! The generated estate: proportions, determinism, laziness.

use std::collections::HashMap;

use sandbox::{Options, WorldFiles};
use serde_json::{Value, json};

use crate::server::Server;

const CATALOG_PAGE: &str = r#"query CatalogPage($n: Int!, $nb: Int!, $after: String, $paths: [String!]!) {
  projects(membership: true, archived: EXCLUDE, first: $n, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id fullPath name archived visibility lastActivityAt topics group { id fullPath }
      repository { rootRef empty blobs(paths: $paths, first: $nb) { nodes { path oid rawSize rawTextBlob } } } } } }"#;

async fn sweep(server: &Server) -> Vec<Value> {
    let (mut nodes, mut after) = (Vec::new(), Value::Null);
    loop {
        let paths = json!(["catalog-info.yaml", "catalog/service.yaml", "CODEOWNERS", "README.md"]);
        let reply = server.ask("admin", CATALOG_PAGE, json!({"n": 100, "nb": 4, "after": after, "paths": paths})).await;
        let page = &reply["data"]["projects"];
        nodes.extend(page["nodes"].as_array().unwrap_or_else(|| panic!("{reply}")).clone());
        if page["pageInfo"]["hasNextPage"] != true {
            return nodes;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn a_sweep_finds_the_promised_proportions() {
    let server = Server::estate(1000, 5).await;
    let nodes = sweep(&server).await;
    assert_eq!(nodes.len(), 1000);
    let mut kinds: HashMap<&str, u32> = HashMap::new();
    for node in &nodes {
        let blobs = node["repository"]["blobs"]["nodes"].as_array().unwrap();
        let text = |path: &str| {
            blobs.iter().find(|blob| blob["path"] == path).map(|blob| blob["rawTextBlob"].as_str().unwrap())
        };
        let kind = match (text("catalog-info.yaml"), text("catalog/service.yaml")) {
            (None, _) => "none",
            (Some(main), None) => {
                assert!(main.contains("kind: Component") && main.contains("kind: API"));
                "entities"
            }
            (Some(main), Some(service)) => {
                assert!(main.contains("kind: Location") && main.contains("./catalog/service.yaml"));
                assert!(service.contains("kind: Component") && service.contains("kind: API"));
                "location"
            }
        };
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(kinds, HashMap::from([("entities", 700), ("location", 100), ("none", 200)]));
    let stats = server.read("", "//-/sandbox/stats").await.json();
    assert_eq!(stats["routes"], json!({"POST /api/graphql": 10}));
    assert_eq!(server.send("", "DELETE", "//-/sandbox/stats", None).await.status, 204);
    assert_eq!(server.read("", "//-/sandbox/stats").await.json(), json!({"total": 0, "routes": {}}));
}

#[tokio::test]
async fn one_seed_is_one_estate() {
    let (a, b, c) = (Server::estate(60, 9).await, Server::estate(60, 9).await, Server::estate(60, 10).await);
    assert_eq!(a.sandbox.tokens, b.sandbox.tokens);
    assert_ne!(a.sandbox.tokens, c.sandbox.tokens);
    assert_eq!(sweep(&a).await, sweep(&b).await);
    assert_ne!(sweep(&a).await, sweep(&c).await);
    let path = "/projects/7/repository/commits";
    let ids = async |server: &Server| server.read("admin", path).await.column("id");
    assert_eq!(ids(&a).await, ids(&b).await);
}

#[tokio::test]
async fn a_hundred_thousand_projects_cost_nothing_until_asked() {
    let server = Server::estate(100_000, 3).await;
    let query = "query($after: String) { projects(membership: true, first: 3, after: $after) { nodes { id fullPath } pageInfo { endCursor hasNextPage } } }";
    let page = server.ask("admin", query, json!({})).await;
    assert_eq!(page["data"]["projects"]["nodes"][0]["id"], "gid://gitlab/Project/100000");
    assert_eq!(page["data"]["projects"]["pageInfo"]["hasNextPage"], true);
    let path = page["data"]["projects"]["nodes"][2]["fullPath"].as_str().unwrap().replace('/', "%2F");
    let project = server.read("admin", &format!("/projects/{path}")).await.json();
    assert_eq!(project["id"], 99_998);
    let last =
        server.read("admin", "/projects?pagination=keyset&order_by=id&sort=asc&id_after=99990&simple=true").await;
    assert_eq!((last.rows().len(), last.next()), (10, None));
    let refused = sandbox::start(Options { projects: Some(100_001), ..Options::default() }).await;
    assert!(refused.unwrap_err().to_string().contains("100000"));
}

#[tokio::test]
async fn groups_nest_and_have_five_members() {
    let server = Server::estate(240, 1).await;
    let groups = server.read("admin", "/groups?per_page=100").await;
    assert_eq!(groups.rows().len(), 20);
    for id in groups.column("id") {
        // The bots of the tokens for a group and for a whole tree are members like others.
        let bots = if id == 1 || id == 2 { 1 } else { 0 };
        assert_eq!(server.read("admin", &format!("/groups/{id}/members")).await.rows().len(), 5 + bots);
    }
    let depth = groups.column("full_path").iter().map(|path| path.as_str().unwrap().matches('/').count()).max();
    assert_eq!(depth, Some(2));
    let below = server.read("admin", "/groups/1/descendant_groups?per_page=100").await;
    assert_eq!(below.rows().len(), 19);
    assert_eq!(server.read("admin", "/groups/1/subgroups").await.rows().len(), 8);
}

#[tokio::test]
async fn ten_thousand_groups_several_tops_six_deep() {
    let options = Options { projects: Some(1000), groups: Some(10_000), ..Options::default() };
    let server = Server::with(options, WorldFiles::embedded()).await;
    let tops = server.read("owner", "/groups?top_level_only=true&per_page=100").await;
    assert_eq!(tops.rows().len(), 8);
    let membership =
        async |role: &str| server.read(role, "/projects?membership=true&per_page=1").await.header("x-total").to_owned();
    assert_eq!((membership("admin").await, membership("owner").await), ("1000".to_owned(), "1000".to_owned()));
    let query = "query($after: String) { group(fullPath: \"estate\") { descendantGroups(first: 100, sort: ID_ASC, after: $after) { count nodes { fullPath projectsCount } pageInfo { hasNextPage endCursor } } } }";
    let below = server.ask("owner", query, json!({})).await["data"]["group"]["descendantGroups"].clone();
    assert!(below["count"].as_u64() > Some(1000), "{below}");
    let deepest = server.read("owner", "/groups/10000").await.json();
    assert_eq!(deepest["full_path"].as_str().unwrap().matches('/').count(), 5);
    // Every 119th group has projects, twelve or eleven of them.
    let of = async |group: u32| {
        server.read("owner", &format!("/groups/{group}/projects")).await.header("x-total").to_owned()
    };
    assert_eq!((of(1).await, of(2).await, of(120).await), ("12".to_owned(), "0".to_owned(), "12".to_owned()));
    assert_eq!(server.read("group_bot", "/projects?membership=true").await.header("x-total"), "12");
    for groups in [0, 100_001] {
        let options = Options { projects: Some(10), groups: Some(groups), ..Options::default() };
        assert!(sandbox::start(options).await.unwrap_err().to_string().contains("--groups"));
    }
}

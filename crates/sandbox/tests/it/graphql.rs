//! GraphQL: answers, refusals with GitLab's words, limits, pages, rights.

use serde_json::{Value, json};

use crate::server::Server;

async fn ask(server: &Server, role: &str, query: &str) -> Value {
    server.ask(role, query, json!({})).await
}

#[tokio::test]
async fn a_project_as_the_schema_has_it() {
    let server = Server::small().await;
    let query = r#"query { project(fullPath: "ferry/pay/api") {
        id fullPath name description archived visibility lastActivityAt topics isForked httpUrlToRepo
        group { id fullPath fullName parent { fullPath } } namespace { fullPath }
        languages { name share } maxAccessLevel { integerValue stringValue humanAccess }
        userPermissions { readProject downloadCode pushCode adminProject }
        repository { rootRef empty exists
          blobs(paths: ["README.md", "logo.bin", "none", "src"], ref: "main") {
            nodes { id path name oid mode size rawSize rawTextBlob base64EncodedBlob webPath } }
          tree(path: "src") { lastCommit { sha title author { username } }
            blobs { nodes { name path mode } } trees { nodes { name type } } submodules { nodes { name } } } } } }"#;
    let reply = ask(&server, "developer", query).await;
    assert_eq!(reply["errors"], json!(null), "{reply}");
    let project = &reply["data"]["project"];
    assert_eq!(project["id"], "gid://gitlab/Project/1");
    assert_eq!(project["lastActivityAt"], "2026-11-18T09:00:00Z");
    assert_eq!(
        project["group"],
        json!({"id": "gid://gitlab/Group/2", "fullPath": "ferry/pay", "fullName": "Ferry / Pay", "parent": {"fullPath": "ferry"}})
    );
    assert_eq!(
        project["maxAccessLevel"],
        json!({"integerValue": 40, "stringValue": "MAINTAINER", "humanAccess": "Maintainer"})
    );
    assert_eq!(
        project["userPermissions"],
        json!({"readProject": true, "downloadCode": true, "pushCode": true, "adminProject": true})
    );
    let blobs = project["repository"]["blobs"]["nodes"].as_array().unwrap();
    assert_eq!(blobs.len(), 2, "missing paths and folders are left out");
    let file = server.read("developer", "/projects/1/repository/files/README.md?ref=main").await.json();
    assert_eq!(blobs[0]["oid"], file["blob_id"]);
    assert_eq!((&blobs[0]["rawSize"], &blobs[0]["rawTextBlob"]), (&json!("6"), &json!("# Pay\n")));
    assert_eq!((&blobs[1]["rawTextBlob"], &blobs[1]["base64EncodedBlob"]), (&json!(null), &json!("AJ+SlgAB")));
    let tree = &project["repository"]["tree"];
    assert_eq!(tree["blobs"]["nodes"], json!([{"name": "main.go", "path": "src/main.go", "mode": "100644"}]));
    assert_eq!(tree["trees"]["nodes"], json!([{"name": "sub", "type": "tree"}]));
}

#[tokio::test]
async fn what_is_not_seen_is_null_or_left_out() {
    let server = Server::small().await;
    let query = r#"query { project(fullPath: "ferry/pay/api") { id repository { rootRef } }
        group(fullPath: "other") { id } currentUser { username } }"#;
    let nobody = json!({"data": {"project": null, "group": null, "currentUser": null}});
    assert_eq!(ask(&server, "", query).await, nobody);
    let guest = json!({"data": {"project": {"id": "gid://gitlab/Project/1", "repository": null}, "group": null, "currentUser": {"username": "gus.ray"}}});
    assert_eq!(ask(&server, "guest", query).await, guest);
    let list = "query { projects(membership: true, archived: EXCLUDE) { count nodes { fullPath } } }";
    let paths = ["ferry/empty", "ferry/open", "ferry/pay/deep/ledger", "ferry/pay/api"];
    let expected: Vec<Value> = paths.iter().map(|path| json!({"fullPath": path})).collect();
    let reply = ask(&server, "developer", list).await;
    assert_eq!(reply["data"]["projects"], json!({"count": 4, "nodes": expected}));
    assert_eq!(ask(&server, "admin", list).await["data"]["projects"]["count"], 6);
    let empty = "query { project(fullPath: \"ferry/empty\") { repository { rootRef empty blobs(paths: [\"x\"]) { nodes { path } } } } }";
    let reply = ask(&server, "developer", empty).await;
    assert_eq!(
        reply,
        json!({"data": {"project": {"repository": {"rootRef": null, "empty": true, "blobs": {"nodes": []}}}}})
    );
    let members = "query { group(fullPath: \"ferry/open\") { id } project(fullPath: \"ferry/open\") { id projectMembers { nodes { id } } } }";
    let reply = ask(&server, "", members).await;
    assert_eq!(reply["data"]["project"], json!({"id": "gid://gitlab/Project/3", "projectMembers": null}));
    assert_eq!(
        reply["errors"][0]["message"],
        "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
    );
    assert_eq!(reply["errors"][0]["path"], json!(["project", "projectMembers"]));
}

#[tokio::test]
async fn refusals_have_gitlabs_words() {
    let server = Server::small().await;
    let refused = async |query: &str, variables: Value, message: &str, code: Option<&str>| {
        let reply = server.ask("developer", query, variables).await;
        assert_eq!(reply["errors"][0]["message"], message, "{reply}");
        assert_eq!(reply["errors"][0]["extensions"]["code"].as_str(), code, "{reply}");
        assert!(reply.get("data").is_none(), "{reply}");
    };
    let no = || json!({});
    refused(
        "query { projects { nodes { colour } } }",
        no(),
        "Field 'colour' doesn't exist on type 'Project'",
        Some("undefinedField"),
    )
    .await;
    refused(
        "query { projects(colour: 1) { nodes { id } } }",
        no(),
        "Field 'projects' doesn't accept argument 'colour'",
        Some("argumentNotAccepted"),
    )
    .await;
    refused(
        "query { project { id } }",
        no(),
        "Field 'project' is missing required arguments: fullPath",
        Some("missingRequiredArguments"),
    )
    .await;
    refused("query { projects }", no(), "Field must have selections (field 'projects' returns ProjectConnection but has no selections. Did you mean 'projects { ... }'?)", Some("selectionMismatch")).await;
    refused("mutation { x }", no(), "Schema is not configured for mutations", Some("missingOperation")).await;
    refused(
        "query($n: Int!) { projects(first: $n) { nodes { id } } }",
        no(),
        "Variable $n of type Int! was provided invalid value",
        None,
    )
    .await;
    refused(
        "query($n: Int!) { projects(first: $n) { nodes { id } } }",
        json!({"n": "x"}),
        "Variable $n of type Int! was provided invalid value",
        None,
    )
    .await;
    refused("", no(), "No query string was present", None).await;
    let dear = "query { projects { nodes { a: projectMembers { nodes { id } } b: projectMembers { nodes { id } } c: projectMembers { nodes { id } } \
        d: projectMembers { nodes { id } } e: projectMembers { nodes { id } } f: projectMembers { nodes { id } } g: projectMembers { nodes { id } } \
        h: projectMembers { nodes { id } } i: projectMembers { nodes { id } } j: projectMembers { nodes { id } } k: projectMembers { nodes { id } } \
        l: projectMembers { nodes { id } } m: projectMembers { nodes { id } } n: projectMembers { nodes { id } } o: projectMembers { nodes { id } } \
        p: projectMembers { nodes { id } } q: projectMembers { nodes { id } } r: projectMembers { nodes { id } } s: projectMembers { nodes { id } } \
        t: projectMembers { nodes { id } } u: projectMembers { nodes { id } } } } }";
    refused(dear, no(), "Query has complexity of 258, which exceeds max complexity of 250", None).await;
    assert!(server.ask("admin", dear, no()).await.get("data").is_some(), "an administrator may ask for 300");
    // Validation comes before complexity.
    refused(
        &dear.replace("{ id } } u", "{ hue } } u"),
        no(),
        "Field 'hue' doesn't exist on type 'MemberInterface'",
        Some("undefinedField"),
    )
    .await;
    let parse = ask(&server, "developer", "query { projects { ").await;
    assert!(parse["errors"][0]["message"].as_str().unwrap().starts_with("Parse error"), "{parse}");
    let unknown = ask(&server, "developer", "query { a b c d e f g }").await;
    assert_eq!(unknown["errors"].as_array().unwrap().len(), 5, "validation stops at five errors");
    assert_eq!(unknown["errors"][1]["locations"], json!([{"line": 1, "column": 11}]));
    assert_eq!(unknown["errors"][1]["path"], json!(["query", "b"]));
}

#[tokio::test]
async fn limits_of_arguments() {
    let server = Server::estate(130, 1).await;
    let paths = |count: usize| (0..count).map(|at| format!("p{at}")).collect::<Vec<_>>();
    let query = "query($paths: [String!]) { projects(fullPaths: $paths) { nodes { id } } }";
    let many = server.ask("admin", query, json!({"paths": paths(51)})).await;
    assert_eq!(many["errors"][0]["message"], "You cannot provide more than 50 full_paths");
    assert_eq!(many["data"], json!({"projects": null}));
    let fifty = server.ask("admin", query, json!({"paths": paths(50)})).await;
    assert_eq!(fifty, json!({"data": {"projects": {"nodes": []}}}));
    let cut = ask(&server, "admin", "query { projects(first: 500) { nodes { id } pageInfo { hasNextPage } } }").await;
    assert_eq!(cut["data"]["projects"]["nodes"].as_array().unwrap().len(), 100);
    assert_eq!(cut["data"]["projects"]["pageInfo"]["hasNextPage"], true);
    let some = ask(
        &server,
        "admin",
        "query { projects(ids: [\"gid://gitlab/Project/3\", \"gid://gitlab/Project/999\"]) { nodes { id } } }",
    )
    .await;
    assert_eq!(some["data"]["projects"]["nodes"], json!([{"id": "gid://gitlab/Project/3"}]));
    let wrong = ask(&server, "admin", "query { projects(ids: [\"gid://gitlab/Group/3\"]) { nodes { id } } }").await;
    assert_eq!(wrong["errors"][0]["message"], "gid://gitlab/Group/3 is not a valid ID for Projects.");
    let bad = ask(&server, "admin", "query { projects(ids: [\"3\"]) { nodes { id } } }").await;
    assert_eq!(bad["errors"][0]["message"], "3 is not a valid GitLab ID.");
    let score = ask(&server, "admin", "query { queryComplexity { limit score } }").await;
    assert_eq!(score["data"]["queryComplexity"], json!({"limit": 300, "score": 3}));
    let score = ask(&server, "developer", "query { queryComplexity { limit } }").await;
    assert_eq!(score["data"]["queryComplexity"], json!({"limit": 250}));
    let score = ask(&server, "", "query { queryComplexity { limit } }").await;
    assert_eq!(score["data"]["queryComplexity"], json!({"limit": 200}));
}

#[tokio::test]
async fn too_long_is_refused_before_all_else() {
    let server = Server::small().await;
    let body = json!({"query": format!("query {{ currentUser {{ id }} }} #{}", "x".repeat(10_000))});
    let reply = server.send("developer", "POST", "//api/graphql", Some(body)).await;
    assert_eq!((reply.status, reply.json()), (422, json!({"errors": [{"message": "Query too large"}]})));
    let half = json!({"query": format!("query {{ currentUser {{ id }} }} #{}", "x".repeat(5_000))});
    let both = server.send("developer", "POST", "//api/graphql", Some(json!([half, half]))).await;
    assert_eq!(both.status, 422);
    let bad = server
        .send_with(
            "",
            "POST",
            "//api/graphql",
            Some(json!({"query": "{ __typename }"})),
            &[("PRIVATE-TOKEN", "glpat-x")],
        )
        .await;
    assert_eq!((bad.status, bad.json()), (401, json!({"errors": [{"message": "Invalid token"}]})));
    let scope = server.send("no_scope", "POST", "//api/graphql", Some(json!({"query": "{ __typename }"}))).await;
    assert_eq!(scope.status, 403);
    let deep = format!("query {{ group(fullPath: \"ferry\") {{ {} id {} }} }}", "parent {".repeat(20), "}".repeat(20));
    let reply = ask(&server, "developer", &deep).await;
    assert_eq!(reply["errors"][0]["message"], "Query has depth of 22, which exceeds max depth of 20");
}

#[tokio::test]
async fn a_multiplex_answers_in_order_and_shares_the_limit() {
    let server = Server::small().await;
    let one = |name: &str| json!({"query": format!("query {{ {name}: currentUser {{ username }} }}")});
    let reply = server
        .send("developer", "POST", "//api/graphql", Some(json!([one("a"), {"query": "query { no }"}, one("b")])))
        .await;
    let rows = reply.rows();
    assert_eq!(rows[0], json!({"data": {"a": {"username": "dev.oak"}}}));
    assert_eq!(rows[1]["errors"][0]["extensions"]["code"], "undefinedField");
    assert_eq!(rows[2]["data"]["b"]["username"], "dev.oak");
    let branches = json!({"query": "query { project(fullPath: \"ferry/open\") { repository { branchNames(searchPattern: \"*\", offset: 0, limit: 5) } } }"});
    let single = server.send("developer", "POST", "//api/graphql", Some(branches.clone())).await.json();
    assert_eq!(single["data"]["project"]["repository"]["branchNames"], json!(["main"]));
    let twice = server.send("developer", "POST", "//api/graphql", Some(json!([branches, branches]))).await.rows();
    assert_eq!(twice[0]["errors"][0]["message"], "Query has complexity of 344, which exceeds max complexity of 250");
}

#[tokio::test]
async fn cursors_walk_everything_once() {
    let server = Server::estate(70, 1).await;
    let query = "query($after: String, $n: Int!) { projects(membership: true, first: $n, after: $after) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let reply = server.ask("admin", query, json!({"after": after, "n": 30})).await;
        let page = reply["data"]["projects"].clone();
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
        seen.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let expected: Vec<Value> = (1..=70).rev().map(|id| json!({"id": format!("gid://gitlab/Project/{id}")})).collect();
    assert_eq!(seen, expected);
    let members = "query($after: String) { group(fullPath: \"estate\") { groupMembers(first: 2, after: $after) { edges { cursor node { user { username } accessLevel { stringValue } } } pageInfo { hasNextPage endCursor } } } }";
    let (mut count, mut after) = (0, Value::Null);
    loop {
        let page = server.ask("admin", members, json!({"after": after})).await["data"]["group"]["groupMembers"].clone();
        count += page["edges"].as_array().unwrap().len();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    // Five people, and the service account that belongs to the group.
    assert_eq!(count, 6);
}

#[tokio::test]
async fn groups_members_and_introspection() {
    let server = Server::small().await;
    let query = r#"query { group(fullPath: "ferry/pay") { id projectsCount descendantGroupsCount
        direct: groupMembers(relations: [DIRECT]) { nodes { user { username type } } }
        all: groupMembers { nodes { accessLevel { integerValue } user { username state type } group { fullPath } } }
        owners: groupMembers(accessLevels: [OWNER]) { nodes { user { username } } }
        projects(includeSubgroups: true, sort: NAME_ASC) { nodes { fullPath } }
        descendantGroups { nodes { fullPath } } } }"#;
    let group = ask(&server, "developer", query).await["data"]["group"].clone();
    assert_eq!(group["direct"]["nodes"][0], json!({"user": {"username": "dev.oak", "type": "HUMAN"}}));
    assert_eq!(group["direct"]["nodes"][1]["user"]["type"], "PROJECT_BOT");
    assert_eq!(group["direct"]["nodes"].as_array().unwrap().len(), 2);
    let mine = group["all"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["user"]["username"] == "dev.oak")
        .unwrap()
        .clone();
    assert_eq!(
        mine,
        json!({"accessLevel": {"integerValue": 40}, "user": {"username": "dev.oak", "state": "active", "type": "HUMAN"}, "group": {"fullPath": "ferry/pay"}})
    );
    assert_eq!(group["owners"]["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(group["projects"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(group["descendantGroups"]["nodes"], json!([{"fullPath": "ferry/pay/deep"}]));
    let types = ask(
        &server,
        "developer",
        "query { __type(name: \"Project\") { name kind } __typename metadata { version enterprise } }",
    )
    .await;
    assert_eq!(types["data"]["__type"], json!({"name": "Project", "kind": "OBJECT"}));
    assert_eq!(
        (&types["data"]["__typename"], &types["data"]["metadata"]["enterprise"]),
        (&json!("Query"), &json!(false))
    );
    let fragment = r#"query($yes: Boolean = true) { project(fullPath: "ferry/open") { ...P name @skip(if: $yes) ... on Project { path } } } fragment P on Project { id }"#;
    let reply = ask(&server, "developer", fragment).await;
    assert_eq!(reply["data"]["project"], json!({"id": "gid://gitlab/Project/3", "path": "open"}));
}

#[tokio::test]
async fn too_many_bytes_of_text_are_refused() {
    let mut sheet = String::from("groups: [{path: g}]\nprojects: [{path: g/p}]\n");
    sheet.push_str("people: []\n");
    let big = vec![b'a'; 11 << 20];
    let files = sandbox::WorldFiles::of([
        ("sandrill.yaml", sheet.into_bytes()),
        ("files/g/p/a.txt", big.clone()),
        ("files/g/p/b.txt", [big, b"b".to_vec()].concat()),
    ]);
    let server = Server::with(sandbox::Options::default(), files).await;
    let query = |paths: &str, fields: &str| {
        format!(
            "query {{ project(fullPath: \"g/p\") {{ repository {{ blobs(paths: {paths}) {{ nodes {{ {fields} }} }} }} }} }}"
        )
    };
    let refused = ask(&server, "admin", &query("[\"a.txt\", \"b.txt\"]", "rawTextBlob")).await;
    assert_eq!(refused["errors"][0]["message"], "Max blobs size limit exceeded (22 MiB / 20 MiB).");
    let sizes = ask(&server, "admin", &query("[\"a.txt\", \"b.txt\"]", "rawSize")).await;
    let nodes = &sizes["data"]["project"]["repository"]["blobs"]["nodes"];
    assert_eq!(nodes, &json!([{"rawSize": "11534336"}, {"rawSize": "11534337"}]));
    let one = ask(&server, "admin", &query("[\"a.txt\"]", "rawTextBlob")).await;
    assert!(one.get("errors").is_none());
}

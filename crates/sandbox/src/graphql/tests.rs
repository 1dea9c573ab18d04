//! The cost of queries, against the table that was computed from GitLab's source, and against hand-made sums.

use serde_json::{Value, json};

use super::{Engine, Plan, complexity, validate};

const CATALOG_PAGE: &str = r#"query CatalogPage($n: Int!, $nb: Int, $after: String, $paths: [String!]!) {
  projects(membership: true, archived: EXCLUDE, first: $n, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id fullPath name archived visibility lastActivityAt topics group { id fullPath }
      repository { rootRef empty blobs(paths: $paths, first: $nb) { nodes { path oid rawSize rawTextBlob } } } } } }"#;

const GROUP_MEMBERS: &str = r#"query GroupMembers($path: ID!, $n: Int!, $after: String) {
  group(fullPath: $path) { id fullPath
    groupMembers(relations: [DIRECT, INHERITED, SHARED_FROM_GROUPS], first: $n, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id expiresAt accessLevel { integerValue stringValue } user { id username name publicEmail state } group { fullPath } } } } }"#;

fn measure(query: &str, variables: Value) -> (u64, u64) {
    let engine = Engine::new().unwrap();
    let document = engine.check(query).unwrap_or_else(|errors| panic!("{errors:?}"));
    let operation = document.operations.get(None).unwrap();
    let Value::Object(variables) = variables else { panic!("variables must be an object") };
    let variables =
        validate::variables(&engine.schema, &document, operation, &variables).unwrap_or_else(|error| panic!("{error}"));
    complexity::measure(&Plan {
        schema: &engine.schema,
        implementers: &engine.implementers,
        document: &document,
        operation,
        variables,
    })
}

fn check(query: &str, variables: Value, expected: u64) {
    assert_eq!(measure(query, variables.clone()).0, expected, "{query} with {variables}");
}

fn paths(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("catalog-{at}.yaml")).collect()
}

#[test]
fn the_table_of_catalog_page() {
    for (n, eight, unlimited, twenty) in [(20, 44, 61, 63), (50, 55, 76, 79), (100, 74, 102, 106)] {
        check(CATALOG_PAGE, json!({"n": n, "nb": 8, "paths": paths(8)}), eight);
        check(CATALOG_PAGE, json!({"n": n, "paths": paths(8)}), unlimited);
        check(CATALOG_PAGE, json!({"n": n, "nb": 20, "paths": paths(20)}), twenty);
    }
}

#[test]
fn the_table_under_a_group() {
    let query = CATALOG_PAGE.replace(
        "projects(membership: true, archived: EXCLUDE,",
        "group(fullPath: \"x\") { id projects(includeSubgroups: true,",
    ) + "}";
    for (n, expected) in [(20, 57), (50, 71), (100, 94)] {
        check(&query, json!({"n": n, "nb": 8, "paths": paths(8)}), expected);
    }
}

#[test]
fn the_table_of_group_members() {
    for (n, expected) in [(20, 24), (50, 30), (100, 39)] {
        check(GROUP_MEMBERS, json!({"path": "x", "n": n}), expected);
    }
    assert_eq!(measure(GROUP_MEMBERS, json!({"path": "x", "n": 1})).1, 5);
}

#[test]
fn single_rules() {
    let none = || json!({});
    check("{ __typename }", none(), 1);
    check("{ queryComplexity { limit score } }", none(), 3);
    check("{ currentUser { id username } }", none(), 3);
    check("{ project(fullPath: \"x\") { id } }", none(), 2);
    // Gitaly: rootRef 2, languages 2 + 1.
    check("{ project(fullPath: \"x\") { repository { rootRef } languages { name } } }", none(), 7);
    // nodes 1 + id 1, resolver 1, sort's default 1, doubled by a page of 100.
    check("{ projects { nodes { id } } }", none(), 8);
    check("{ projects(first: 500) { nodes { id } } }", none(), 8);
    check("{ projects(first: 10) { nodes { id } } }", none(), 4);
    check("{ projects(last: 50) { nodes { id } } }", none(), 6);
    check("{ projects(first: 10, search: \"x\") { nodes { id } } }", none(), 9);
    // A fixed cost knows no page: 5 + nodes 1 + id 1, and the group's own 1.
    check("{ group(fullPath: \"x\") { descendantGroups { nodes { id } } } }", none(), 8);
    check(
        "{ project(fullPath: \"x\") { repository { branchNames(searchPattern: \"*\", offset: 0, limit: 1) } } }",
        none(),
        172,
    );
    // Aliases add up; one key asked twice does not; what is skipped costs nothing.
    check("{ a: project(fullPath: \"x\") { id } b: project(fullPath: \"y\") { id } }", none(), 4);
    check("{ project(fullPath: \"x\") { id } project(fullPath: \"x\") { id name } }", none(), 3);
    check("query($no: Boolean!) { project(fullPath: \"x\") { id name @include(if: $no) } }", json!({"no": false}), 2);
    // Of an interface, the dearest concrete type counts.
    let members = "{ project(fullPath: \"x\") { projectMembers(first: 0) { nodes { id ... on ProjectMember { project { id } } ... on GroupMember { group { id name } } } } } }";
    check(members, none(), 7);
}

//! Group trees: pages of groups, pages of members, and what may not be seen.

use gitlab::Kind;
use model::{GroupId, UserId};
use serde_json::{Value, json};

use crate::fixture::*;

fn member(id: u64, level: u16) -> Value {
    json!({"accessLevel": {"integerValue": level}, "user": {"id": format!("gid://gitlab/User/{id}"), "username": format!("u{id}"),
        "name": format!("User {id}"), "state": "active", "publicEmail": "", "avatarUrl": null,
        "webUrl": format!("https://gitlab.example/u{id}"), "bot": false}})
}

fn connection(nodes: &[Value], next: Option<&str>) -> Value {
    json!({"pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": nodes})
}

fn group(id: u64, path: &str, members: &Value) -> Value {
    json!({"id": format!("gid://gitlab/Group/{id}"), "fullPath": path, "name": path.rsplit('/').next(), "description": "",
        "webUrl": format!("https://gitlab.example/groups/{path}"), "avatarUrl": null, "visibility": "private", "groupMembers": members})
}

fn operation(seen: &Seen) -> &str {
    seen.text().trim_start_matches("query ").split('(').next().unwrap_or_default()
}

#[tokio::test]
async fn a_tree_is_read_with_all_its_pages() {
    let server = Server::start(|_, seen| {
        let after = seen.variable("after").as_str();
        json(200, &match (operation(seen), after) {
            ("GroupTree", None) => {
                let mut top = group(1, "sandrill", &connection(&[member(1, 50)], None));
                let below = group(2, "sandrill/checkout", &connection(&[member(2, 40), member(3, 30)], Some("m1")));
                top["descendantGroups"] = connection(&[below], Some("g1"));
                json!({"data": {"group": top}})
            }
            ("GroupTreePage", Some("g1")) => {
                let below = group(3, "sandrill/checkout/cards", &connection(&[], None));
                json!({"data": {"group": {"id": "gid://gitlab/Group/1", "fullPath": "sandrill", "descendantGroups": connection(&[below, Value::Null], None)}}})
            }
            ("GroupMembers", Some("m1")) => {
                let invited = json!({"accessLevel": {"integerValue": 30}, "user": null});
                json!({"data": {"group": {"id": "gid://gitlab/Group/2", "fullPath": "sandrill/checkout",
                    "groupMembers": connection(&[member(4, 20), invited], Some("m2"))}}})
            }
            ("GroupMembers", Some("m2")) => {
                json!({"data": {"group": {"id": "gid://gitlab/Group/2", "fullPath": "sandrill/checkout", "groupMembers": connection(&[member(5, 10)], None)}}})
            }
            other => json!({"errors": [{"message": format!("unexpected {other:?}")}]}),
        })
    })
    .await;
    let tree = server.client().group_tree("sandrill").await.expect("answered");
    assert!(tree.complete && tree.partial.is_empty(), "{tree:?}");
    let found: Vec<_> = tree
        .groups
        .iter()
        .map(|g| {
            (
                g.id.0,
                g.full_path.as_str(),
                g.parent_path.as_deref(),
                g.members.iter().map(|m| (m.user.id.0, m.level)).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, "sandrill", None, vec![(1, 50)]),
            (2, "sandrill/checkout", Some("sandrill"), vec![(2, 40), (3, 30), (4, 20), (5, 10)]),
            (3, "sandrill/checkout/cards", Some("sandrill/checkout"), vec![]),
        ]
    );
    assert_eq!(tree.groups[0].id, GroupId(1));
    assert_eq!((tree.groups[0].members[0].user.id, &tree.groups[0].members[0].user.public_email), (UserId(1), &None));
    let relations = server
        .seen()
        .iter()
        .filter(|s| s.text().contains("groupMembers"))
        .all(|s| s.text().contains("relations: [DIRECT]"));
    assert!(relations, "inherited members are the groups' above");
}

#[tokio::test]
async fn a_group_that_cannot_be_seen_is_an_error_and_no_empty_tree() {
    let server = Server::start(|_, _| json(200, &json!({"data": {"group": null}}))).await;
    let error = server.client().group_tree("secret/team").await.expect_err("not seen");
    assert_eq!((error.kind.clone(), error.route), (Kind::NotFound, "POST /api/graphql GroupTree"));
    assert!(error.message.contains("secret/team"), "{error}");
}

#[tokio::test]
async fn members_that_may_not_be_seen_are_named() {
    let server = Server::start(|_, _| {
        let mut top = group(1, "sandrill", &Value::Null);
        let below = [group(2, "sandrill/a", &Value::Null), group(3, "sandrill/b", &connection(&[member(1, 30)], None)), Value::Null];
        top["descendantGroups"] = connection(&below, None);
        let denied = "The resource that you are attempting to access does not exist or you don't have permission to perform this action";
        json(200, &json!({"data": {"group": top}, "errors": [
            {"message": denied, "path": ["group", "groupMembers"]},
            {"message": "Internal server error", "path": ["group", "descendantGroups", "nodes", 2, "visibility"]},
        ]}))
    })
    .await;
    let tree = server.client().group_tree("sandrill").await.expect("in part");
    assert_eq!(tree.groups.iter().map(|g| g.members.len()).collect::<Vec<_>>(), [0, 0, 1]);
    let named: Vec<&str> = tree.partial.iter().map(|p| p.at.as_str()).collect();
    assert_eq!(named, ["sandrill", "sandrill/a", "group.descendantGroups.nodes.2.visibility"]);
    assert!(!tree.complete, "one group is not listed");
}

#[tokio::test]
async fn a_list_of_groups_that_fails_leaves_the_tree_incomplete() {
    let server = Server::start(|_, _| {
        let mut top = group(1, "sandrill", &connection(&[member(1, 50)], None));
        top["descendantGroups"] = Value::Null;
        json(
            200,
            &json!({"data": {"group": top}, "errors": [{"message": "boom", "path": ["group", "descendantGroups"]}]}),
        )
    })
    .await;
    let tree = server.client().group_tree("sandrill").await.expect("in part");
    assert_eq!((tree.groups.len(), tree.groups[0].members.len(), tree.complete), (1, 1, false));
    assert_eq!(tree.partial.len(), 1);
    assert_eq!((tree.partial[0].at.as_str(), tree.partial[0].message.as_str()), ("sandrill", "boom"));
}

#[tokio::test]
async fn a_tree_that_costs_too_much_is_read_in_smaller_pages() {
    let server = Server::start(|_, seen| {
        let (n, m) = (seen.variable("n").as_u64().expect("n"), seen.variable("m").as_u64().expect("m"));
        if n * m > 2000 {
            return json(
                200,
                &json!({"errors": [{"message": "Query has complexity of 251, which exceeds max complexity of 250"}]}),
            );
        }
        let mut top = group(1, "sandrill", &connection(&[], None));
        top["descendantGroups"] = connection(&[], None);
        json(200, &json!({"data": {"group": top}}))
    })
    .await;
    server.client().group_tree("sandrill").await.expect("smaller");
    let sizes: Vec<_> = server.seen().iter().map(|s| (s.variable("n").clone(), s.variable("m").clone())).collect();
    assert_eq!(sizes.first(), Some(&(json!(100), json!(100))));
    assert_eq!(sizes.last(), Some(&(json!(25), json!(25))), "{sizes:?}");
}

//! Pages: every row once, in order, with the links and totals that belong to them.

use serde_json::Value;

use crate::server::Server;

async fn walk(server: &Server, first: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, Some(first.to_owned()));
    while let Some(address) = next {
        let reply = server.read("admin", &address).await;
        rows.extend(reply.rows());
        next = reply.next();
        pages += 1;
        assert!(pages < 200, "paging does not end");
    }
    (rows, pages)
}

#[tokio::test]
async fn offset_pages_hold_everything_once() {
    let server = Server::estate(45, 1).await;
    let reply = server.read("admin", "/projects?per_page=20&order_by=id&sort=asc").await;
    assert_eq!(reply.header("x-total"), "45");
    assert_eq!(reply.header("x-total-pages"), "3");
    assert_eq!((reply.header("x-page"), reply.header("x-per-page")), ("1", "20"));
    assert_eq!((reply.header("x-next-page"), reply.header("x-prev-page")), ("2", ""));
    let (rows, pages) = walk(&server, "/projects?per_page=20&order_by=id&sort=asc&simple=true").await;
    let ids: Vec<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!((ids, pages), ((1..=45).collect(), 3));
    let last = server.read("admin", "/projects?per_page=20&page=3").await;
    assert_eq!((last.rows().len(), last.header("x-next-page"), last.next()), (5, "", None));
    let beyond = server.read("admin", "/projects?per_page=20&page=9").await;
    assert_eq!((beyond.rows().len(), beyond.header("x-total")), (0, "45"));
    assert_eq!(server.read("admin", "/projects?per_page=1000").await.header("x-per-page"), "100");
}

#[tokio::test]
async fn keyset_pages_hold_everything_once() {
    let server = Server::estate(45, 1).await;
    for (sort, expected) in [("asc", (1..=45).collect::<Vec<u64>>()), ("desc", (1..=45).rev().collect())] {
        let first = format!("/projects?pagination=keyset&order_by=id&sort={sort}&per_page=15&simple=true");
        let (rows, pages) = walk(&server, &first).await;
        let ids: Vec<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
        assert_eq!((ids, pages), (expected, 3), "{sort}");
    }
    let reply = server.read("admin", "/projects?pagination=keyset&order_by=id&sort=asc&per_page=15").await;
    assert!(reply.next().unwrap().contains("id_after=15"));
    assert_eq!(reply.header("x-total"), "");
    let wrong = server.get("admin", "/projects?pagination=keyset&order_by=name").await;
    assert_eq!(wrong.status, 405);
}

#[tokio::test]
async fn totals_end_at_ten_thousand() {
    let server = Server::estate(10_500, 1).await;
    let reply = server.read("admin", "/projects?per_page=100&simple=true").await;
    assert_eq!((reply.header("x-total"), reply.header("x-total-pages")), ("", ""));
    assert!(reply.next().is_some());
    assert!(!reply.header("link").contains("rel=\"last\""));
    let far = server.get("admin", "/projects?per_page=100&page=501&simple=true").await;
    assert_eq!(far.status, 405);
}

#[tokio::test]
async fn groups_and_trees_have_cursors() {
    let server = Server::estate(120, 1).await;
    let (rows, pages) = walk(&server, "/groups?pagination=keyset&order_by=id&per_page=4&all_available=true").await;
    let ids: Vec<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!((ids, pages), ((1..=10).collect(), 3));
    let (rows, pages) = walk(&server, "/projects/1/repository/tree?recursive=true&pagination=keyset&per_page=2").await;
    let mut paths: Vec<&str> = rows.iter().map(|row| row["path"].as_str().unwrap()).collect();
    assert!(pages >= 3 && paths.len() >= 5, "{paths:?}");
    let seen = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), seen);
}

#[tokio::test]
async fn tokens_never_come_back_in_a_link() {
    let server = Server::estate(45, 1).await;
    let token = server.token("admin").to_owned();
    let reply = server.get("", &format!("/projects?per_page=20&private_token={token}")).await;
    assert_eq!(reply.status, 200);
    assert!(reply.next().is_some() && !reply.header("link").contains(&token));
}

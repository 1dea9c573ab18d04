//! The plain REST reads, and how a request looks.

use gitlab::{Existence, Kind};
use model::{ProjectId, UserId};
use serde_json::json;

use crate::fixture::*;

#[tokio::test]
async fn a_request_names_us_and_carries_the_token_as_a_bearer() {
    let server = Server::start(|_, _| json(200, &metadata())).await;
    let found = server.client().metadata().await.expect("answered");
    assert_eq!((found.version.as_str(), found.enterprise), ("18.2.1-ee", true));
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/api/v4/metadata"));
    assert_eq!(seen.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(seen.header("user-agent"), concat!("stagedoor/", env!("CARGO_PKG_VERSION")));
    assert_eq!(seen.header("accept"), "application/json");
    assert!(seen.header("accept-encoding").contains("gzip"));
}

#[tokio::test]
async fn a_gitlab_below_a_path_is_asked_there() {
    let server = Server::start(|_, _| json(200, &metadata())).await;
    for path in ["/git", "/git/"] {
        let url = server.url.join(path).expect("path");
        client(settings(url)).metadata().await.expect("answered");
    }
    assert!(server.seen().iter().all(|s| s.path == "/git/api/v4/metadata"));
}

#[tokio::test]
async fn addresses_and_tokens_that_cannot_work_are_refused_at_once() {
    for (address, part) in [
        ("https://gitlab.example/api/v4", "API path"),
        ("https://me:secret@gitlab.example", "user name"),
        ("https://gitlab.example/?private_token=secret", "query"),
        ("ftp://gitlab.example", "not an http"),
        ("mailto:a@b", "not an http"),
    ] {
        let error = refused(|s| s.url = address.parse().expect("address"));
        assert_eq!(error.kind, Kind::Configuration);
        let text = error.to_string();
        assert!(text.contains(part) && !text.contains("secret"), "{address}: {text}");
    }
    for token in ["", " \n", "glpat-a\nb", "glpat-\u{7f}"] {
        assert!(refused(|s| s.token = token.to_owned().into()).to_string().contains("the token"), "{token:?}");
    }
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"] {
        let error = gitlab::Authorities::parse(pem.as_bytes()).expect_err("no authority");
        assert_eq!(error.kind, Kind::Configuration, "{pem:?}");
    }
}

fn refused(change: impl FnOnce(&mut gitlab::Settings)) -> gitlab::Error {
    let mut settings = settings("http://127.0.0.1:1".parse().expect("address"));
    change(&mut settings);
    let clock = std::sync::Arc::new(model::ManualClock::at(NOW));
    gitlab::Gitlab::new(settings, clock, std::sync::Arc::new(model::FixedRandom::seeded(1))).expect_err("refused")
}

#[tokio::test]
async fn a_token_file_s_last_newline_is_no_part_of_the_token() {
    let server = Server::start(|_, _| json(200, &metadata())).await;
    let mut settings = settings(server.url.clone());
    settings.token = format!("{TOKEN}\n").into();
    client(settings).metadata().await.expect("answered");
    assert_eq!(server.seen()[0].header("authorization"), format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn our_token_tells_scopes_and_its_last_day() {
    let server = Server::start(|_, _| {
        json(200, &json!({"id": 7, "name": "stagedoor", "revoked": false, "active": true, "created_at": "2026-11-01T00:00:00.000Z",
            "scopes": ["read_api", "read_repository"], "user_id": 42, "last_used_at": null, "expires_at": "2027-01-31"}))
    })
    .await;
    let token = server.client().own_token().await.expect("answered");
    assert!(token.reads_api() && token.active);
    assert_eq!(token.user_id, UserId(42));
    assert_eq!(token.expires_at.map(|d| d.to_string()).as_deref(), Some("2027-01-31"));
}

#[tokio::test]
async fn we_are_told_who_we_are() {
    let server = Server::start(|_, _| {
        json(
            200,
            &json!({"id": 42, "username": "stagedoor", "name": "Stagedoor", "state": "active", "public_email": "",
            "avatar_url": null, "web_url": "https://gitlab.example/stagedoor", "bot": true, "is_admin": true}),
        )
    })
    .await;
    let user = server.client().current_user().await.expect("answered");
    assert_eq!((user.id, user.username.as_str(), user.public_email, user.bot), (UserId(42), "stagedoor", None, true));
}

#[tokio::test]
async fn a_project_is_gone_only_when_gitlab_itself_says_404() {
    let server = Server::start(|number, _| match number {
        0 => json(200, &json!({"id": 5, "path_with_namespace": "sandrill/a"})),
        1 => json(404, &json!({"message": "404 Project Not Found"})),
        2 => answer(404, "text/html", "<html>nginx</html>"),
        3 => json(404, &json!({"message": "no Route matched with those values"})),
        _ => json(404, &json!({"error": "404 Not Found"})),
    })
    .await;
    let gitlab = server.client();
    let ask = async || gitlab.project_exists(ProjectId(5)).await;
    assert_eq!(ask().await.expect("answered"), Existence::Present("sandrill/a".to_owned()));
    assert_eq!(ask().await.expect("answered"), Existence::Gone);
    assert_eq!(ask().await.expect_err("html").kind, Kind::NotGitlab);
    assert_eq!(ask().await.expect_err("a gateway").kind, Kind::NotGitlab);
    assert_eq!(ask().await.expect_err("no such path").kind, Kind::Unsupported);
}

#[tokio::test]
async fn activity_is_followed_page_by_page_on_our_own_address() {
    let server = Server::start(|number, _| {
        let rows = json!([{"id": number + 1, "path_with_namespace": format!("a/{number}")}]);
        // As a GitLab that is told a wrong external address prints it.
        let next = format!("<http://wrong.example/api/v4/projects?id_after={}&per_page=100>; rel=\"next\"", number + 1);
        let response = json(200, &rows);
        if number < 2 { with(response, &[("link", &next)]) } else { response }
    })
    .await;
    let ids = server.client().active_since(NOW).await.expect("answered");
    assert_eq!(ids, [ProjectId(1), ProjectId(2), ProjectId(3)]);
    let queries: Vec<String> = server.seen().into_iter().map(|s| s.query).collect();
    assert_eq!(
        queries[0],
        "membership=true&simple=true&last_activity_after=2026-11-20T17%3A00%3A00Z&pagination=keyset&order_by=id&sort=asc&per_page=100",
        "an hour earlier, because GitLab notes activity once an hour"
    );
    assert_eq!(queries[1..], ["id_after=1&per_page=100", "id_after=2&per_page=100"]);
}

#[tokio::test]
async fn a_list_that_leads_in_a_circle_ends() {
    let server = Server::start(|_, _| {
        with(json(200, &json!([])), &[("link", "<http://a.example/api/v4/projects?id_after=1>; rel=\"next\"")])
    })
    .await;
    let error = server.client().active_since(NOW).await.expect_err("a circle");
    assert_eq!((error.kind, server.count()), (Kind::Malformed, 2));
}

//! What is not GitLab, what is not reachable, and what GitLab refuses.

use std::time::Duration;

use gitlab::{Kind, Unauthorized, Unreachable, Whose};
use serde_json::json;

use crate::fixture::*;

/// A portal answers 200 with its sign-on page.
#[tokio::test]
async fn html_is_not_gitlab() {
    let server = Server::start(|_, _| answer(200, "text/html; charset=utf-8", "<html>Sign in</html>")).await;
    let error = server.client().metadata().await.expect_err("html");
    assert_eq!((error.kind, error.whose, error.retry), (Kind::NotGitlab, Whose::Upstream, false));
    assert_eq!(server.count(), 1, "it would be the same page again");
}

#[tokio::test]
async fn the_token_follows_no_redirect_to_another_host() {
    let thief = Server::start(|_, _| json(200, &metadata())).await;
    for status in [301, 302, 303, 307, 308] {
        let to = thief.url.join("/api/v4/metadata").expect("path").to_string();
        let server = Server::start(move |_, _| redirect(status, &to)).await;
        let error = server.client().metadata().await.expect_err("another host");
        assert_eq!((error.kind.clone(), error.status), (Kind::NotGitlab, Some(status)));
        let host = thief.url.as_str().trim_end_matches('/');
        assert!(error.message.contains(host), "names the host: {error}");
    }
    assert_eq!(thief.count(), 0);
}

#[tokio::test]
async fn another_scheme_is_another_host() {
    let server =
        Server::start(|_, seen| redirect(301, &format!("https://{}/api/v4/metadata", seen.header("host")))).await;
    assert_eq!(server.client().metadata().await.expect_err("https").kind, Kind::NotGitlab);
}

#[tokio::test]
async fn redirects_on_the_same_host_are_followed_a_few_times() {
    let server =
        Server::start(|number, _| if number < 3 { redirect(301, "/elsewhere") } else { json(200, &metadata()) }).await;
    server.client().metadata().await.expect("three redirects");
    let server = Server::start(|_, _| redirect(301, "/elsewhere")).await;
    let error = server.client().metadata().await.expect_err("a circle");
    assert_eq!((error.kind, server.count()), (Kind::NotGitlab, 4));
}

#[tokio::test]
async fn the_sign_in_page_is_not_asked_for() {
    let server = Server::start(|_, _| redirect(302, "/users/sign_in")).await;
    let error = server.client().metadata().await.expect_err("sign in");
    assert!(error.message.contains("sign-in page"), "{error}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_question_is_sent_on_only_where_it_stays_a_question() {
    let empty = json!({"data": {"projects": {"pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": []}}});
    let server =
        Server::start(move |number, _| if number == 0 { redirect(308, "/moved") } else { json(200, &empty) }).await;
    server.client().projects_page(&gitlab::Want::default(), None).await.expect("308 keeps the method");
    assert_eq!(server.seen()[1].method, "POST");
    let server = Server::start(|_, _| redirect(302, "/moved")).await;
    let error = server.client().projects_page(&gitlab::Want::default(), None).await.expect_err("302 does not");
    assert_eq!((error.kind, server.count()), (Kind::NotGitlab, 1));
}

#[tokio::test]
async fn json_that_is_not_gitlab_s_is_malformed() {
    for body in ["{", "[]", "null", "{\"version\": 5}", ""] {
        let server = Server::start(move |_, _| answer(200, "application/json", body)).await;
        let error = server.client().metadata().await.expect_err(body);
        assert_eq!((error.kind, error.whose), (Kind::Malformed, Whose::Upstream), "{body}");
    }
}

/// A hundred thousand brackets must not end the process.
#[tokio::test]
async fn deep_json_is_malformed() {
    let server = Server::start(|_, _| answer(200, "application/json", "[".repeat(100_000))).await;
    assert_eq!(server.client().metadata().await.expect_err("deep").kind, Kind::Malformed);
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_apart() {
    let (listener, free) = listen().await;
    drop(listener);
    let error = client(settings(free)).metadata().await.expect_err("nobody listens");
    assert_eq!((error.kind, error.retry), (Kind::Unreachable(Unreachable::Refused), true));

    // No label is longer than 63, so no name server is asked.
    let nowhere = format!("http://{}.example", "x".repeat(64)).parse().expect("address");
    let error = client(settings(nowhere)).metadata().await.expect_err("no such name");
    assert_eq!(error.kind, Kind::Unreachable(Unreachable::Dns));

    let (listener, silent) = listen().await;
    let mut hasty = settings(silent);
    hasty.timeouts.answer = Duration::from_millis(50);
    hasty.limits.attempts = 1;
    let error = client(hasty).metadata().await.expect_err("nobody answers");
    assert_eq!(error.kind, Kind::Unreachable(Unreachable::TimedOut));
    drop(listener);

    let broken = raw(vec![b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()]).await;
    let error = client(settings(broken)).metadata().await.expect_err("half a head");
    assert_eq!(error.kind, Kind::Unreachable(Unreachable::Broken));
}

#[tokio::test]
async fn why_a_token_is_refused_is_found_out_for_graphql_too() {
    let refusal = |described: &str| json!({"error": "invalid_token", "error_description": described});
    for (status, body, expected) in [
        (
            401,
            refusal("Token was revoked. You have to re-authorize from the user."),
            Kind::Unauthorized(Unauthorized::Revoked),
        ),
        (
            401,
            refusal("Token is expired. You can either do re-authorization or token refresh."),
            Kind::Unauthorized(Unauthorized::Expired),
        ),
        (401, json!({"message": "401 Unauthorized"}), Kind::Unauthorized(Unauthorized::Unknown)),
        (
            200,
            json!({"id": 1, "name": "t", "user_id": 2, "active": true, "scopes": ["read_user"]}),
            Kind::InsufficientScope { needed: vec!["read_api".to_owned(), "api".to_owned()] },
        ),
    ] {
        let server = Server::start(move |_, seen| match seen.path.as_str() {
            "/api/graphql" => json(401, &json!({"errors": [{"message": "Invalid token"}]})),
            _ => json(status, &body),
        })
        .await;
        let error = server.client().group_tree("sandrill").await.expect_err("refused");
        assert_eq!((error.kind, error.whose, error.retry), (expected, Whose::Caller, false));
        assert_eq!((error.route, error.status), ("POST /api/graphql GroupTree", Some(401)));
        assert_eq!(server.count(), 2, "one question, one look at the token");
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_which_one() {
    let server = Server::start(|_, _| {
        json(
            403,
            &json!({"error": "insufficient_scope", "scope": "read_api",
            "error_description": "The request requires higher privileges than provided by the access token."}),
        )
    })
    .await;
    let error = server.client().active_since(NOW).await.expect_err("refused");
    assert_eq!(error.kind, Kind::InsufficientScope { needed: vec!["read_api".to_owned()] });
    assert_eq!(
        error.to_string(),
        "GET /api/v4/projects: the token lacks the scope read_api; create a token with the scope read_api"
    );
}

#[tokio::test]
async fn nothing_that_is_printed_holds_the_token() {
    let server = Server::start(|_, _| json(400, &json!({"message": format!("what is {TOKEN}?")}))).await;
    let gitlab = server.client();
    let error = gitlab.metadata().await.expect_err("refused");
    for text in [format!("{error} {error:?}"), format!("{gitlab:?}"), format!("{:?}", settings(server.url.clone()))] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

//! Rate limits, retries, sizes.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use flate2::{Compression, write::GzEncoder};
use gitlab::{Kind, Unreachable, Want};
use model::ProjectId;
use serde_json::json;
use tokio::sync::Barrier;

use crate::fixture::*;

#[tokio::test]
async fn a_429_holds_every_caller_and_says_until_when() {
    let server =
        Server::start(|_, _| with(answer(429, "text/plain", "Retry later\n"), &[("retry-after", "3600")])).await;
    let gitlab = server.client();
    let hour = Kind::RateLimited { until: Some(NOW + 3_600_000) };
    let error = gitlab.metadata().await.expect_err("limited");
    assert!(error.retry);
    let later = |kind: &Kind| matches!(kind, Kind::RateLimited { until: Some(at) } if (NOW + 3_590_000..=NOW + 3_600_000).contains(at));
    assert!(later(&error.kind), "{error:?} instead of {hour:?}");
    let error = gitlab.clone().own_token().await.expect_err("limited, too");
    assert!(later(&error.kind), "{error:?}");
    assert_eq!(server.count(), 1, "the second caller was held back");
    assert_eq!((gitlab.usage().sent, gitlab.usage().refused), (1, 1));
}

#[tokio::test]
async fn after_a_429_the_call_goes_on_by_itself() {
    let server = Server::start(|number, _| match number {
        0 => with(answer(429, "text/plain", "Retry later\n"), &[("retry-after", "1")]),
        1 => with(
            json(
                429,
                &json!({"message": {"error": "This endpoint has been requested too many times. Try again later."}}),
            ),
            &[("retry-after", "0")],
        ),
        _ => json(200, &metadata()),
    })
    .await;
    let gitlab = server.client();
    gitlab.metadata().await.expect("answered in the end");
    assert_eq!((server.count(), gitlab.usage().refused, gitlab.usage().retried), (3, 2, 2));
}

#[tokio::test]
async fn a_budget_that_runs_out_is_not_overdrawn() {
    let reset = (NOW / 1000 + 3600).to_string();
    let server = Server::start(move |number, _| {
        let left = 3_usize.saturating_sub(number + 1).to_string();
        with(
            json(200, &metadata()),
            &[
                ("ratelimit-limit", "3"),
                ("ratelimit-remaining", &left),
                ("ratelimit-reset", &reset),
                ("date", "Fri, 20 Nov 2026 18:00:00 GMT"),
            ],
        )
    })
    .await;
    let gitlab = server.client();
    for _ in 0..3 {
        gitlab.metadata().await.expect("within the budget");
    }
    let usage = gitlab.usage();
    assert_eq!((usage.sent, usage.limit, usage.left), (3, Some(3), Some(0)));
    let error = gitlab.metadata().await.expect_err("used up");
    assert!(matches!(error.kind, Kind::RateLimited { until: Some(_) }), "{error:?}");
    assert_eq!(server.count(), 3, "the fourth was not sent, so there was no 429");
}

#[tokio::test]
async fn gateways_errors_are_tried_again_and_others_are_not() {
    for (status, expected) in [(502, 4), (503, 4), (504, 4), (500, 1), (501, 1), (400, 1), (403, 1)] {
        let server = Server::start(move |_, _| json(status, &json!({"message": "no"}))).await;
        server.client().metadata().await.expect_err("never good");
        assert_eq!(server.count(), expected, "{status}");
    }
    let server =
        Server::start(|number, _| if number < 3 { answer(502, "text/html", "<html>") } else { json(200, &metadata()) })
            .await;
    server.client().metadata().await.expect("the fourth attempt");
}

#[tokio::test]
async fn a_body_that_was_cut_off_is_asked_for_again() {
    let body = metadata().to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    let whole = format!("{head}{body}").into_bytes();
    let cut = whole[..whole.len() - 10].to_vec();
    let gitlab = client(settings(raw(vec![cut.clone(), whole.clone()]).await));
    assert_eq!(gitlab.metadata().await.expect("the second time").version, "18.2.1-ee");
    assert_eq!(gitlab.usage().retried, 1);

    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body.as_bytes()).expect("packed");
    let packed = gzip.finish().expect("packed");
    let half = &packed[..packed.len() / 2];
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        half.len()
    )
    .into_bytes();
    answer.extend_from_slice(half);
    let gitlab = client(settings(raw(vec![answer, whole]).await));
    gitlab.metadata().await.expect("half a gzip stream is cut off, too");

    let error = client(settings(raw(vec![cut]).await)).metadata().await.expect_err("always cut off");
    assert_eq!(error.kind, Kind::Unreachable(Unreachable::Broken));
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read_to_its_end() {
    let small = |url| {
        let mut settings = settings(url);
        settings.limits.body = 10_000;
        client(settings)
    };
    let announced =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999999999999\r\n\r\n{".to_vec();
    let mut streamed = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    streamed.resize(50_000, b' ');
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 20_000_000]).expect("packed");
    let bomb = bomb.finish().expect("packed");
    let mut packed = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\r\n".to_vec();
    packed.extend_from_slice(&bomb);
    for (what, answer) in [("announced", announced), ("streamed", streamed), ("packed", packed)] {
        let error = small(raw(vec![answer]).await).metadata().await.expect_err(what);
        assert_eq!((error.kind, error.retry), (Kind::TooLarge, false), "{what}");
    }
}

#[tokio::test]
async fn no_more_requests_run_at_once_than_allowed() {
    // Both slots must be in use at once for the barrier to open; a third would be seen.
    let (barrier, running, most) =
        (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (listener, url) = listen().await;
    let app = axum::Router::new().fallback({
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        move || {
            let (barrier, running, most) = (Arc::clone(&barrier), Arc::clone(&running), Arc::clone(&most));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                barrier.wait().await;
                running.fetch_sub(1, Ordering::SeqCst);
                json(404, &json!({"message": "404 Project Not Found"}))
            }
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut settings = settings(url);
    settings.limits.concurrency = 2;
    let gitlab = client(settings);
    let calls = (0..20).map(|id| gitlab.project_exists(ProjectId(id)));
    futures::future::try_join_all(calls).await.expect("all answered");
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_graphql_rate_limit_inside_a_200_is_one() {
    let server = Server::start(|_, _| {
        json(
            200,
            &json!({"errors": [{"message": "This endpoint has been requested too many times. Try again later."}]}),
        )
    })
    .await;
    let error = server.client().projects_page(&Want::default(), None).await.expect_err("limited");
    assert_eq!(error.kind, Kind::RateLimited { until: None });
}

#[tokio::test]
async fn maintenance_holds_everybody_and_is_called_by_its_name() {
    let server = Server::start(|_, _| {
        with(json(503, &json!({"message": "503 Service Unavailable"})), &[("retry-after", "3600")])
    })
    .await;
    let gitlab = server.client();
    let error = gitlab.metadata().await.expect_err("maintenance");
    assert_eq!((error.kind, error.status), (Kind::Server, Some(503)));
    let error = gitlab.own_token().await.expect_err("held back");
    assert!(matches!(error.kind, Kind::RateLimited { until: Some(_) }), "{error:?}");
    assert_eq!(server.count(), 1);
}

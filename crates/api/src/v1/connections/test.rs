//! Testing a connection while somebody watches: each check as it ends.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response, Sse, sse},
};
use broker::{BrokerError, TestConnection, check};
use futures::StreamExt;
use model::Ctx;
use policy::Permit;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{
    dto::{Check, Report},
    requests::{self, ConnectionDraft},
};
use crate::{Answer, Failure, act, caller::Caller, etag, services::App, v1::entities};

/// Tests a connection that is not kept. Nothing is written, here or there.
///
/// With `Accept: text/event-stream` each check comes as an event `check` when it ends, and at last `report`; otherwise the
/// report as JSON. It ends within ten seconds whatever hangs.
#[utoipa::path(post, path = "/api/v1/connections/test", operation_id = "testConnectionDraft", tag = "connections",
    request_body = ConnectionDraft,
    extensions(("x-stagedoor-action" = json!("TestConnection"))),
    responses((status = 200, body = Report),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(crate) async fn draft(State(app): State<App>, Caller(ctx): Caller, headers: HeaderMap, body: Bytes) -> Answer {
    let draft: ConnectionDraft = requests::body(&body)?;
    let action = TestConnection::New(Box::new(draft.read(&app.broker)?));
    answer(app, ctx, &headers, action).await
}

/// Tests a kept connection now; what is found counts from now on.
#[utoipa::path(post, path = "/api/v1/connections/{name}/test", operation_id = "testConnection", tag = "connections",
    params(("name" = String, Path, description = "The connection")),
    extensions(("x-stagedoor-action" = json!("TestConnection"))),
    responses((status = 200, body = Report),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(crate) async fn kept(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let name = requests::name(&name)?;
    app.broker.get(&name)?;
    answer(app, ctx, &headers, TestConnection::Kept(name)).await
}

async fn answer(app: App, ctx: Ctx, headers: &HeaderMap, action: TestConnection) -> Answer {
    let place = app.tests.clone().try_acquire_owned().map_err(|_| {
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "busy", "Too many connections are tested at the moment. Ask again.")
            .with_header(header::RETRY_AFTER, header::HeaderValue::from_static("2"))
    })?;
    let permit = act::permit(&app, &ctx, action).await?;
    let watched = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if watched.is_some_and(|accept| accept.contains("text/event-stream")) {
        return Ok(stream(app, ctx, permit, place));
    }
    let report = run(&app, &ctx, permit, &mut |_| {}).await?;
    Ok(etag::plain(entities::json(&report)?))
}

/// The test goes on to its end when nobody watches any more: its row in the trail gets its outcome.
fn stream(app: App, ctx: Ctx, permit: Permit<TestConnection>, place: OwnedSemaphorePermit) -> Response {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let _place = place;
        let mut tell = |check: &check::Check| {
            let _nobody_watches = sender.send(event("check", &Check::of(check.clone())));
        };
        let last = match run(&app, &ctx, permit, &mut tell).await {
            Ok(report) => event("report", &report),
            Err(failure) => event("problem", &failure.detail()),
        };
        let _nobody_watches = sender.send(last);
    });
    let mut response = Sse::new(UnboundedReceiverStream::new(receiver).map(Ok::<_, Infallible>)).into_response();
    // A proxy in between must not gather what is meant to be seen as it comes.
    response.headers_mut().insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

async fn run(app: &App, ctx: &Ctx, permit: Permit<TestConnection>, tell: check::Tell<'_>) -> Answer<Report> {
    let result = app.broker.test(&permit, tell).await;
    let summary = |report: &check::Report| match report.failing() {
        None => "it reads".to_owned(),
        Some(check) => format!("it does not read: {}", check.id.as_str()),
    };
    let (report, _) = act::finish::<_, _, BrokerError>(permit, ctx, result, summary).await?;
    Ok(Report::of(report, app.clock.now()))
}

fn event(name: &str, data: &impl Serialize) -> sse::Event {
    sse::Event::default().event(name).data(serde_json::to_string(data).unwrap_or_default())
}

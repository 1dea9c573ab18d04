//! HTTP: routes, the words of the API, problems, events, webhooks and the console's files.
//!
//! The only room that knows status codes. It is handed everything in [`Services`] and offers a [`router`]; it opens no
//! database, reads no configuration and knows no SQL and nothing of GitLab's JSON beyond a webhook's project. Reads come
//! from the catalog's index; every write passes [`policy::Gate`] (see [`act`]).
//!
//! Adding an endpoint: write the handler with its `#[utoipa::path]` and the action it demands as `x-stagedoor-action`, add it
//! to `routes()` of its surface, and add its line to `tests/it/golden_operations.txt`.

mod act;
mod backstage;
mod caller;
mod console;
mod edge;
mod errors;
mod etag;
mod failure;
mod health;
mod hooks;
mod idempotency;
mod openapi;
mod params;
mod services;
mod times;
mod v1;

use std::{convert::Infallible, io, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, sync::watch};
use tower_http::{
    compression::{
        CompressionLayer, CompressionLevel,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    timeout::TimeoutLayer,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use services::Services;
pub use v1::{ConnectionCheck, ConnectionReport};

pub(crate) use failure::{Answer, Failure};
use services::App;

/// What a request may send unless its route says otherwise.
const BODY: usize = 1 << 20;
/// Every answer comes from memory or one small statement; longer means that something hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often samples are counted into their buckets. Without it they would pile up while nobody asks for `/metrics`.
const UPKEEP: Duration = Duration::from_secs(5);
/// How long answers may take to end after the server was told to stop.
const FAREWELL: Duration = Duration::from_secs(10);
/// Smaller answers fit into a packet or two anyway.
const WORTH_COMPRESSING: u64 = 1024;

/// The whole of it as one router. Long answers (events) end only with their connections; [`serve`] ends them itself.
pub fn router(services: Services) -> Router {
    assembled(services, watch::Sender::new(false))
}

/// The OpenAPI document as the console and other clients generate their types from.
#[must_use]
pub fn openapi() -> serde_json::Value {
    openapi::finish(described().split_for_parts().1)
}

/// What measures. Install its recorder before anything is served and hand its handle to [`Services`].
#[must_use]
pub fn recorder() -> PrometheusBuilder {
    // In seconds; the finer ones hold the goals for reads.
    const SECONDS: [f64; 14] =
        [0.0001, 0.0003, 0.0006, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
    let builder = PrometheusBuilder::new();
    let requests = Matcher::Full("stagedoor_http_request_seconds".to_owned());
    // Without boundaries the metric is a summary, which cannot be added over replicas.
    builder.set_buckets_for_metric(requests, &SECONDS).unwrap_or_else(|_| PrometheusBuilder::new())
}

/// Serves until `shutdown` resolves; then takes no new connections, ends events, and finishes what is being answered,
/// for ten seconds at most.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    services: Services,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let close = watch::Sender::new(false);
    let metrics = services.metrics.clone();
    let app = assembled(services, close.clone());
    // Answers are written whole: waiting to fill a packet only delays them.
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let mut closed = close.subscribe();
    let upkeep = upkeep(metrics);
    let served = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        close.send_replace(true);
    });
    let overdue = async {
        // The sender lives in the router, so this ends only by being told.
        let _told = closed.wait_for(|closed| *closed).await.is_ok();
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = served => served,
        never = upkeep => match never {},
        () = overdue => {
            tracing::warn!("some answers had not ended ten seconds after the server was told to stop");
            Ok(())
        }
    }
}

async fn upkeep(metrics: PrometheusHandle) -> Infallible {
    let mut beats = tokio::time::interval(UPKEEP);
    loop {
        beats.tick().await;
        metrics.run_upkeep();
    }
}

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .merge(v1::routes())
        .merge(backstage::routes())
        .routes(routes!(openapi::document))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(hooks::gitlab))
}

fn assembled(services: Services, closing: watch::Sender<bool>) -> Router {
    let (router, document) = described().split_for_parts();
    let document = openapi::finish(document).to_string();
    let app = App::new(services, document, closing);
    let compress = SizeAbove::new(WORTH_COMPRESSING)
        .and(NotForContentType::SSE)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::const_new("font/"));
    router
        .fallback(console::fallback)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, PATIENCE))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compress))
        .layer(middleware::from_fn_with_state(app.clone(), edge::edge))
        .with_state(app)
}

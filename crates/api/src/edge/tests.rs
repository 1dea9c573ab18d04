use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    middleware,
};
use broker::{Broker, Options};
use catalog::Catalog;
use metrics_exporter_prometheus::PrometheusBuilder;
use model::{Clock, FixedRandom, ManualClock};
use secrets::Keys;
use store::Store;
use tokio::sync::watch;
use tower::ServiceExt;

use super::*;
use crate::Services;

async fn broken() -> StatusCode {
    panic!("the reason with a secret in it");
}

#[tokio::test]
async fn a_panic_is_one_failed_request_and_keeps_its_reason_inside() {
    let folder = tempfile::tempdir().expect("folder");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(0));
    let url = format!("sqlite:{}", folder.path().join("x.sqlite").display());
    let store = Store::open(&url, clock.clone()).await.expect("store");
    let keys = Keys::open_or_create(&folder.path().join("secrets.key"), false).expect("keys");
    let options = Options {
        public_url: None,
        local_url: "http://127.0.0.1:1".parse().expect("address"),
        check_every: std::time::Duration::from_secs(300),
        poll_seconds: 60,
        secrets_folder: folder.path().join("secrets"),
    };
    let random = Arc::new(FixedRandom::seeded(1));
    let opened = Broker::open((store.clone(), keys), clock.clone(), random, Vec::new(), options).await;
    let services = Services {
        broker: opened.expect("broker").0,
        catalog: Catalog::of_entities(store.clone(), clock.clone(), Vec::new()),
        gate: policy::Gate::new(Arc::new(store.clone())),
        store,
        clock,
        random: Arc::new(FixedRandom::seeded(1)),
        version: "test",
        host: "test".to_owned(),
        started_at: 0,
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        public_url: None,
    };
    let app = App::new(services, String::new(), watch::Sender::new(false));
    let router: Router =
        Router::new().fallback(broken).layer(middleware::from_fn_with_state(app.clone(), edge)).with_state(app);
    for _ in 0..2 {
        let request = Request::builder().uri("/api/v1/x").header(header::HOST, "localhost");
        let request = request.body(Body::empty()).expect("request");
        let response = router.clone().oneshot(request).await.expect("infallible");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("body");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("json");
        assert_eq!(problem["type"], "urn:stagedoor:problem:internal");
        assert_eq!(problem["requestId"].as_str().map(str::len), Some(16));
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}

use axum::http::StatusCode;

use crate::support::House;

#[tokio::test]
async fn readiness_says_what_is_waited_for() {
    let house = House::new().await;
    assert_eq!(house.get("/livez").await.text(), "ok\n");
    let ready = house.get("/readyz").await;
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (StatusCode::OK, Some(true)));
    house.store.close().await;
    assert_eq!(house.get("/livez").await.status, StatusCode::OK, "alive does not mean ready");
    let waiting = house.get("/readyz").await;
    assert_eq!(waiting.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(waiting.json()["waitingFor"][0]["what"], "database");
}

#[tokio::test]
async fn a_connection_that_was_never_read_holds_readiness_up() {
    let house = House::connected_only().await;
    let waiting = house.get("/readyz").await;
    assert_eq!(waiting.status, StatusCode::SERVICE_UNAVAILABLE);
    let waiting = waiting.json();
    assert_eq!(waiting["waitingFor"][0]["what"], "catalog");
    assert_eq!(waiting["waitingFor"][0]["connections"][0]["name"], "gitlab");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_address() {
    let house = House::new().await;
    house.get("/api/v1/entities/component/default/ferry-web").await;
    house.get("/api/v1/entities/component/default/nothing-at-all").await;
    house.get("/some/page/of/the/console").await;
    let metrics = house.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain"));
    let text = metrics.text();
    let route = "route=\"/api/v1/entities/{kind}/{namespace}/{name}\"";
    for status in ["200", "404"] {
        let line = text.lines().find(|line| {
            line.starts_with("stagedoor_http_requests_total{")
                && line.contains(route)
                && line.contains(&format!("status=\"{status}\""))
        });
        assert!(line.is_some(), "{status}: {text}");
    }
    assert!(text.contains("route=\"console\""), "{text}");
    assert!(!text.contains("nothing-at-all") && !text.contains("some/page"), "{text}");
    assert!(
        text.contains("stagedoor_http_request_seconds_bucket{") && text.contains("stagedoor_catalog_entities 5"),
        "{text}"
    );
}

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;

use crate::support::{House, request};

#[tokio::test]
async fn answers_carry_what_browsers_must_obey() {
    let house = House::new().await;
    for path in ["/api/v1/instance", "/livez", "/nothing.js", "/api/v1/nothing"] {
        let reply = house.get(path).await;
        assert!(reply.header("content-security-policy").contains("script-src 'self';"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(reply.header("x-request-id").len(), 16, "{path}");
        assert!(!reply.header("cache-control").is_empty(), "{path}");
        assert!(reply.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none(), "{path}");
    }
}

#[tokio::test]
async fn one_host_must_be_named_and_be_ours() {
    let house = House::new().await;
    let ask = |hosts: &[&str], uri: &str| {
        let mut request = Request::builder().uri(uri);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        house.send(request.body(Body::empty()).expect("request"))
    };
    assert_eq!(ask(&["localhost:1"], "/livez").await.status, StatusCode::OK);
    assert_eq!(ask(&["[::1]:1"], "/livez").await.status, StatusCode::OK);
    assert_eq!(ask(&[], "http://127.0.0.1:1/livez").await.status, StatusCode::OK);
    assert_eq!(ask(&[], "/livez").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&["localhost", "evil.example"], "/livez").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&["localhost"], "http://evil.example/livez").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&["evil.example"], "/livez").await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn our_own_page_may_write() {
    let house = House::new().await;
    let request = request(Method::POST, "/api/v1/catalog/refresh")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ORIGIN, "http://127.0.0.1:7070")
        .header("sec-fetch-site", "same-origin");
    assert_eq!(house.send(request.body(Body::from("{}")).expect("request")).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn bodies_must_be_json_and_small() {
    let house = House::new().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", ""] {
        let request = request(Method::POST, "/api/v1/catalog/refresh")
            .header(header::CONTENT_TYPE, kind)
            .header(header::CONTENT_LENGTH, "2");
        let reply = house.send(request.body(Body::from("{}")).expect("request")).await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let large = json!({ "ref": "x".repeat(2 << 20) });
    let reply = house.post("/api/v1/catalog/refresh", &large).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", reply.text());
    assert_eq!(reply.json()["status"], 413);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_shape_of_the_surface() {
    let house = House::new().await;
    let reply = house.get("/api/v1/nothing").await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::NOT_FOUND, "application/problem+json"));
    let reply = house.get("/api/catalog/nothing?x=1").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let error = reply.json();
    assert_eq!(error["error"]["name"], "NotFoundError");
    assert_eq!(error["request"], json!({"method": "GET", "url": "/api/catalog/nothing?x=1"}));
    assert_eq!(error["response"], json!({"statusCode": 404}));
    let reply = house.send(request(Method::DELETE, "/api/v1/instance").body(Body::empty()).expect("request")).await;
    assert_eq!((reply.status, reply.json()["status"].as_u64()), (StatusCode::METHOD_NOT_ALLOWED, Some(405)));
    assert!(reply.header("allow").contains("GET"));
}

#[tokio::test]
async fn large_texts_are_compressed_and_small_ones_are_not() {
    let house = House::new().await;
    let ask = |path: &str| {
        let request = request(Method::GET, path).header(header::ACCEPT_ENCODING, "gzip");
        house.send(request.body(Body::empty()).expect("request"))
    };
    let large = ask("/api/v1/entities").await;
    assert_eq!(large.header("content-encoding"), "gzip");
    assert_eq!(&large.bytes[..2], b"\x1f\x8b");
    assert_eq!(ask("/api/v1/search?q=").await.header("content-encoding"), "");
}

#[tokio::test]
async fn pages_of_the_console_are_one_document() {
    let house = House::new().await;
    // Whether the console was built or not, every page answers alike, and files that are not there do not.
    let home = house.get("/").await;
    assert!(home.header("content-type").starts_with("text/html"), "{}", home.status);
    for page in ["/problems", "/catalog/component/default/a.b.c", "/catalog?kind=api"] {
        let reply = house.get(page).await;
        assert_eq!((reply.status, &reply.bytes), (home.status, &home.bytes), "{page}");
    }
    assert_eq!(home.header("cache-control"), "no-cache");
    for file in ["/assets/gone.js", "/favicon.gone", "/assets/gone"] {
        assert_eq!(house.get(file).await.status, StatusCode::NOT_FOUND, "{file}");
    }
    let write = house.send(request(Method::POST, "/catalog").body(Body::empty()).expect("request")).await;
    assert_eq!(write.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn other_sites_may_link_to_us_and_load_nothing() {
    let house = House::new().await;
    let ask = |mode: &'static str| {
        let request = request(Method::GET, "/api/v1/entities").header("sec-fetch-site", "cross-site");
        house.send(request.header("sec-fetch-mode", mode).body(Body::empty()).expect("request"))
    };
    assert_eq!(ask("navigate").await.status, StatusCode::OK);
    for mode in ["no-cors", "cors", "same-origin"] {
        assert_eq!(ask(mode).await.status, StatusCode::FORBIDDEN, "{mode}");
    }
}

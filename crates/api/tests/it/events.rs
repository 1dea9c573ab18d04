use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{House, connection, request};

/// Reads events from a stream as they come.
struct Page {
    body: axum::body::BodyDataStream,
    text: String,
}

#[derive(Debug)]
struct Event {
    name: String,
    id: Option<u64>,
    data: Value,
}

impl Page {
    async fn open(house: &House, last: Option<&str>) -> Self {
        let mut request = request(Method::GET, "/api/v1/events");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response =
            house.router.clone().oneshot(request.body(Body::empty()).expect("request")).await.expect("infallible");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event; comments are skipped.
    async fn next(&mut self) -> Event {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                let field = |name: &str| {
                    block
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                        .map(|v| v.trim().to_owned())
                };
                if let Some(name) = field("event") {
                    let id = field("id").map(|id| id.parse().expect("number"));
                    let data = serde_json::from_str(&field("data").expect("data")).expect("json");
                    return Event { name, id, data };
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.body.next()).await;
            let chunk = chunk.expect("an event was due").expect("open").expect("bytes");
            self.text.push_str(std::str::from_utf8(&chunk).expect("utf-8"));
        }
    }

    /// The next event of a name.
    async fn wait_for(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await;
            if event.name == name {
                return event;
            }
        }
    }
}

#[tokio::test]
async fn an_open_page_is_told_what_changed() {
    let house = House::stored().await;
    let mut page = Page::open(&house, None).await;
    let hello = page.next().await;
    assert_eq!(hello.name, "hello");
    let seq = hello.data["seq"].as_u64().expect("seq");
    assert_eq!(hello.id, Some(seq));
    let status = page.next().await;
    assert_eq!((status.name.as_str(), status.id), ("status", None));
    assert_eq!(status.data["totals"]["entities"], 3);

    let request = request(Method::DELETE, "/api/catalog/locations/loc1").body(Body::empty()).expect("request");
    assert_eq!(house.send(request).await.status, StatusCode::NO_CONTENT);
    let event = page.wait_for("entities").await;
    assert_eq!(event.data["removed"], json!(["component:default/harbour", "location:default/generated-1"]));
    assert_eq!((event.id, event.data["more"].as_bool()), (event.data["seq"].as_u64(), Some(false)));
    assert!(event.id > Some(seq));

    // Whoever reconnects is told what it missed, and whoever was away too long to read everything again.
    let mut again = Page::open(&house, Some(&seq.to_string())).await;
    assert_eq!(again.wait_for("entities").await.data["removed"], event.data["removed"]);
    for last in ["0", "not-a-number", &u64::MAX.to_string()] {
        let mut lost = Page::open(&house, Some(last)).await;
        assert_eq!(lost.wait_for("reset").await.id, event.id, "{last}");
    }
}

#[tokio::test]
async fn an_event_names_two_hundred_references_and_says_that_there_are_more() {
    let house = House::with_many(250).await;
    let mut page = Page::open(&house, None).await;
    page.wait_for("status").await;
    let request = request(Method::DELETE, "/api/catalog/locations/loc1").body(Body::empty()).expect("request");
    assert_eq!(house.send(request).await.status, StatusCode::NO_CONTENT);
    let event = page.wait_for("entities").await;
    assert_eq!(event.data["removed"].as_array().map(Vec::len), Some(200));
    assert_eq!(event.data["more"], true);
}

#[tokio::test]
async fn a_page_that_cannot_keep_up_is_told_to_read_everything_again() {
    let house = House::stored().await;
    let mut page = Page::open(&house, None).await;
    let seq = page.next().await.id;
    for _ in 0..1_000 {
        house.catalog.hook_received(&connection());
    }
    let reset = page.wait_for("reset").await;
    assert_eq!(reset.id, seq);
    assert_eq!(page.wait_for("status").await.data["connections"][0]["webhooks"]["received"], 1_000);
}

#[tokio::test]
async fn a_server_that_ends_ends_its_events() {
    let folder = tempfile::tempdir().expect("folder");
    let (services, _) = House::services(&folder, Vec::new()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(api::serve(listener, services, async move {
        let _told_or_dropped = ended.await;
    }));
    let answer = reqwest::get(format!("http://{address}/api/v1/events")).await.expect("answer");
    let mut body = answer.bytes_stream();
    let first = body.next().await.expect("open").expect("bytes");
    assert!(std::str::from_utf8(&first).expect("utf-8").contains("event: hello"));
    end.send(()).expect("the server runs");
    while let Some(chunk) = body.next().await {
        chunk.expect("the stream ends in good order");
    }
    server.await.expect("no panic").expect("ended");
}

//! What the log of a call holds, down to the finest level of everything below us.

use std::{
    io,
    sync::{Arc, Mutex},
};

use gitlab::Want;
use serde_json::json;
use tracing::{Level, instrument::WithSubscriber};

use crate::fixture::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("written").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_log_names_the_route_and_neither_the_token_nor_what_was_asked_for() {
    let server = Server::start(|number, _| match number {
        0 => json(502, &json!({"message": "502 Bad Gateway"})),
        _ => json(200, &json!({"errors": [{"message": format!("boom {TOKEN}")}]})),
    })
    .await;
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let gitlab = server.client();
    let want = Want { paths: &["a-file-that-is-wanted.yaml"] };
    gitlab.projects_page(&want, None).with_subscriber(subscriber).await.expect_err("boom");
    let log = String::from_utf8(written.0.lock().expect("written").clone()).expect("text");
    for part in
        ["POST /api/graphql CatalogPage", "connection=\"main\"", "status=502", "status=200", "ms=", "trying again"]
    {
        assert!(log.contains(part), "{part} is missing: {log}");
    }
    for part in [TOKEN, "a-file-that-is-wanted.yaml", "catalog"] {
        assert!(!log.contains(part), "{part} is in it: {log}");
    }
}

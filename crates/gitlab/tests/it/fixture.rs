//! Small servers and a client for them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use gitlab::{Gitlab, Settings, Timeouts};
use http::HeaderMap;
use model::{ConnectionName, FixedRandom, ManualClock, Millis};
use secrecy::SecretString;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

/// Friday 2026-11-20 18:00:00 UTC.
pub(crate) const NOW: Millis = 1_795_197_600_000;

/// A known secret: no message may hold it.
pub(crate) const TOKEN: &str = "glpat-AAAABBBBCCCCDDDDEEEE";

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn variable(&self, name: &str) -> &Value {
        &self.body["variables"][name]
    }

    pub(crate) fn text(&self) -> &str {
        self.body["query"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// A server on loopback; what it saw is kept. It ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers the request with what `answer` says; the number counts from 0.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(usize, &Seen) -> Response + Clone + Send + Sync + 'static,
    {
        let (listener, url) = listen().await;
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let app = Router::new().fallback(move |request: Request| {
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.expect("a whole request");
                let request = Seen {
                    method: parts.method.to_string(),
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().unwrap_or_default().to_owned(),
                    headers: parts.headers,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                };
                let number = {
                    let mut seen = kept.lock().expect("seen");
                    seen.push(request.clone());
                    seen.len() - 1
                };
                answer(number, &request)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("seen").clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().expect("seen").len()
    }

    pub(crate) fn client(&self) -> Gitlab {
        client(settings(self.url.clone()))
    }
}

/// A listener on a free port and the address that leads to it.
pub(crate) async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    (listener, format!("http://127.0.0.1:{port}").parse().expect("address"))
}

/// Gives each connection the next of these answers, byte for byte, and closes it. The last one stays.
pub(crate) async fn raw(answers: Vec<Vec<u8>>) -> Url {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answers[number.min(answers.len() - 1)].clone();
            number += 1;
            tokio::spawn(async move {
                read_head(&mut stream).await;
                stream.write_all(&answer).await.expect("written");
                stream.shutdown().await.ok();
            });
        }
    });
    url
}

/// Reads up to the end of the headers.
pub(crate) async fn read_head<S: AsyncReadExt + Unpin>(stream: &mut S) {
    let mut head = Vec::new();
    let mut byte = [0_u8; 1];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.is_ok_and(|n| n > 0) {
        head.push(byte[0]);
    }
}

pub(crate) fn settings(url: Url) -> Settings {
    let mut settings =
        Settings::new(ConnectionName::parse("main").expect("legal"), url, SecretString::from(TOKEN.to_owned()));
    settings.timeouts =
        Timeouts { backoff: Duration::from_micros(50), backoff_max: Duration::from_micros(50), ..Timeouts::default() };
    settings
}

pub(crate) fn client(settings: Settings) -> Gitlab {
    Gitlab::new(settings, Arc::new(ManualClock::at(NOW)), Arc::new(FixedRandom::seeded(1))).expect("good settings")
}

pub(crate) fn answer(status: u16, kind: &str, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header("content-type", kind).body(body.into()).expect("an answer")
}

pub(crate) fn json(status: u16, body: &Value) -> Response {
    answer(status, "application/json", body.to_string())
}

pub(crate) fn with(mut response: Response, headers: &[(&'static str, &str)]) -> Response {
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("header"));
    }
    response
}

pub(crate) fn redirect(status: u16, to: &str) -> Response {
    with(answer(status, "text/html", "<html>moved</html>"), &[("location", to)])
}

pub(crate) fn metadata() -> Value {
    serde_json::json!({"version": "18.2.1-ee", "revision": "0a1b2c3d", "kas": {"enabled": true}, "enterprise": true})
}

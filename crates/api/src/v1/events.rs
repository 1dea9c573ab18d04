//! What changes, as it changes: server-sent events for open pages.
//!
//! A page is told which references changed and reads them again; events carry no content, so they cannot be out of date.
//! Who missed more than is kept is told to read everything again.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response, Sse, sse},
};
use catalog::Event;
use futures::{Stream, stream};
use model::RefKey;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast::error::RecvError, watch},
    time::{Instant, sleep_until},
};

use super::status::CatalogStatus;
use crate::{Answer, Failure, services::App};

/// Between two events at least.
const PACE: Duration = Duration::from_millis(50);
/// A proxy in between closes what is silent for a minute; half of that is common.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// References that one event names; beyond, `more` says that there are others.
const NAMED: usize = 200;

/// Changes as they happen. `Last-Event-ID` continues where a page left off.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "events", tag = "catalog",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event seen")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, description = "`hello` {seq}; `entities` {seq, changed, removed, more}; `status`, as /api/v1/catalog/status; `reset` {seq}: read everything again", content_type = "text/event-stream", body = String),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn events(State(app): State<App>, headers: HeaderMap) -> Answer {
    let permit = app.streams.clone().try_acquire_owned().map_err(|_| {
        Failure::unavailable("Too many pages listen for events at once. Close some, or ask again in a moment.")
    })?;
    // An id that is none of ours cannot be continued from: the page is told to read everything again.
    let last = headers.get("last-event-id").map(|id| id.to_str().ok().and_then(|id| id.parse().ok()).unwrap_or(0));
    let stream = stream::unfold(Listener::new(app, last, permit), Listener::next);
    Ok(answer(stream))
}

fn answer(stream: impl Stream<Item = Result<sse::Event, Infallible>> + Send + 'static) -> Response {
    let keep_alive = sse::KeepAlive::new().interval(HEARTBEAT).text("still here");
    let mut response = Sse::new(stream).keep_alive(keep_alive).into_response();
    // A buffering proxy would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One page that listens.
struct Listener {
    app: App,
    events: catalog::Events,
    connections: watch::Receiver<u64>,
    pending: Pending,
    /// What is to be said before anything new, last first.
    first: Vec<sse::Event>,
    not_before: Instant,
    _place: OwnedSemaphorePermit,
}

/// What happened since the last event was sent.
#[derive(Debug, Default)]
struct Pending {
    seq: u64,
    /// Whether each reference still exists. The last word counts.
    refs: BTreeMap<RefKey, bool>,
    status: bool,
    connections: bool,
    reset: bool,
}

impl Pending {
    fn take_in(&mut self, event: Event) {
        match event {
            Event::Status => self.status = true,
            Event::Everything { seq } => {
                self.seq = self.seq.max(seq);
                self.reset = true;
            }
            Event::Entities { seq, changed, removed } => {
                self.seq = self.seq.max(seq);
                self.refs.extend(changed.into_iter().map(|key| (key, true)));
                self.refs.extend(removed.into_iter().map(|key| (key, false)));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.refs.is_empty() && !self.status && !self.connections && !self.reset
    }
}

impl Listener {
    fn new(app: App, last: Option<u64>, place: OwnedSemaphorePermit) -> Self {
        let mut events = app.catalog.events(last);
        let seq = events.seq;
        let mut pending = Pending { seq, ..Pending::default() };
        // With an id of its own, `hello` would let a page that is cut off right after it miss what it must still be told.
        let mut hello = sse::Event::default().event("hello").data(json!({ "seq": seq }).to_string());
        match events.missed.take() {
            Some(missed) if missed.is_empty() => hello = hello.id(seq.to_string()),
            Some(missed) => missed.into_iter().for_each(|event| pending.take_in(event)),
            None => pending.reset = true,
        }
        let first = vec![status_event(&app), hello];
        let connections = app.broker.watch();
        Self { app, events, connections, pending, first, not_before: Instant::now(), _place: place }
    }

    /// The next event, or the end when the server ends or the catalog is gone.
    async fn next(mut self) -> Option<(Result<sse::Event, Infallible>, Self)> {
        if let Some(event) = self.first.pop() {
            return Some((Ok(event), self));
        }
        let mut closing = self.app.closing.subscribe();
        loop {
            let due = !self.pending.is_empty();
            tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => return None,
                received = self.events.coming.recv() => match received {
                    Ok(event) => self.pending.take_in(event),
                    Err(RecvError::Lagged(_)) => self.start_over(),
                    Err(RecvError::Closed) => return None,
                },
                Ok(()) = self.connections.changed() => self.pending.connections = true,
                () = sleep_until(self.not_before), if due => {
                    if let Some(event) = self.say() {
                        self.not_before = Instant::now() + PACE;
                        return Some((Ok(event), self));
                    }
                }
            }
        }
    }

    /// Events were lost: forget what was gathered and listen anew.
    fn start_over(&mut self) {
        self.events = self.app.catalog.events(None);
        self.pending = Pending { seq: self.events.seq, status: true, reset: true, ..Pending::default() };
    }

    fn say(&mut self) -> Option<sse::Event> {
        let pending = &mut self.pending;
        if std::mem::take(&mut pending.reset) {
            // Whatever else was gathered is part of everything.
            pending.refs.clear();
            return Some(event("reset", pending.seq, &json!({ "seq": pending.seq })));
        }
        if !pending.refs.is_empty() {
            let refs = std::mem::take(&mut pending.refs);
            let more = refs.len() > NAMED;
            let (changed, removed): (Vec<_>, Vec<_>) = refs.into_iter().take(NAMED).partition(|(_, exists)| *exists);
            let names = |refs: Vec<(RefKey, bool)>| refs.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
            let data =
                json!({ "seq": pending.seq, "changed": names(changed), "removed": names(removed), "more": more });
            return Some(event("entities", pending.seq, &data));
        }
        if std::mem::take(&mut pending.connections) {
            // Says nothing itself: what it is about is asked for.
            return Some(sse::Event::default().event("connections").data("{}"));
        }
        std::mem::take(&mut pending.status).then(|| status_event(&self.app))
    }
}

fn event(name: &str, seq: u64, data: &serde_json::Value) -> sse::Event {
    sse::Event::default().event(name).id(seq.to_string()).data(data.to_string())
}

/// Without an id: it is not continued from.
fn status_event(app: &App) -> sse::Event {
    let status = serde_json::to_string(&CatalogStatus::of(app.catalog.status())).unwrap_or_default();
    sse::Event::default().event("status").data(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> RefKey {
        RefKey::parse(&format!("component:{name}")).expect("ref")
    }

    #[test]
    fn what_was_said_last_about_a_reference_counts() {
        let mut pending = Pending::default();
        assert!(pending.is_empty());
        pending.take_in(Event::Entities { seq: 4, changed: vec![key("a"), key("b")], removed: vec![] });
        pending.take_in(Event::Entities { seq: 5, changed: vec![key("c")], removed: vec![key("a")] });
        assert_eq!(pending.seq, 5);
        assert_eq!(pending.refs, BTreeMap::from([(key("a"), false), (key("b"), true), (key("c"), true)]));
    }
}

//! The instance behind all handlers, the table of routes, and what every request passes: counting, latency, the rate
//! limit, the token, ETags.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, on};
use serde_json::json;

use crate::auth::{self, Viewer};
use crate::clock::{self, Clock};
use crate::door::Peer;
use crate::errors::{ApiError, json_response};
use crate::etag::Asked;
use crate::faults::{Effect, Faults};
use crate::hooks::Hooks;
use crate::options::Edition;
use crate::repo::Repos;
use crate::stats::{Observed, Stats, Throttle};
use crate::tokens::Tokens;
use crate::world::{World, mix};
use crate::{controls, git, graphql, moved, pages, rest};

/// Bodies larger than this are refused with 413: a push or a commit with files.
const BODY_LIMIT: usize = 256 << 20;

/// Everything an instance is.
pub(crate) struct App {
    /// `http://host:port` or `https://…`, without a slash at the end.
    pub(crate) url: String,
    pub(crate) world: World,
    pub(crate) repos: Repos,
    pub(crate) tokens: Tokens,
    pub(crate) hooks: Hooks,
    pub(crate) stats: Stats,
    pub(crate) throttle: Throttle,
    pub(crate) graphql: graphql::Engine,
    pub(crate) latency: Duration,
    pub(crate) clock: Arc<Clock>,
    pub(crate) edition: Edition,
    pub(crate) faults: Faults,
    /// Requests so far, for their correlation ids.
    pub(crate) requests: AtomicU64,
    /// Every route as `METHOD path`, in the order of the table.
    pub(crate) routes: Vec<String>,
}

pub(crate) type Shared = Arc<App>;

/// The table of routes under construction: a router, and the same in words for `/-/sandbox/routes`.
pub(crate) struct Table {
    router: Router<Shared>,
    names: Vec<String>,
}

impl Table {
    /// Adds a route. A GET answers HEAD too.
    pub(crate) fn add<H, T>(&mut self, method: Method, path: &str, handler: H)
    where
        H: axum::handler::Handler<T, Shared>,
        T: 'static,
    {
        let filter = method.clone().try_into().unwrap_or(axum::routing::MethodFilter::GET);
        self.mount(path, on(filter, handler));
        self.names.push(format!("{method} {path}"));
    }

    fn mount(&mut self, path: &str, routes: MethodRouter<Shared>) {
        let router = std::mem::take(&mut self.router);
        self.router = router.route(path, routes);
    }

    pub(crate) fn get<H: axum::handler::Handler<T, Shared>, T: 'static>(&mut self, path: &str, handler: H) {
        self.add(Method::GET, path, handler);
    }

    pub(crate) fn post<H: axum::handler::Handler<T, Shared>, T: 'static>(&mut self, path: &str, handler: H) {
        self.add(Method::POST, path, handler);
    }

    pub(crate) fn put<H: axum::handler::Handler<T, Shared>, T: 'static>(&mut self, path: &str, handler: H) {
        self.add(Method::PUT, path, handler);
    }

    pub(crate) fn delete<H: axum::handler::Handler<T, Shared>, T: 'static>(&mut self, path: &str, handler: H) {
        self.add(Method::DELETE, path, handler);
    }
}

/// The table of all routes; the second part is their names.
pub(crate) fn table() -> (Router<Shared>, Vec<String>) {
    let mut table = Table { router: Router::new(), names: Vec::new() };
    rest::routes(&mut table);
    graphql::routes(&mut table);
    controls::routes(&mut table);
    // Git and the web pages share a fallback, because a project's path has any number of segments.
    table.names.extend(
        [
            "GET /{path}.git/info/refs",
            "POST /{path}.git/git-upload-pack",
            "POST /{path}.git/git-receive-pack",
            "GET /{path}",
        ]
        .map(str::to_owned),
    );
    (table.router, table.names)
}

/// The whole service.
pub(crate) fn router(app: Shared, routes: Router<Shared>) -> Router {
    routes
        .method_not_allowed_fallback(async || ApiError {
            status: StatusCode::METHOD_NOT_ALLOWED,
            body: json!({ "error": "405 Not Allowed" }),
        })
        .fallback(elsewhere)
        .layer(from_fn_with_state(app.clone(), gate))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(app)
}

/// What no route matched: git, a web page, or nothing.
async fn elsewhere(State(app): State<Shared>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/api/v3/") {
        let body = json!({ "error": "API V3 is no longer supported. Use API V4 instead." });
        return ApiError { status: StatusCode::GONE, body }.into_response();
    }
    if path.starts_with("/api/") {
        return ApiError::no_route().into_response();
    }
    match git::Service::of(request.method(), &path, request.uri().query().unwrap_or_default()) {
        Some((service, project)) => {
            app.stats.count(request.method().as_str(), service.route());
            git::serve(app, service, &project, request).await
        }
        None => {
            app.stats.count("GET", "/{path}");
            pages::serve(&app, &request)
        }
    }
}

/// What every request passes. Controls are for callers on this machine only.
async fn gate(State(app): State<Shared>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(controls::PREFIX) {
        let peer = request.extensions().get::<ConnectInfo<Peer>>();
        if peer.is_some_and(|ConnectInfo(peer)| peer.0.ip().to_canonical().is_loopback()) {
            return next.run(request).await;
        }
        return ApiError::no_route().into_response();
    }
    let mut response = pass(&app, request, next).await;
    let serial = app.requests.fetch_add(1, Ordering::Relaxed);
    let headers = response.headers_mut();
    for (name, value) in [("date", clock::http_date(app.clock.now())), ("x-gitlab-meta", meta(serial))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// `{"correlation_id":"…","version":"1"}`: twenty-six letters and digits, as a ULID has.
fn meta(serial: u64) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let wide = u128::from(mix(serial)) << 64 | u128::from(mix(!serial));
    let letter = |at: u32| usize::try_from(wide >> (at * 5) & 31).map_or('0', |index| char::from(ALPHABET[index]));
    let id: String = (0..24).map(letter).collect();
    format!("{{\"correlation_id\":\"01{id}\",\"version\":\"1\"}}")
}

async fn pass(app: &Shared, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = request.uri().path();
    let api = path.starts_with("/api/");
    if let Some(route) = route.as_ref().filter(|_| api) {
        app.stats.count(request.method().as_str(), route);
    }
    let mut altered = None;
    if let Some(fault) = app.faults.take(request.method().as_str(), route.as_deref().unwrap_or(path), path) {
        tokio::time::sleep(fault.delay()).await;
        match fault.effect(path == "/api/graphql") {
            Effect::Nothing => {}
            Effect::Answer(response) => return response,
            Effect::Hang => return std::future::pending().await,
            Effect::Reset => {
                if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<Peer>>() {
                    peer.cut();
                }
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            Effect::Alter(how) => altered = Some(how),
        }
    }
    let response = truly(app, route, api, request, next).await;
    match altered {
        Some(how) => how.answer(response).await,
        None => response,
    }
}

/// The answer that GitLab would give.
async fn truly(app: &Shared, route: Option<String>, api: bool, mut request: Request, next: Next) -> Response {
    if !api {
        return next.run(request).await;
    }
    let path = request.uri().path();
    if !app.latency.is_zero() {
        tokio::time::sleep(app.latency).await;
    }
    let query = request.uri().query().unwrap_or_default();
    let viewer = Viewer::of(app, request.headers(), path, query);
    let user = viewer.as_ref().ok().and_then(Viewer::id).unwrap_or(0);
    let observed = app.throttle.observe(user, app.clock.now());
    if observed.passed() {
        return too_many(&observed, app.clock.now());
    }
    let mut response = match viewer {
        Err(error) => refuse(route.as_deref(), error),
        Ok(viewer) => {
            let scope = auth::check_scope(&viewer, request.method(), route.as_deref().unwrap_or_default());
            if let Err(error) = scope {
                error.into_response()
            } else if let Some(response) = moved::api(app, &viewer, &request) {
                response
            } else {
                let tag = Asked::of(&request);
                request.extensions_mut().insert(viewer);
                tag.answer(next.run(request).await).await
            }
        }
    };
    rate_headers(response.headers_mut(), &observed);
    response
}

/// GraphQL words a bad token its own way.
fn refuse(route: Option<&str>, error: ApiError) -> Response {
    if route == Some("/api/graphql") && error.status == StatusCode::UNAUTHORIZED {
        let body = json!({ "errors": [{ "message": "Invalid token" }] });
        return json_response(StatusCode::UNAUTHORIZED, &body);
    }
    error.into_response()
}

fn rate_headers(headers: &mut HeaderMap, observed: &Observed) {
    let rows = [
        ("ratelimit-name", "throttle_authenticated_api".to_owned()),
        ("ratelimit-limit", observed.limit.to_string()),
        ("ratelimit-observed", observed.observed.to_string()),
        ("ratelimit-remaining", observed.remaining().to_string()),
        ("ratelimit-reset", observed.reset.unix_timestamp().to_string()),
    ];
    for (name, value) in rows {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

fn too_many(observed: &Observed, now: time::OffsetDateTime) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "Retry later\n").into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    rate_headers(headers, observed);
    let wait = (observed.reset - now).whole_seconds().max(1);
    for (name, value) in [("retry-after", wait.to_string()), ("ratelimit-resettime", clock::http_date(observed.reset))]
    {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

//! The instance behind all handlers, the table of routes, and what every request passes: counting, latency, the rate
//! limit, the token, ETags.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, on};
use serde_json::{Value, json};
use sha1::Digest as _;

use crate::auth::{self, Tokens, Viewer};
use crate::call::Fields;
use crate::errors::{ApiError, json_response};
use crate::hooks::Hooks;
use crate::repo::Repos;
use crate::stats::{Limit, Observed, Stats, Throttle};
use crate::world::World;
use crate::{clock, git, graphql, pages, rest};

/// Bodies larger than this are refused with 413: a push or a commit with files.
const BODY_LIMIT: usize = 256 << 20;

/// Everything an instance is.
pub(crate) struct App {
    /// `http://host:port`, without a slash at the end.
    pub(crate) url: String,
    pub(crate) world: World,
    pub(crate) repos: Repos,
    pub(crate) tokens: Tokens,
    pub(crate) hooks: Hooks,
    pub(crate) stats: Stats,
    pub(crate) throttle: Throttle,
    pub(crate) graphql: graphql::Engine,
    pub(crate) latency: Duration,
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
    table.get("/-/sandbox/stats", async |State(app): State<Shared>| json_response(StatusCode::OK, &app.stats.json()));
    table.delete("/-/sandbox/stats", async |State(app): State<Shared>| {
        app.stats.reset();
        StatusCode::NO_CONTENT
    });
    table.get("/-/sandbox/routes", async |State(app): State<Shared>| json_response(StatusCode::OK, &json!(app.routes)));
    table.put("/-/sandbox/limits", set_limits);
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

/// `PUT /-/sandbox/limits {"requests": n, "seconds": n}`: another rate limit, from now on.
async fn set_limits(State(app): State<Shared>, fields: Fields) -> Result<Response, ApiError> {
    let number = |name: &str| fields.0.get(name).and_then(Value::as_u64).filter(|n| *n > 0);
    let (Some(requests), Some(seconds)) = (number("requests"), number("seconds")) else {
        return Err(ApiError::parameter("requests and seconds must be whole numbers above zero"));
    };
    app.throttle.set(Limit { requests, seconds: i64::try_from(seconds).unwrap_or(60) });
    Ok(StatusCode::NO_CONTENT.into_response())
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

async fn gate(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = request.uri().path();
    if path.starts_with("/-/sandbox/") || !path.starts_with("/api/") {
        return next.run(request).await;
    }
    if let Some(route) = &route {
        app.stats.count(request.method().as_str(), route);
    }
    if !app.latency.is_zero() {
        tokio::time::sleep(app.latency).await;
    }
    let query = request.uri().query().unwrap_or_default();
    let viewer = Viewer::of(&app.tokens, &app.world, request.headers(), query);
    let user = viewer.as_ref().ok().and_then(Viewer::id).unwrap_or(0);
    let observed = app.throttle.observe(user, clock::now());
    if observed.passed() {
        return too_many(&observed);
    }
    let mut response = match viewer {
        Err(error) => refuse(route.as_deref(), error),
        Ok(viewer) => {
            let scope = auth::check_scope(&viewer, request.method(), route.as_deref().unwrap_or_default());
            if let Err(error) = scope {
                error.into_response()
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

/// Whether and how the caller wants a conditional answer.
struct Asked {
    reads: bool,
    known: Option<String>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Self { reads, known }
    }

    /// Adds a weak ETag over the body, as GitLab's middleware does, and answers 304 to a caller who has it.
    async fn answer(self, response: Response) -> Response {
        if !self.reads || response.status() != StatusCode::OK {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
            return ApiError::internal(&anyhow::anyhow!("an answer's body broke off")).into_response();
        };
        let tag = format!("W/\"{}\"", &hex::encode(sha1::Sha1::digest(&bytes))[..32]);
        if let Ok(value) = HeaderValue::from_str(&tag) {
            parts.headers.insert(header::ETAG, value);
        }
        let cache = HeaderValue::from_static("max-age=0, private, must-revalidate");
        parts.headers.insert(header::CACHE_CONTROL, cache);
        let same = self.known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag || one.trim() == "*"));
        if same {
            parts.status = StatusCode::NOT_MODIFIED;
            parts.headers.remove(header::CONTENT_TYPE);
            parts.headers.remove(header::CONTENT_LENGTH);
            return Response::from_parts(parts, Body::empty());
        }
        Response::from_parts(parts, Body::from(bytes))
    }
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

fn too_many(observed: &Observed) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "Retry later\n").into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    rate_headers(headers, observed);
    let wait = (observed.reset - clock::now()).whole_seconds().max(1);
    for (name, value) in [("retry-after", wait.to_string()), ("ratelimit-resettime", clock::http_date(observed.reset))]
    {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

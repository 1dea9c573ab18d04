//! Sends one request and brings back its JSON: limits, time-outs, redirects, retries, the rate budget.
//!
//! Everything that goes to GitLab goes through [`Transport::send`]. It knows no field of any answer.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use model::Random;
use secrecy::SecretString;
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;

use crate::{
    budget::Budget,
    certificate,
    error::{Error, Kind, Unreachable},
    refusal,
    route::{Proxy, Route},
    settings::{Limits, Settings, Timeouts, printable},
    tokens,
};

/// Redirects on one host that are followed before it counts as a circle.
const REDIRECTS: usize = 3;

/// One request. The route is a template, so that logs and metrics never hold an id, a path or a query.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) route: &'static str,
    /// Below the connection's address, without a leading slash; percent-encoded.
    pub(crate) path: String,
    /// The query, percent-encoded, without its question mark.
    pub(crate) query: Option<String>,
    /// JSON to send.
    pub(crate) body: Option<Bytes>,
    /// May it be sent twice? Reads only; a write that got no answer may have happened.
    pub(crate) safe: bool,
}

/// A successful answer: 2xx with JSON, or without a body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    host: String,
    /// The proxy as it may be printed, if one is used.
    proxy: Option<String>,
    token: SecretString,
    authorization: HeaderValue,
    timeouts: Timeouts,
    limits: Limits,
    connection: String,
    random: Arc<dyn Random>,
    pub(crate) budget: Budget,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("host", &self.host).field("budget", &self.budget).finish_non_exhaustive()
    }
}

impl Transport {
    pub(crate) fn new(settings: &Settings, budget: Budget, random: Arc<dyn Random>) -> Result<Self, Error> {
        let base = settings.base()?;
        let token = tokens::checked(&settings.token)?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| Error::ours(Kind::Configuration, "a checked token makes no header"))?;
        authorization.set_sensitive(true);
        if settings.in_clear() {
            tracing::warn!(connection = %settings.name, "the token travels unencrypted: the address begins with http");
        }
        Ok(Self {
            http: client(settings, &base)?,
            host: printable(&base),
            proxy: match settings.route() {
                Route::Through(proxy) => Some(proxy.shown()),
                Route::Direct => None,
            },
            base,
            token: SecretString::from(token.to_owned()),
            authorization,
            timeouts: settings.timeouts,
            limits: settings.limits,
            connection: settings.name.to_string(),
            random,
            budget,
        })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// GitLab's own words as they may be printed.
    pub(crate) fn quoted(&self, text: &str) -> String {
        refusal::quoted(text, &self.token)
    }

    /// Sends a request, again where that is safe and may help.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, Error> {
        let started = Instant::now();
        let mut attempt = 1;
        let mut before: Option<Error> = None;
        loop {
            let error = match self.admitted(request, attempt, started).await {
                Ok(response) => return Ok(response),
                Err(error) => error.on(request.route),
            };
            // Not let through again: what GitLab said is more telling than that we may not ask.
            if let (Some(before), None, Kind::RateLimited { .. }) = (&before, error.status, &error.kind) {
                return Err(before.clone());
            }
            let again = request.safe && error.retry && attempt < self.limits.attempts.max(1);
            let wait = match error.kind {
                // The budget holds everybody until then.
                Kind::RateLimited { .. } => Duration::ZERO,
                _ => self.backoff(attempt),
            };
            if !again || started.elapsed() + wait > self.timeouts.call {
                return Err(error);
            }
            tracing::warn!(
                route = request.route,
                attempt,
                kind = error.kind.as_str(),
                "GitLab call failed, trying again"
            );
            tokio::time::sleep(wait).await;
            before = Some(error);
            attempt += 1;
        }
    }

    /// Full jitter: anything from nothing to a bound that doubles, so that many clients do not come back together.
    fn backoff(&self, attempt: u32) -> Duration {
        let bound =
            self.timeouts.backoff.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(self.timeouts.backoff_max);
        let bound = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.random.next() % bound.saturating_add(1).max(1))
    }

    /// One attempt, once the budget lets it pass.
    async fn admitted(&self, request: &Request, attempt: u32, started: Instant) -> Result<Response, Error> {
        let patience = self.timeouts.rate_limit.min(self.timeouts.call.saturating_sub(started.elapsed()));
        let ticket = self.budget.admit(patience).await.map_err(rate_limited)?;
        self.budget.count(attempt > 1);
        let span = tracing::debug_span!(
            "gitlab",
            connection = self.connection,
            route = request.route,
            status = tracing::field::Empty,
            ms = tracing::field::Empty
        );
        let sent = Instant::now();
        let result = self.attempt(request, attempt).instrument(span.clone()).await;
        let ms = u64::try_from(sent.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = match &result {
            Ok(response) => Some(response.status),
            Err(error) => error.status,
        };
        span.record("ms", ms).record("status", status.unwrap_or(0));
        span.in_scope(|| tracing::debug!("GitLab call"));
        drop(ticket);
        result
    }

    async fn attempt(&self, request: &Request, attempt: u32) -> Result<Response, Error> {
        let mut url = self.base.join(&request.path).map_err(|_| {
            Error::ours(Kind::Malformed, format!("the path {:?} does not make an address", request.path))
        })?;
        url.set_query(request.query.as_deref());
        let mut answer = self.one(request, &url).await?;
        for _ in 0..REDIRECTS {
            if !answer.status().is_redirection() {
                break;
            }
            url = self.redirected(request, &url, &answer)?;
            self.budget.count(false);
            answer = self.one(request, &url).await?;
        }
        let status = answer.status();
        if status.is_redirection() {
            return Err(self.redirect_refused(status, "leads in a circle"));
        }
        let headers = answer.headers().clone();
        self.budget.observe(&headers);
        // Through a tunnel (https) the answer is GitLab's own.
        if let Some(proxy) = self.proxy.as_ref().filter(|_| self.base.scheme() == "http")
            && let Some(error) = refusal::of_proxy(status.as_u16(), &headers, proxy, &self.host)
        {
            return Err(error);
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(rate_limited(self.budget.pause(&headers, self.backoff(attempt + 2))).status(429));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE
            && let Some(wait) = self.budget.retry_after(&headers)
        {
            self.budget.hold(wait);
        }
        if status.is_success() && status != StatusCode::NO_CONTENT && !refusal::is_json(&headers) {
            return Err(refusal::not_gitlab(status.as_u16(), &self.host));
        }
        let body = self.body(answer).await?;
        if status.is_success() {
            return Ok(Response { status: status.as_u16(), headers, body });
        }
        Err(refusal::explain(status.as_u16(), &headers, &body, &self.host, &self.token))
    }

    /// One exchange, without following anything. The token goes to our own base only: `redirected` sees to it.
    async fn one(&self, request: &Request, url: &Url) -> Result<reqwest::Response, Error> {
        let mut builder = self
            .http
            .request(request.method.clone(), url.clone())
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::ACCEPT, "application/json");
        if let Some(body) = &request.body {
            builder = builder.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        builder.send().await.map_err(|error| self.broken(&error))
    }

    /// Where a redirect leads, if we may go there with the token.
    fn redirected(&self, request: &Request, from: &Url, answer: &reqwest::Response) -> Result<Url, Error> {
        let status = answer.status();
        let target = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|location| from.join(location).ok())
            .ok_or_else(|| self.redirect_refused(status, "leads nowhere"))?;
        if target.origin() != self.base.origin() {
            return Err(self.redirect_refused(status, &format!("leads to {}", printable(&target))));
        }
        if target.path().ends_with("/users/sign_in") {
            return Err(self.redirect_refused(status, "leads to the sign-in page"));
        }
        let keeps_method = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if request.method != Method::GET && !keeps_method {
            return Err(self.redirect_refused(status, &format!("leads to {}", target.path())));
        }
        Ok(target)
    }

    fn redirect_refused(&self, status: StatusCode, how: &str) -> Error {
        Error::upstream(
            Kind::NotGitlab,
            format!(
                "{} answered with a redirect that {how}; it was not followed, so that the token stays here",
                self.host
            ),
            "if that is where GitLab lives, make it the address of the connection; a sign-on portal must let /api pass",
        )
        .status(status.as_u16())
    }

    /// Reads a body up to the limit, counted after decompression.
    async fn body(&self, mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
        let status = answer.status().as_u16();
        let limit = self.limits.body;
        let too_large = || {
            let message = format!("the answer of {} is larger than {limit} bytes", self.host);
            Error::upstream(Kind::TooLarge, message, "ask for less at once").status(status)
        };
        let announced = answer.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        if announced > limit {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced);
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.broken(&e).status(status))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn broken(&self, error: &reqwest::Error) -> Error {
        if error.is_decode() && !error.is_timeout() {
            // A gzip stream that ends early is a body that was cut off.
            let message = format!("the answer of {} could not be unpacked to its end", self.host);
            return Error::passing(Kind::Unreachable(Unreachable::Broken), message, "try again");
        }
        certificate::explain(error, &self.host, self.proxy.as_deref())
    }
}

fn rate_limited(until: model::Millis) -> Error {
    Error::passing(
        Kind::RateLimited { until: Some(until) },
        "GitLab asks us to hold back (rate limit or maintenance)",
        "wait until then; a rate limit can be raised for the token's user",
    )
}

/// The HTTP client for one GitLab: what may not happen (redirects, retries, a proxy of the environment) does not.
pub(crate) fn client(settings: &Settings, base: &Url) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(settings.timeouts.connect)
        .timeout(settings.timeouts.answer)
        .pool_max_idle_per_host(settings.limits.concurrency)
        .tcp_nodelay(true)
        .gzip(true);
    let mut encrypted = base.scheme() == "https";
    if let Route::Through(proxy) = settings.route() {
        builder = builder.proxy(Proxy::client(proxy)?);
        encrypted |= proxy.url().scheme() == "https";
    }
    // Without TLS no authority is needed, so a machine without any can still start, and the others start faster.
    builder = if encrypted { builder.tls_certs_merge(authorities(settings)?) } else { builder.tls_certs_only([]) };
    builder.build().map_err(|error| {
        Error::caller(
            Kind::Configuration,
            format!("no HTTP client can be made ({error:?})"),
            "install the package ca-certificates, or give the certificate authority as `ca` of this connection",
        )
    })
}

fn authorities(settings: &Settings) -> Result<Vec<reqwest::Certificate>, Error> {
    let read = |der: &rustls::pki_types::CertificateDer<'_>| {
        reqwest::Certificate::from_der(der)
            .map_err(|error| Error::ours(Kind::Configuration, format!("a checked certificate is refused ({error})")))
    };
    settings.authorities.der().iter().map(read).collect()
}

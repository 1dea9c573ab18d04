//! What an operator says about one GitLab, and the bounds within which we read it.

use std::time::Duration;

use model::ConnectionName;
use secrecy::SecretString;
use url::{Host, Url};

use crate::{
    authority::Authorities,
    error::{Error, Kind},
    route::{NoProxy, Proxy, Route},
};

/// One GitLab as configured.
///
/// There is no switch to accept an invalid certificate: a private authority is named with [`Settings::authorities`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name under which logs, events and pages speak of it.
    pub name: ConnectionName,
    /// The address a browser would use, with the path prefix of a relative-URL installation and without `/api/v4`.
    pub url: Url,
    /// A personal, project, group or OAuth token.
    pub token: SecretString,
    /// Certificate authorities to trust beside the system's.
    pub authorities: Authorities,
    /// A forward proxy to go through; the environment is never asked.
    pub proxy: Option<Proxy>,
    /// Where the proxy is not used.
    pub no_proxy: NoProxy,
    /// How long we wait.
    pub timeouts: Timeouts,
    /// How much we take.
    pub limits: Limits,
}

impl Settings {
    /// Settings with the default bounds.
    #[must_use]
    pub fn new(name: ConnectionName, url: Url, token: SecretString) -> Self {
        Self {
            name,
            url,
            token,
            authorities: Authorities::default(),
            proxy: None,
            no_proxy: NoProxy::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
        }
    }

    /// How this GitLab is reached.
    #[must_use]
    pub fn route(&self) -> Route<'_> {
        match &self.proxy {
            Some(proxy) if !self.no_proxy.covers(&self.url) => Route::Through(proxy),
            _ => Route::Direct,
        }
    }

    /// The address with a path that ends in a slash, so that API paths can be joined to it.
    pub(crate) fn base(&self) -> Result<Url, Error> {
        let wrong = |what: &str, remedy: &str| {
            Err(Error::caller(Kind::Configuration, format!("the address {} {what}", printable(&self.url)), remedy))
        };
        if !matches!(self.url.scheme(), "http" | "https") || self.url.host().is_none() {
            return wrong(
                "is not an http or https address",
                "give the address a browser would use, such as https://gitlab.example.com",
            );
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            return wrong("carries a user name or password", "leave it out; the token goes into `token`");
        }
        if self.url.query().is_some() || self.url.fragment().is_some() {
            return wrong("has a query or fragment", "leave out everything from the first ? or #");
        }
        let path = self.url.path().trim_end_matches('/').to_owned();
        if path.ends_with("/api/v4") || path.ends_with("/api/graphql") || path.ends_with("/api") {
            return wrong("names an API path", "leave out the path that begins with /api; it is added by itself");
        }
        let mut base = self.url.clone();
        base.set_path(&format!("{path}/"));
        Ok(base)
    }

    /// Does the token travel unencrypted through a network?
    pub(crate) fn in_clear(&self) -> bool {
        let local = match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => true,
        };
        self.url.scheme() == "http" && !local
    }
}

/// Scheme, host and port: what a message may print of an address, whatever else stands in it.
pub(crate) fn printable(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{}://{host}:{port}", url.scheme()),
        (Some(host), None) => format!("{}://{host}", url.scheme()),
        (None, _) => format!("{}:", url.scheme()),
    }
}

/// How long we wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// For one answer including its body. GitLab itself gives up after 30 s (GraphQL) to 60 s.
    pub answer: Duration,
    /// For one call over all its attempts, the waits between them included.
    pub call: Duration,
    /// The longest wait for a rate limit to be lifted; beyond it the call fails and says until when.
    pub rate_limit: Duration,
    /// The first wait before a second attempt; it doubles with each attempt and is drawn from 0 to that (full jitter).
    pub backoff: Duration,
    /// The longest wait between two attempts.
    pub backoff_max: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            call: Duration::from_secs(180),
            rate_limit: Duration::from_secs(90),
            backoff: Duration::from_millis(250),
            backoff_max: Duration::from_secs(10),
        }
    }
}

/// How much we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests at one time over the whole connection.
    pub concurrency: usize,
    /// Attempts for one safe request, the first included.
    pub attempts: u32,
    /// Bytes of one answer after decompression.
    pub body: usize,
    /// Bytes of one file whose text is read. GitLab cuts blobs at 10 MB without saying so, so this stays below.
    pub file: u64,
    /// Bytes of file text asked for in one request. GitLab refuses more than 20 MiB of one repository.
    pub texts: u64,
    /// Objects on one page; GitLab cuts at 100.
    pub page: u32,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self { concurrency: 8, attempts: 4, body: 64 * MIB, file: 5 << 20, texts: 8 << 20, page: 100 }
    }
}

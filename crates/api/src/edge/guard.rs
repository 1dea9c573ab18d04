//! Who may reach us at all: refuses foreign host names (DNS rebinding) and writes that another site's page sends.
//!
//! Until sign-on exists, being on this machine is the only proof of identity. A page of another site in this machine's
//! browser must therefore not be able to read or write through it.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Method, StatusCode, header, uri::Authority},
};
use url::Url;

use crate::Failure;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The names under which we may be asked: loopback, and the configured public address.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    public: Option<Url>,
}

impl Hosts {
    pub(crate) fn new(public: Option<Url>) -> Self {
        Self { public }
    }

    fn admits(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        // User information in a Host header is never meant well.
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().to_ascii_lowercase();
        let loopback = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(v6) => v6.parse::<Ipv6Addr>().is_ok_and(|a| a.is_loopback()),
            None => host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|a| a.is_loopback()),
        };
        loopback || self.public.as_ref().and_then(Url::host_str).is_some_and(|public| public == host)
    }

    /// Is `origin` the origin of the page that `host` serves?
    fn same_origin(&self, origin: &str, host: &str) -> bool {
        let Ok(origin) = Url::parse(origin) else { return false };
        if !matches!(origin.scheme(), "http" | "https") {
            return false;
        }
        // A proxy in front may speak https and change the port; then the public address is what browsers see.
        if self.public.as_ref().is_some_and(|public| public.origin() == origin.origin()) {
            return true;
        }
        Url::parse(&format!("{}://{host}", origin.scheme())).is_ok_and(|own| own.origin() == origin.origin())
    }
}

/// Refuses what must not come in. Cheap, before any route.
pub(super) fn admit(hosts: &Hosts, request: &Request) -> Result<(), Failure> {
    let headers = request.headers();
    let host = host_of(request)?;
    if !hosts.admits(host) {
        return Err(Failure::new(
            StatusCode::MISDIRECTED_REQUEST,
            "foreign-host",
            "This server answers only for loopback addresses and its configured public_url. Ask for it by one of those.",
        ));
    }
    let other_site =
        headers.get(SEC_FETCH_SITE).is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        // A link from elsewhere may open a page. What other sites' pages load from us by themselves they could not read,
        // but they could see how long it takes.
        let page = headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate");
        return if other_site && !page { Err(cross_site()) } else { Ok(()) };
    }
    if other_site {
        return Err(cross_site());
    }
    for origin in headers.get_all(header::ORIGIN) {
        if !origin.to_str().is_ok_and(|origin| hosts.same_origin(origin, host)) {
            return Err(cross_site());
        }
    }
    if request.uri().path().starts_with("/api/") && has_body(headers) && !is_json(headers) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "Send the body as content-type application/json.",
        ));
    }
    Ok(())
}

fn cross_site() -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "cross-site",
        "A page of another site asked for this. Only Stagedoor's own pages and programs are answered; follow a link to open a page.",
    )
}

/// The one host that the request names: HTTP/2 says it in the address, HTTP/1.1 in a header, and never two of them.
fn host_of(request: &Request) -> Result<&str, Failure> {
    let mut all = request.headers().get_all(header::HOST).iter();
    let named = match (all.next(), all.next()) {
        (Some(one), None) => Some(one.to_str().map_err(|_| bad_host())?),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(bad_host()),
    };
    match (request.uri().authority().map(Authority::as_str), named) {
        (Some(address), Some(header)) if !address.eq_ignore_ascii_case(header) => Err(bad_host()),
        (Some(address), _) => Ok(address),
        (None, Some(header)) => Ok(header),
        (None, None) => Err(bad_host()),
    }
}

fn bad_host() -> Failure {
    Failure::bad_request("The request must name exactly one host.")
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
        // An HTTP/2 body may come without either; the type then says that there is one.
        || headers.contains_key(header::CONTENT_TYPE)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_the_public_host_are_admitted() {
        let hosts = Hosts::new(Some(Url::parse("https://door.example:8443").expect("url")));
        for good in
            ["localhost", "LOCALHOST:7070", "127.0.0.1:80", "127.9.9.9", "[::1]:7070", "door.example", "door.example:1"]
        {
            assert!(hosts.admits(good), "{good}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "localhost.",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "[::2]",
            "",
            "a b",
            "localhost@evil.example",
            "evil@localhost",
            "0.0.0.0",
            "[::ffff:10.0.0.1]",
        ] {
            assert!(!hosts.admits(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_ours_when_scheme_host_and_port_are() {
        let hosts = Hosts::new(Some(Url::parse("https://door.example").expect("url")));
        for (origin, host) in [
            ("http://localhost:7070", "localhost:7070"),
            ("http://127.0.0.1", "127.0.0.1:80"),
            ("https://door.example", "127.0.0.1:7070"),
        ] {
            assert!(hosts.same_origin(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "localhost:7070"),
            ("http://localhost:7071", "localhost:7070"),
            ("http://evil.example", "localhost:7070"),
            ("http://door.example", "localhost:7070"),
            ("file:///x", "localhost:7070"),
        ] {
            assert!(!hosts.same_origin(origin, host), "{origin} {host}");
        }
    }
}

//! Status, headers and body of an answer that is not a success → what it means.

use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::{Error, Kind, ProxyFault, Unauthorized};

/// The longest text of GitLab's that a message quotes, in characters.
const QUOTE: usize = 300;

/// The error bodies of GitLab's REST API and of its GraphQL controller in one.
#[derive(Debug, Default, Deserialize)]
struct Body {
    #[serde(default)]
    message: serde_json::Value,
    #[serde(default)]
    error: serde_json::Value,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    errors: serde_json::Value,
}

/// Is this answer JSON by its own word?
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// GitLab's own words, short enough for one line and without the token should an answer echo it.
pub(crate) fn quoted(text: &str, token: &SecretString) -> String {
    let token = token.expose_secret();
    let text = if token.is_empty() { text.to_owned() } else { text.replace(token, "[redacted]") };
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = words.char_indices().nth(QUOTE) {
        words.truncate(cut);
        words.push('…');
    }
    words
}

/// Explains an answer with a status of 400 or more (429 is the transport's).
pub(crate) fn explain(status: u16, headers: &HeaderMap, body: &[u8], host: &str, token: &SecretString) -> Error {
    let json = is_json(headers);
    let parsed: Option<Body> = if json { serde_json::from_slice(body).ok() } else { None };
    if status >= 500 {
        return server(status, parsed.as_ref(), token);
    }
    let Some(parsed) = parsed else { return not_gitlab(status, host) };
    let says = quoted(&parsed.text(), token);
    let error = match status {
        401 => unauthorized(&says),
        403 => forbidden(&parsed, &says),
        // A missing record has a `message`, a missing route an `error`; a gateway's own 404 says neither this way.
        404 if parsed.message.as_str().is_some_and(|m| m.starts_with("404 ")) => Error::caller(
            Kind::NotFound,
            format!("GitLab says {says:?}"),
            "check that it still exists and that the token's user may see it",
        ),
        404 if parsed.error == "404 Not Found" => Error::upstream(
            Kind::Unsupported,
            "this GitLab has no such API path",
            "check the address of the connection; Stagedoor needs GitLab 16.0 or newer",
        ),
        404 => return not_gitlab(status, host),
        413 => Error::caller(Kind::TooLarge, format!("GitLab says {says:?}"), "ask for less at once"),
        422 if says.contains("Query too large") => Error::ours(Kind::TooLarge, format!("GitLab says {says:?}")),
        _ => Error::caller(Kind::Rejected, format!("GitLab says {says:?}"), "change what the message names"),
    };
    error.status(status)
}

impl Body {
    /// Whatever text there is, the most telling first.
    fn text(&self) -> String {
        if let Some(description) = &self.error_description {
            return description.clone();
        }
        let first = self.errors.get(0).and_then(|e| e.get("message")).unwrap_or(&serde_json::Value::Null);
        for value in [&self.message, &self.error, first] {
            match value {
                serde_json::Value::Null => {}
                serde_json::Value::String(text) => return text.clone(),
                other => return other.to_string(),
            }
        }
        "nothing further".to_owned()
    }
}

/// The three ways in which GitLab refuses a token.
pub(crate) fn unauthorized(says: &str) -> Error {
    let (why, message, remedy) = if says.contains("expired") {
        (Unauthorized::Expired, "the token has expired", "create a new token and put it in the place of the old one")
    } else if says.contains("revoked") {
        (Unauthorized::Revoked, "the token was revoked", "create a new token and put it in the place of the old one")
    } else {
        (
            Unauthorized::Unknown,
            "GitLab does not accept the token",
            "check that the token belongs to this GitLab, is complete, not expired and not revoked",
        )
    };
    Error::caller(Kind::Unauthorized(why), format!("{message} (GitLab says {says:?})"), remedy)
}

/// A token that is good and may too little.
pub(crate) fn lacks_scope(needed: Vec<String>) -> Error {
    let scopes = needed.join(" or ");
    Error::caller(
        Kind::InsufficientScope { needed },
        format!("the token lacks the scope {scopes}"),
        format!("create a token with the scope {scopes}"),
    )
}

fn forbidden(body: &Body, says: &str) -> Error {
    if body.error == "insufficient_scope" {
        let words = body.scope.iter().flat_map(|s| s.split([' ', ','])).filter(|s| !s.is_empty());
        let mut named: Vec<String> = words.map(str::to_owned).collect();
        // The least that suffices first: it is what the remedy leads people to.
        named.sort_by_key(|scope| !scope.starts_with("read_"));
        return lacks_scope(if named.is_empty() { vec!["read_api".to_owned(), "api".to_owned()] } else { named });
    }
    Error::caller(
        Kind::Forbidden,
        format!("the token's user may not do this (GitLab says {says:?})"),
        "give the user the role that this needs, or use the token of another user",
    )
}

fn server(status: u16, body: Option<&Body>, token: &SecretString) -> Error {
    let says = body.map(|b| quoted(&b.text(), token));
    if let Some(says) = &says
        && says.contains("less complex query")
    {
        return too_slow(says).status(status);
    }
    let says = says.map_or_else(String::new, |s| format!(" and says {s:?}"));
    let error = Error::passing(
        Kind::Server,
        format!("GitLab failed with status {status}{says}"),
        "try again later; if it stays so, look at GitLab's own logs",
    );
    // A 500 or 501 comes again for the same question; the gateways' codes pass.
    let retry = matches!(status, 502..=504);
    Error { retry, ..error }.status(status)
}

/// The database gave up: a smaller page may pass.
pub(crate) fn too_slow(says: &str) -> Error {
    let error = Error::passing(
        Kind::Complexity { cost: None },
        format!("the question takes GitLab too long ({says:?})"),
        "try again later, when GitLab has less to do",
    );
    Error { retry: false, ..error }
}

/// An answer that the forward proxy gave itself: in the words of proxies, and never in JSON as GitLab's.
pub(crate) fn of_proxy(status: u16, headers: &HeaderMap, proxy: &str, host: &str) -> Option<Error> {
    let fault = match status {
        407 => ProxyFault::Credentials,
        // GitLab's own 502 to 504 come from its nginx; a proxy that speaks for itself says so in Via or an error header.
        502..=504 if !is_json(headers) => ProxyFault::Gateway,
        403 if !is_json(headers) && spoken_by_proxy(headers) => ProxyFault::Forbidden,
        _ => return None,
    };
    Some(proxy_error(fault, proxy, host, Some(status)))
}

fn spoken_by_proxy(headers: &HeaderMap) -> bool {
    headers.contains_key("x-squid-error")
        || headers.contains_key("proxy-agent")
        || headers.contains_key(http::header::VIA)
}

/// What the forward proxy did, and what to do.
pub(crate) fn proxy_error(fault: ProxyFault, proxy: &str, host: &str, status: Option<u16>) -> Error {
    let answered = status.map_or_else(String::new, |status| format!(" (it answered {status})"));
    let (message, remedy, passing) = match fault {
        ProxyFault::Unreachable => (
            format!("the proxy {proxy} cannot be reached"),
            "check the proxy's host and port, and that this machine may reach it".to_owned(),
            true,
        ),
        ProxyFault::Credentials => (
            format!("the proxy {proxy} wants a user name and password{answered}"),
            "give them with the proxy of this connection; if they are there, they are wrong".to_owned(),
            false,
        ),
        ProxyFault::Forbidden => (
            format!("the proxy {proxy} does not let {host} pass{answered}"),
            "have the address and its port allowed at the proxy, or name the host in noProxy if it is reached without".to_owned(),
            false,
        ),
        ProxyFault::Gateway => (
            format!("the proxy {proxy} does not reach {host}{answered}"),
            "an internal GitLab is mostly reached without the proxy: name its host in noProxy; otherwise ask who runs the proxy".to_owned(),
            true,
        ),
        ProxyFault::Broken => (
            format!("{proxy} does not answer like a proxy{answered}"),
            "check the proxy's port: it must be the one for HTTP CONNECT".to_owned(),
            false,
        ),
    };
    let error = if passing {
        Error::passing(Kind::Proxy(fault), message, remedy)
    } else {
        Error::caller(Kind::Proxy(fault), message, remedy)
    };
    status.map_or(error.clone(), |status| error.status(status))
}

/// An answer that no GitLab gives.
pub(crate) fn not_gitlab(status: u16, host: &str) -> Error {
    Error::upstream(
        Kind::NotGitlab,
        format!("{host} answered with status {status} and something other than GitLab's JSON"),
        "check the address of the connection; a sign-on portal or proxy in between must let /api pass",
    )
    .status(status)
}

#[cfg(test)]
mod tests;

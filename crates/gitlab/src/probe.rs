//! The way to GitLab one step at a time: the name, the port, the proxy, the certificate, and who answers.
//!
//! A client that fails says at which step it failed only in its own words. A test of a connection goes the steps itself,
//! with the same settings, so that it can say which one fails and what to do. No step sends the token: that is sent only
//! to what has answered as a GitLab.

use std::{net::SocketAddr, sync::Arc};

use http::{HeaderMap, header};
use model::{Clock, Millis};
use rustls::pki_types::ServerName;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::{
    certificate,
    error::{Certificate, Error, Kind, ProxyFault, Unreachable},
    presented::{self, Presented},
    refusal,
    route::{Proxy, Route},
    settings::{Settings, printable},
    transport,
};

/// The longest head that a proxy's answer to CONNECT may have.
const HEAD: usize = 16 * 1024;
/// What is read of an answer to know who gave it.
const BODY: usize = 256 * 1024;

/// Steps to one GitLab.
#[derive(Debug)]
pub struct Probe {
    settings: Settings,
    base: Url,
}

/// Where the next connection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The name that was asked for, GitLab's or the proxy's.
    pub host: String,
    /// At least one.
    pub addresses: Vec<SocketAddr>,
    /// Is it the proxy?
    pub proxy: bool,
}

/// An open connection, to GitLab or through the proxy.
pub struct Stream(Box<dyn Both>);

trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

/// An answer to a question without a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anonymous {
    /// The status.
    pub status: u16,
    /// Is it GitLab's API that answered?
    pub gitlab: bool,
    /// Where it wants to send us.
    pub location: Option<Url>,
    /// Does it look like a page to sign in at?
    pub sign_in: bool,
    /// Did it speak of plain HTTP on a port for TLS?
    pub wants_tls: bool,
    /// The server's clock.
    pub date: Option<Millis>,
    /// What calls itself the server.
    pub server: Option<String>,
}

impl Probe {
    /// Steps with these settings; their token is not used.
    ///
    /// # Errors
    /// [`Kind::Configuration`] when the address cannot be one.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self { base: settings.base()?, settings: settings.clone() })
    }

    /// The address, with a path that ends in a slash.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// How it is reached.
    #[must_use]
    pub fn route(&self) -> Route<'_> {
        self.settings.route()
    }

    /// Finds the addresses of the host, or of the proxy: what lies behind a proxy is the proxy's to find.
    ///
    /// # Errors
    /// [`Unreachable::Dns`], or [`ProxyFault::Unreachable`] for a proxy's name.
    pub async fn resolve(&self) -> Result<Resolved, Error> {
        let (url, proxy) = match self.route() {
            Route::Direct => (&self.base, false),
            Route::Through(proxy) => (proxy.url(), true),
        };
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Error::ours(Kind::Configuration, "an address without host or port"));
        };
        let name = host.to_string();
        let addresses = match host {
            Host::Ipv4(ip) => vec![SocketAddr::from((ip, port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((ip, port))],
            Host::Domain(domain) => match tokio::net::lookup_host((domain, port)).await {
                Ok(found) => found.collect(),
                Err(_) => Vec::new(),
            },
        };
        if addresses.is_empty() {
            return Err(if proxy {
                self.proxy_error(ProxyFault::Unreachable, None)
            } else {
                certificate::no_address(&name)
            });
        }
        Ok(Resolved { host: name, addresses, proxy })
    }

    /// Opens a connection to the first address that takes one.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] or [`ProxyFault::Unreachable`] when none does.
    pub async fn connect(&self, resolved: &Resolved) -> Result<Stream, Error> {
        let mut last = None;
        for address in &resolved.addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(Stream(Box::new(stream))),
                Err(error) => last = Some((address, error)),
            }
        }
        if resolved.proxy {
            return Err(self.proxy_error(ProxyFault::Unreachable, None));
        }
        let port = self.base.port_or_known_default().unwrap_or_default();
        let (why, what) = match &last {
            Some((_, error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                (Unreachable::Refused, format!("nothing listens at port {port} of {}", resolved.host))
            }
            Some((_, error)) => {
                (Unreachable::Broken, format!("no connection to port {port} of {} ({error})", resolved.host))
            }
            None => (Unreachable::Dns, format!("{} has no address", resolved.host)),
        };
        let remedy = "check the port of the address, that GitLab runs, and that no firewall lies between";
        Err(Error::passing(Kind::Unreachable(why), what, remedy))
    }

    /// Asks the proxy to lead there: over TLS if the proxy wants it, with CONNECT if GitLab is served over TLS. A GitLab
    /// without TLS is asked through the proxy request by request, so nothing is to be done before.
    ///
    /// # Errors
    /// [`Kind::Proxy`], or [`Kind::Certificate`] of the proxy's own certificate.
    pub async fn tunnel(&self, stream: Stream) -> Result<Stream, Error> {
        let Route::Through(proxy) = self.route() else { return Ok(stream) };
        let mut stream = stream;
        if proxy.url().scheme() == "https" {
            stream = self.encrypt(stream, proxy.url()).await?.0;
        }
        if self.base.scheme() == "https" {
            self.ask_proxy(&mut stream, proxy).await?;
        }
        Ok(stream)
    }

    async fn ask_proxy(&self, stream: &mut Stream, proxy: &Proxy) -> Result<(), Error> {
        use base64::Engine;
        use secrecy::ExposeSecret;
        let authority = format!(
            "{}:{}",
            self.base.host().map(|host| host.to_string()).unwrap_or_default(),
            self.base.port_or_known_default().unwrap_or(443)
        );
        let mut head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some((user, password)) = proxy.credentials() {
            let pair = format!("{user}:{}", password.expose_secret());
            let basic = base64::engine::general_purpose::STANDARD.encode(pair);
            head.push_str(&format!("Proxy-Authorization: Basic {basic}\r\n"));
        }
        head.push_str("\r\n");
        let broken = |_| self.proxy_error(ProxyFault::Broken, None);
        stream.0.write_all(head.as_bytes()).await.map_err(broken)?;
        let mut answer = Vec::new();
        while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
            let mut byte = [0_u8; 1];
            let read = stream.0.read(&mut byte).await.map_err(broken)?;
            if read == 0 || answer.len() > HEAD {
                return Err(self.proxy_error(ProxyFault::Broken, None));
            }
            answer.extend_from_slice(&byte);
        }
        let line = String::from_utf8_lossy(&answer);
        let status: Option<u16> =
            line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let fault = match status {
            Some(200..=299) => return Ok(()),
            Some(407) => ProxyFault::Credentials,
            Some(403) => ProxyFault::Forbidden,
            Some(500..=599) => ProxyFault::Gateway,
            _ => ProxyFault::Broken,
        };
        Err(self.proxy_error(fault, status))
    }

    /// Makes the connection secret and looks at the certificate; `None` when the address begins with http.
    ///
    /// # Errors
    /// [`Kind::Certificate`] with the names and the signer of the certificate where they help.
    pub async fn handshake(&self, stream: Stream) -> Result<Option<Presented>, Error> {
        if self.base.scheme() == "http" {
            return Ok(None);
        }
        self.encrypt(stream, &self.base).await.map(|(_, presented)| presented)
    }

    async fn encrypt(&self, stream: Stream, to: &Url) -> Result<(Stream, Option<Presented>), Error> {
        let host = printable(to);
        let ours = |error: &dyn std::fmt::Display| {
            Error::ours(Kind::Certificate(Certificate::Other), format!("TLS cannot be prepared ({error})"))
        };
        let name = match to.host() {
            Some(Host::Domain(domain)) => ServerName::try_from(domain.to_owned()).map_err(|error| ours(&error))?,
            Some(Host::Ipv4(ip)) => ServerName::from(std::net::IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => ServerName::from(std::net::IpAddr::V6(ip)),
            None => return Err(ours(&"no host")),
        };
        let (config, noting) = presented::client(&self.settings.authorities).map_err(|error| ours(&error))?;
        let made = TlsConnector::from(Arc::new(config)).connect(name, stream.0).await;
        let presented = noting.presented();
        match made {
            Ok(stream) => Ok((Stream(Box::new(stream)), presented)),
            Err(error) => Err(presented::refused_handshake(&error, &host, presented.as_ref())),
        }
    }

    /// Asks for the version at this root, without the token: a GitLab refuses in its own words.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn ask(&self, root: &Url) -> Result<Anonymous, Error> {
        let http = transport::client(&self.settings, &self.base)?;
        let host = printable(root);
        let url =
            root.join("api/v4/version").map_err(|_| Error::ours(Kind::Configuration, "the address takes no path"))?;
        let proxy = match self.route() {
            Route::Through(proxy) => Some(proxy.shown()),
            Route::Direct => None,
        };
        let explain = |error: &reqwest::Error| certificate::explain(error, &host, proxy.as_deref());
        let sent = http.get(url.clone()).header(header::ACCEPT, "application/json").send().await;
        let mut answer = sent.map_err(|error| explain(&error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        if let Some(proxy) = proxy.as_ref().filter(|_| self.base.scheme() == "http")
            && let Some(error) = refusal::of_proxy(status, &headers, proxy, &host)
        {
            return Err(error);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > BODY {
                break;
            }
        }
        Ok(anonymous(status, &headers, &body, &url))
    }

    fn proxy_error(&self, fault: ProxyFault, status: Option<u16>) -> Error {
        let proxy = match self.route() {
            Route::Through(proxy) => proxy.shown(),
            Route::Direct => String::new(),
        };
        refusal::proxy_error(fault, &proxy, &printable(&self.base), status)
    }

    /// How far the server's clock is ahead of ours, in milliseconds, from the `Date` of an answer that was asked for at
    /// `asked`. A `Date` is in whole seconds and was made on the way, so half of the way and half a second are taken off.
    #[must_use]
    pub fn ahead(clock: &dyn Clock, asked: Millis, date: Millis) -> Millis {
        let between = asked + (clock.now() - asked) / 2;
        date + 500 - between
    }
}

fn anonymous(status: u16, headers: &HeaderMap, body: &[u8], asked: &Url) -> Anonymous {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let json: Option<serde_json::Value> =
        if refusal::is_json(headers) { serde_json::from_slice(body).ok() } else { None };
    let says = |key: &str| json.as_ref().and_then(|json| json.get(key)).and_then(serde_json::Value::as_str);
    // GitLab 15.6 and newer mark every API answer; the words of the refusal are older.
    let gitlab = json.is_some()
        && (headers.contains_key("x-gitlab-meta")
            || (status == 401 && says("message").is_some_and(|m| m.starts_with("401 Unauthorized")))
            || (status == 200 && says("version").is_some() && says("revision").is_some()));
    let location = text(header::LOCATION).and_then(|location| asked.join(location).ok());
    let page = String::from_utf8_lossy(body).to_lowercase();
    let to_sign_in = |url: &Url| {
        ["sign_in", "signin", "login", "auth", "saml", "sso"]
            .iter()
            .any(|word| url.as_str().to_lowercase().contains(word))
    };
    let date = text(header::DATE)
        .and_then(|date| OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok())
        .map(|at| at.unix_timestamp() * 1000);
    Anonymous {
        status,
        gitlab,
        sign_in: location.as_ref().is_some_and(to_sign_in)
            || (json.is_none() && (page.contains("type=\"password\"") || page.contains("samlrequest"))),
        wants_tls: json.is_none()
            && status == 400
            && (page.contains("plain http request was sent to https port")
                || page.contains("http request to an https server")),
        location,
        date,
        server: text(header::SERVER).map(|server| server.chars().filter(|c| !c.is_control()).take(60).collect()),
    }
}

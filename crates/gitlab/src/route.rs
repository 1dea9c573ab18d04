//! The way to GitLab: directly or through a forward proxy. The environment's `HTTP_PROXY` and its kin are never asked;
//! what is configured is what is used.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::{
    error::{Error, Kind},
    settings::printable,
};

/// A forward proxy.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// `http://` or `https://`, without user name and password.
    url: Url,
    /// For `Proxy-Authorization: Basic`.
    credentials: Option<(String, SecretString)>,
}

impl Proxy {
    /// Reads an address, with or without `user:password@`.
    ///
    /// # Errors
    /// [`Kind::Configuration`] for another scheme, without a host, or with a path.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str, remedy: &str| {
            // Not quoted: it may hold a password.
            Err(Error::caller(Kind::Configuration, format!("the proxy's address {what}"), remedy))
        };
        let remedy = "give it as http://host:port";
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let Ok(mut url) = Url::parse(&with_scheme) else { return wrong("cannot be read", remedy) };
        match url.scheme() {
            "http" | "https" => {}
            scheme if scheme.starts_with("socks") => {
                return wrong("is of a SOCKS proxy, which is not supported", "use the HTTP port of the proxy");
            }
            _ => return wrong("has another scheme than http or https", remedy),
        }
        if url.host().is_none() {
            return wrong("names no host", remedy);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() {
            let hint = "a file with rules (proxy.pac) is not read: give the proxy that it names, as http://host:port";
            return wrong("has a path", hint);
        }
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = (!url.username().is_empty())
            .then(|| (decode(url.username()), SecretString::from(decode(url.password().unwrap_or_default()))));
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        if cleared.is_err() {
            return wrong("cannot be read", remedy);
        }
        Ok(Self { url, credentials })
    }

    /// With credentials that are kept apart from the address.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Option<(String, SecretString)>) -> Self {
        if credentials.is_some() {
            self.credentials = credentials;
        }
        self
    }

    /// The address without credentials.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// User name and password.
    #[must_use]
    pub fn credentials(&self) -> Option<&(String, SecretString)> {
        self.credentials.as_ref()
    }

    /// Scheme, host and port, as a message may print it.
    #[must_use]
    pub fn shown(&self) -> String {
        printable(&self.url)
    }

    pub(crate) fn client(&self) -> Result<reqwest::Proxy, Error> {
        let wrong = |_| {
            let message = format!("the proxy {} cannot be used", self.shown());
            Error::caller(Kind::Configuration, message, "give it as http://host:port")
        };
        let proxy = reqwest::Proxy::all(self.url.clone()).map_err(wrong)?;
        Ok(match &self.credentials {
            Some((user, password)) => proxy.basic_auth(user, password.expose_secret()),
            None => proxy,
        })
    }
}

/// Hosts that are reached without the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Exception>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    what: What,
    port: Option<u16>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Everything,
    /// This name and all below it, with or without a dot before it, as curl reads `NO_PROXY`.
    Name(String),
    Net(IpNet),
}

impl NoProxy {
    /// Reads entries: `host`, `.suffix`, `*.suffix`, an address, a network such as `10.0.0.0/8`, each with or without
    /// `:port`, or `*`. An entry may itself be a comma-separated list.
    ///
    /// # Errors
    /// [`Kind::Configuration`] naming the entry that cannot be read.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let words = entries.into_iter().flat_map(|entry| entry.split([',', ' ', '\n'])).map(str::trim);
        let read: Result<Vec<_>, _> = words.filter(|word| !word.is_empty()).map(Exception::parse).collect();
        read.map(Self)
    }

    /// Is this address reached without a proxy? Networks match hosts that are given as addresses; a name is not
    /// resolved for it, as everywhere.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        self.entry_for(url).is_some()
    }

    /// The entry by which it is.
    #[must_use]
    pub fn entry_for(&self, url: &Url) -> Option<&str> {
        let (host, port) = (url.host()?, url.port_or_known_default());
        self.0.iter().find(|exception| exception.covers(&host, port)).map(|exception| exception.text.as_str())
    }

    /// The entries as they were written.
    #[must_use]
    pub fn entries(&self) -> Vec<String> {
        self.0.iter().map(|exception| exception.text.clone()).collect()
    }
}

impl Exception {
    fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::caller(
                Kind::Configuration,
                format!("the noProxy entry {text:?} cannot be read"),
                "write a host, .suffix, an address or a network such as 10.0.0.0/8, each with or without :port",
            )
        };
        let of = |what, port| Self { what, port, text: text.to_owned() };
        if text == "*" {
            return Ok(of(What::Everything, None));
        }
        // A bare IPv6 address has colons that are not a port's.
        if let Some(net) = network(text) {
            return Ok(of(What::Net(net), None));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        if let Some(net) = network(host.trim_start_matches('[').trim_end_matches(']')) {
            return Ok(of(What::Net(net), port));
        }
        let name = host.trim_start_matches('*').trim_start_matches('.');
        match Host::parse(name) {
            Ok(Host::Domain(name)) if !name.contains('*') && !host.contains('/') => Ok(of(What::Name(name), port)),
            _ => Err(wrong()),
        }
    }

    fn covers(&self, host: &Host<&str>, port: Option<u16>) -> bool {
        if self.port.is_some() && self.port != port {
            return false;
        }
        match (&self.what, host) {
            (What::Everything, _) => true,
            (What::Net(net), Host::Ipv4(ip)) => net.contains(&IpAddr::V4(*ip)),
            (What::Net(net), Host::Ipv6(ip)) => net.contains(&ip.to_canonical()) || net.contains(&IpAddr::V6(*ip)),
            (What::Name(name), Host::Domain(host)) => {
                let host = host.trim_end_matches('.');
                host == name || host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
            (What::Net(_), Host::Domain(_)) | (What::Name(_), _) => false,
        }
    }
}

fn network(text: &str) -> Option<IpNet> {
    IpNet::from_str(text).ok().or_else(|| IpAddr::from_str(text).ok().map(IpNet::from))
}

/// How a GitLab is reached.
#[derive(Debug, Clone, Copy)]
pub enum Route<'a> {
    /// Directly.
    Direct,
    /// Through this proxy.
    Through(&'a Proxy),
}

impl fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("directly"),
            Self::Through(proxy) => write!(f, "through the proxy {}", proxy.shown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(entries: &str, url: &str) -> bool {
        NoProxy::parse([entries]).expect("entries").covers(&url.parse().expect("an address"))
    }

    #[test]
    fn exceptions_are_read_as_everywhere() {
        for (entries, url, expected) in [
            ("gitlab.example.com", "https://gitlab.example.com/", true),
            ("GitLab.Example.com", "https://gitlab.example.com/", true),
            ("example.com", "https://gitlab.example.com/", true),
            ("example.com", "https://badexample.com/", false),
            (".example.com", "https://example.com/", true),
            (".example.com", "https://gitlab.example.com/", true),
            ("*.example.com", "https://gitlab.example.com/", true),
            ("*.example.com", "https://example.com/", true),
            ("example.com:8443", "https://example.com:8443/", true),
            ("example.com:8443", "https://example.com/", false),
            ("example.com:443", "https://example.com/", true),
            ("10.0.0.0/8", "https://10.1.2.3/", true),
            ("10.0.0.0/8", "https://11.1.2.3/", false),
            ("10.0.0.0/8:8080", "http://10.1.2.3:8080/", true),
            ("10.0.0.0/8:8080", "http://10.1.2.3/", false),
            ("127.0.0.1", "http://127.0.0.1:9000/", true),
            ("fd00::/8", "https://[fd00::1]/", true),
            ("[fd00::1]:443", "https://[fd00::1]/", true),
            ("[fd00::1]:444", "https://[fd00::1]/", false),
            ("::1", "http://[::1]:3000/", true),
            ("10.0.0.0/8", "https://ten.example/", false),
            ("a.example, b.example", "https://b.example/", true),
            ("bücher.example", "https://xn--bcher-kva.example/", true),
            ("example.com", "https://example.com./", true),
            ("*", "https://anything.example/", true),
            ("", "https://anything.example/", false),
        ] {
            assert_eq!(covers(entries, url), expected, "{entries} {url}");
        }
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_named() {
        for entry in ["10.0.0.0/64", "host:many", "a*b.example", "ex ample/"] {
            let error = NoProxy::parse([entry]).expect_err(entry);
            assert!(error.message.contains("noProxy entry"), "{error}");
        }
    }

    #[test]
    fn a_proxy_keeps_its_password_to_itself() {
        let proxy = Proxy::parse("http://user:p%40ss@proxy.example:3128").expect("a proxy");
        assert_eq!(proxy.shown(), "http://proxy.example:3128");
        assert_eq!(proxy.url().as_str(), "http://proxy.example:3128/");
        let (user, password) = proxy.credentials().expect("credentials");
        assert_eq!((user.as_str(), password.expose_secret()), ("user", "p@ss"));
        assert!(!format!("{proxy:?}").contains("p@ss"));
        assert_eq!(Proxy::parse("proxy:3128").expect("without a scheme").shown(), "http://proxy:3128");
    }

    #[test]
    fn what_is_no_proxy_is_said_without_quoting_it() {
        for (text, what) in [
            ("socks5://user:secret@proxy:1080", "SOCKS"),
            ("ftp://proxy", "another scheme"),
            ("http://proxy/proxy.pac?secret", "has a path"),
            ("http://", "cannot be read"),
        ] {
            let error = Proxy::parse(text).expect_err(text);
            assert!(error.message.contains(what) && !error.to_string().contains("secret"), "{error}");
        }
    }
}

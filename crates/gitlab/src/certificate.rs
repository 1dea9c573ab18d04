//! Reads from an error of the HTTP client why nothing answered, down to what TLS says about the certificate.

use std::error::Error as StdError;

use rustls::CertificateError;

use crate::{
    error::{Certificate, Error, Kind, ProxyFault, Unreachable},
    refusal,
};

/// Makes our error of the client's. `host` is what was asked for and `proxy` what led there, as they may be printed.
pub(crate) fn explain(error: &reqwest::Error, host: &str, proxy: Option<&str>) -> Error {
    if let Some(tls) = find_tls(error) {
        return tls_error(tls, host);
    }
    if let Some(proxy) = proxy
        && let Some(error) = of_proxy(error, host, proxy)
    {
        return error;
    }
    let broken =
        |why: Unreachable, message: String, remedy: &str| Error::passing(Kind::Unreachable(why), message, remedy);
    if error.is_dns() {
        return no_address(host);
    }
    if error.is_timeout() {
        return broken(
            Unreachable::TimedOut,
            format!("{host} did not answer in time"),
            "check that GitLab is up and that no firewall drops the connection",
        );
    }
    if refused(error) {
        return broken(
            Unreachable::Refused,
            format!("{host} refuses the connection"),
            "check the port of the address and that GitLab runs",
        );
    }
    let cause = deepest(error);
    broken(
        Unreachable::Broken,
        format!("the connection to {host} broke off ({cause})"),
        "try again; if it stays so, look at the proxies between here and GitLab",
    )
}

/// A name that the name servers do not know.
pub(crate) fn no_address(host: &str) -> Error {
    Error::passing(
        Kind::Unreachable(Unreachable::Dns),
        format!("the name of {host} has no address"),
        "check the spelling of the address and the name servers of this machine; behind a corporate proxy, name the proxy",
    )
}

/// The client does not say by type what the proxy did, only in words. A connection that cannot be made is one to the
/// proxy: what lies behind it is the proxy's to reach.
fn of_proxy(error: &reqwest::Error, host: &str, proxy: &str) -> Option<Error> {
    let says = |words: &str| chain(error).iter().any(|e| e.to_string().contains(words));
    if says("proxy authorization required") {
        return Some(refusal::proxy_error(ProxyFault::Credentials, proxy, host, None));
    }
    if says("unsuccessful") && says("tunnel") {
        return Some(refusal::proxy_error(ProxyFault::Gateway, proxy, host, None));
    }
    let unreachable = error.is_dns() || (error.is_connect() && (error.is_timeout() || refused(error)));
    unreachable.then(|| refusal::proxy_error(ProxyFault::Unreachable, proxy, host, None))
}

/// `io::Error` hides the error it wraps from `source()`, so both ways are walked.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut found: Vec<&'a (dyn StdError + 'static)> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next
        && found.len() < 32
    {
        found.push(error);
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    found
}

fn find_tls(error: &reqwest::Error) -> Option<&rustls::Error> {
    chain(error).into_iter().find_map(|e| e.downcast_ref::<rustls::Error>())
}

fn refused(error: &reqwest::Error) -> bool {
    let refused = |e: &std::io::Error| e.kind() == std::io::ErrorKind::ConnectionRefused;
    chain(error).into_iter().any(|e| e.downcast_ref::<std::io::Error>().is_some_and(refused))
}

fn deepest(error: &reqwest::Error) -> String {
    chain(error).last().map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

pub(crate) fn tls_error(error: &rustls::Error, host: &str) -> Error {
    if matches!(error, rustls::Error::InvalidMessage(_)) {
        return Error::upstream(
            Kind::Certificate(Certificate::NotTls),
            format!("{host} does not speak TLS on this port ({error})"),
            "if this GitLab is served without TLS, begin the address with http://; otherwise correct the port",
        );
    }
    let rustls::Error::InvalidCertificate(reason) = error else {
        return Error::upstream(
            Kind::Certificate(Certificate::Other),
            format!("no encrypted connection to {host} ({error})"),
            "check that the address begins with the right scheme and that the port speaks TLS 1.2 or newer",
        );
    };
    let (kind, what, remedy) = match reason {
        CertificateError::UnknownIssuer => (
            Certificate::UnknownIssuer,
            "is signed by an authority that is not trusted here (self-signed or private)",
            "give the authority's certificate in PEM as `ca` of this connection",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            Certificate::WrongHost,
            "is made for another host name",
            "use the name that stands in the certificate as the address, or have the certificate renewed for this one",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (Certificate::Expired, "has expired", "have it renewed, and check the clock of this machine")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (Certificate::NotYetValid, "is not valid yet", "check the clock of this machine and of the issuer")
        }
        CertificateError::Revoked => (Certificate::Revoked, "was revoked", "have a new one issued"),
        _ => (
            Certificate::Other,
            "is not acceptable",
            "have it issued anew as a server certificate with the host name as subject alternative name",
        ),
    };
    Error::upstream(Kind::Certificate(kind), format!("the certificate of {host} {what} ({reason})"), remedy)
}

//! Reads from an error of the HTTP client why nothing answered, down to what TLS says about the certificate.

use std::error::Error as StdError;

use rustls::CertificateError;

use crate::error::{Certificate, Error, Kind, Unreachable};

/// Makes our error of the client's. `host` is what was asked for, as it may be printed.
pub(crate) fn explain(error: &reqwest::Error, host: &str) -> Error {
    if let Some(tls) = find_tls(error) {
        return tls_error(tls, host);
    }
    let broken =
        |why: Unreachable, message: String, remedy: &str| Error::passing(Kind::Unreachable(why), message, remedy);
    if error.is_dns() {
        return broken(
            Unreachable::Dns,
            format!("the name of {host} has no address"),
            "check the spelling of the address and the name servers of this machine",
        );
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

fn tls_error(error: &rustls::Error, host: &str) -> Error {
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

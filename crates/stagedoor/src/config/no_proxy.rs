//! Which addresses are reached without the proxy.

use std::net::IpAddr;

use url::{Host, Url};

/// Why an entry is not understood.
pub(crate) fn fault(entry: &str) -> Option<String> {
    let (name, _) = split_port(entry.trim());
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if name.contains("://") || name.contains('@') {
        return Some("is an address; leave out the scheme and the path".to_owned());
    }
    match name.split_once('/') {
        Some(_) if range(name).is_none() => Some("is no range; write 10.0.0.0/8".to_owned()),
        _ => None,
    }
}

/// The entry by which `url` is reached without the proxy.
pub(crate) fn bypass<'a>(entries: &'a [String], url: &Url) -> Option<&'a str> {
    let host = url.host()?;
    let port = url.port_or_known_default();
    let meant = |entry: &str| {
        let (name, wanted) = split_port(entry.trim());
        wanted.is_none_or(|wanted| Some(wanted) == port) && matches(name, &host)
    };
    entries.iter().map(String::as_str).find(|entry| meant(entry))
}

fn matches(name: &str, host: &Host<&str>) -> bool {
    if name == "*" {
        return true;
    }
    let ip = match host {
        Host::Domain(domain) => {
            let (domain, name) = (domain.trim_end_matches('.').to_ascii_lowercase(), name.to_ascii_lowercase());
            let name = name.trim_start_matches('*');
            // `.example.com` means the domain itself too, as in curl; `example.com` what is below it as well.
            let bare = name.trim_start_matches('.');
            return domain == bare || domain.strip_suffix(bare).is_some_and(|rest| rest.ends_with('.'));
        }
        Host::Ipv4(ip) => IpAddr::V4(*ip),
        Host::Ipv6(ip) => IpAddr::V6(*ip),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.parse() == Ok(ip) || range(name).is_some_and(|range| within(ip, range))
}

/// `host:8443` and `[::1]:8443`; an IPv6 address without brackets has no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if entry.parse::<IpAddr>().is_ok() || entry.contains('/') {
        return (entry, None);
    }
    match entry.rsplit_once(':').map(|(name, port)| (name, port.parse())) {
        Some((name, Ok(port))) => (name, Some(port)),
        _ => (entry, None),
    }
}

fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, bits): (IpAddr, u32) = (ip.parse().ok()?, bits.parse().ok()?);
    (bits <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, bits))
}

fn within(ip: IpAddr, (net, bits): (IpAddr, u32)) -> bool {
    match (ip, net) {
        (IpAddr::V4(ip), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            ip.to_bits() & mask == net.to_bits() & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(net)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            ip.to_bits() & mask == net.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(entry: &str, url: &str) -> bool {
        bypass(&[entry.to_owned()], &Url::parse(url).expect("url")).is_some()
    }

    #[test]
    fn entries_mean_what_people_mean() {
        for (entry, url) in [
            ("localhost", "http://localhost:3000"),
            (".example.com", "https://git.example.com"),
            (".example.com", "https://example.com"),
            ("*.example.com", "https://git.EXAMPLE.com"),
            ("example.com", "https://a.b.example.com"),
            ("10.0.0.0/8", "https://10.20.30.40"),
            ("10.1.2.3", "https://10.1.2.3:8443"),
            ("git.example.com:8443", "https://git.example.com:8443"),
            ("git.example.com:443", "https://git.example.com"),
            ("fd00::/8", "https://[fd12::1]"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("0.0.0.0/0", "https://1.2.3.4"),
            ("*", "https://anything"),
        ] {
            assert!(by(entry, url), "{entry} {url}");
        }
        for (entry, url) in [
            (".example.com", "https://badexample.com"),
            ("example.com", "https://example.com.evil"),
            ("10.0.0.0/8", "https://11.0.0.1"),
            ("10.0.0.0/8", "https://ten.example"),
            ("git.example.com:8443", "https://git.example.com"),
            ("fd00::/8", "https://10.0.0.1"),
        ] {
            assert!(!by(entry, url), "{entry} {url}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for bad in ["", " ", ":80", "http://x", "10.0.0.0/33", "ten/8", "user@host"] {
            assert!(fault(bad).is_some(), "{bad}");
        }
        for good in ["x", ".x", "10.0.0.0/8", "::1", "[::1]:80", "*"] {
            assert_eq!(fault(good), None, "{good}");
        }
    }
}

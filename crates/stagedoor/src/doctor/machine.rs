//! The machine itself: version, clock, certificates, limits.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use model::Clock;
use rustix::process::{Resource, getrlimit};

use super::Check;
use crate::config::Config;

/// 2026-01-01: no binary of this version is older.
const EARLIEST: i64 = 1_767_225_600_000;
/// 2100-01-01.
const LATEST: i64 = 4_102_444_800_000;
/// What the clock may differ from what has passed, while we look. NTP turns by less.
const TURNED: Duration = Duration::from_secs(2);
/// Sockets, the database, and room for pages that listen.
const FILES: u64 = 1024;
/// Below this the server would stop answering in daily work.
const FILES_LEAST: u64 = 256;

pub(super) fn version() -> Check {
    let detail =
        format!("stagedoor {} on {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    Check::passed("version", "Version", detail)
}

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instants {
    wall: i64,
    passed: Instant,
}

impl Instants {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), passed: Instant::now() }
    }
}

pub(super) fn clock(started: Instants, clock: &dyn Clock) -> Check {
    const TITLE: &str = "Clock";
    let now = clock.now();
    let shown = time::OffsetDateTime::from_unix_timestamp(now / 1000)
        .ok()
        .and_then(|time| time.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_else(|| format!("{now} ms"));
    if !(EARLIEST..LATEST).contains(&now) {
        return Check::failed("clock", TITLE, format!("it says {shown}"))
            .remedy("set it, and keep it right with NTP: expiry of tokens and certificates is read from it");
    }
    let wall = u64::try_from(now - started.wall).map(Duration::from_millis);
    let passed = started.passed.elapsed();
    match wall {
        Ok(wall) if wall.abs_diff(passed) <= TURNED => Check::passed("clock", TITLE, shown),
        _ => Check::note("clock", TITLE, format!("{shown}; it was turned while this ran"))
            .remedy("let NTP correct it slowly: times in the audit trail should not run backwards"),
    }
}

pub(super) fn open_files() -> Check {
    const TITLE: &str = "Open files";
    match getrlimit(Resource::Nofile).current {
        None => Check::passed("files", TITLE, "no limit"),
        Some(limit) if limit >= FILES => Check::passed("files", TITLE, format!("up to {limit}")),
        Some(limit) => {
            let check = if limit < FILES_LEAST { Check::failed } else { Check::note };
            check("files", TITLE, format!("only {limit} may be open at once"))
                .remedy(format!("raise the limit to {FILES} or more: `ulimit -n {FILES}`, or LimitNOFILE in the unit"))
        }
    }
}

/// Where distributions keep the public certificate authorities.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

pub(super) fn authorities(config: &Config) -> Check {
    const TITLE: &str = "Certificates";
    // OpenSSL's variables are honoured by the verifier too.
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().find_map(|name| Some((*name, std::env::var_os(name)?)));
    if let Some((name, path)) = named {
        let path = PathBuf::from(path);
        let shown = path.display();
        return if path.exists() {
            Check::passed("certificates", TITLE, format!("{shown}, by {name}"))
        } else {
            Check::failed("certificates", TITLE, format!("{shown}, named by {name}, is not there"))
                .remedy(format!("correct {name}, or unset it"))
        };
    }
    if let Some(bundle) = BUNDLES.iter().find(|path| holds_certificates(Path::new(path))) {
        return Check::passed("certificates", TITLE, format!("public authorities from {bundle}"));
    }
    let needed = config.gitlab.iter().any(|gitlab| gitlab.url.scheme() == "https" && gitlab.ca.is_none());
    let check = if needed { Check::failed } else { Check::note };
    check("certificates", TITLE, "this machine has no public certificate authorities".to_owned())
        .remedy("install the package ca-certificates")
}

fn holds_certificates(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > 0)
}

#[cfg(test)]
mod tests {
    use model::ManualClock;

    use super::{super::State, *};

    #[test]
    fn a_wrong_clock_is_noticed() {
        let right = ManualClock::at(EARLIEST + 1);
        let started = Instants::now(&right);
        assert_eq!(clock(started, &right).state, State::Passed);
        right.advance(3_600_000);
        assert_eq!(clock(started, &right).state, State::Note, "an hour forward");
        right.advance(-7_200_000);
        assert_eq!(clock(started, &right).state, State::Failed, "before this version was made");
        let back = ManualClock::at(EARLIEST + 10_000_000);
        let started = Instants::now(&back);
        back.advance(-60_000);
        assert_eq!(clock(started, &back).state, State::Note, "a minute back");
        assert_eq!(clock(started, &ManualClock::at(0)).state, State::Failed);
    }
}

//! What went wrong, whose fault it is, whether another attempt helps and what a person can do.
//!
//! A message may quote GitLab; it never holds the token (see `refusal::quoted`).

use std::fmt;

use model::Millis;
use serde::Serialize;

/// Who has to change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// Stagedoor: a bug, please report it.
    Ours,
    /// GitLab, the network, or whatever stands between.
    Upstream,
    /// Whoever configured the connection or asked.
    Caller,
}

/// Why nothing answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// The host name has no address.
    Dns,
    /// Nothing listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The connection broke, or the body ended too early.
    Broken,
}

/// What the forward proxy did instead of leading to GitLab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyFault {
    /// Nothing answers at the proxy's own address.
    Unreachable,
    /// It wants a user name and password, or others.
    Credentials,
    /// It does not let this address or port pass.
    Forbidden,
    /// It could not reach GitLab itself (502, 503, 504).
    Gateway,
    /// It answered something that no proxy should.
    Broken,
}

/// Why a certificate is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// It is signed by nobody we trust (self-signed, or a private authority).
    UnknownIssuer,
    /// It is made for another host name.
    WrongHost,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It was revoked.
    Revoked,
    /// There is no TLS at all on this port.
    NotTls,
    /// Anything else that TLS refuses.
    Other,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unauthorized {
    /// Its expiry date has passed.
    Expired,
    /// It was revoked.
    Revoked,
    /// GitLab does not know it, or does not say why it refuses it.
    Unknown,
}

/// What kind of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The connection is configured in a way that cannot work.
    Configuration,
    /// No answer.
    Unreachable(Unreachable),
    /// The forward proxy did not lead there.
    Proxy(ProxyFault),
    /// An answer that we cannot trust.
    Certificate(Certificate),
    /// An answer from something else: a login page, a portal, another host.
    NotGitlab,
    /// The token is not accepted.
    Unauthorized(Unauthorized),
    /// The token is accepted and lacks one of these scopes.
    InsufficientScope {
        /// Any one of them suffices.
        needed: Vec<String>,
    },
    /// The token's user may not.
    Forbidden,
    /// It is not there, or this token may not see it.
    NotFound,
    /// Too many requests.
    RateLimited {
        /// When to try again, if known.
        until: Option<Millis>,
    },
    /// The question is too expensive for GitLab; a smaller one may pass.
    Complexity {
        /// Computed and permitted cost, when GitLab says them.
        cost: Option<(u32, u32)>,
    },
    /// More bytes than we take or GitLab gives.
    TooLarge,
    /// The answer cannot be read.
    Malformed,
    /// This GitLab does not know something we ask for; it is too old.
    Unsupported,
    /// GitLab refuses what was asked (400, 409, 422).
    Rejected,
    /// GitLab failed (5xx).
    Server,
}

impl Kind {
    /// A short name for metrics and API answers.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Unreachable(_) => "unreachable",
            Self::Proxy(_) => "proxy",
            Self::Certificate(_) => "certificate",
            Self::NotGitlab => "not-gitlab",
            Self::Unauthorized(_) => "unauthorized",
            Self::InsufficientScope { .. } => "insufficient-scope",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::RateLimited { .. } => "rate-limited",
            Self::Complexity { .. } => "complexity",
            Self::TooLarge => "too-large",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::Rejected => "rejected",
            Self::Server => "server",
        }
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure.
    pub kind: Kind,
    /// Who has to change something.
    pub whose: Whose,
    /// Can the same call succeed later without anybody changing anything?
    pub retry: bool,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What is wrong, in one sentence without its full stop.
    pub message: String,
    /// What to do, in one sentence without its full stop.
    pub remedy: String,
    /// The call, as a template: `GET /api/v4/projects/:id`, `POST /api/graphql CatalogPage`.
    pub route: &'static str,
}

impl Error {
    fn new(kind: Kind, whose: Whose, retry: bool, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, whose, retry, status: None, message: message.into(), remedy: remedy.into(), route: "" }
    }

    /// Somebody must change the configuration or the question.
    pub(crate) fn caller(kind: Kind, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(kind, Whose::Caller, false, message, remedy)
    }

    /// GitLab or the network failed; it may be better later.
    pub(crate) fn passing(kind: Kind, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(kind, Whose::Upstream, true, message, remedy)
    }

    /// Nothing answered within the time that whoever asked had.
    #[must_use]
    pub fn late(what: &str, remedy: &str) -> Self {
        Self::passing(Kind::Unreachable(Unreachable::TimedOut), what, remedy)
    }

    /// GitLab or what stands before it must be changed.
    pub(crate) fn upstream(kind: Kind, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(kind, Whose::Upstream, false, message, remedy)
    }

    /// A mistake of ours.
    pub(crate) fn ours(kind: Kind, message: impl Into<String>) -> Self {
        Self::new(kind, Whose::Ours, false, message, "this is a bug in Stagedoor: please report it with this message")
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    pub(crate) fn on(mut self, route: &'static str) -> Self {
        self.route = route;
        self
    }

    /// Does a smaller question stand a chance?
    pub(crate) fn smaller_may_pass(&self) -> bool {
        matches!(self.kind, Kind::Complexity { .. } | Kind::TooLarge)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.route.is_empty() {
            write!(f, "{}: ", self.route)?;
        }
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

impl std::error::Error for Error {}

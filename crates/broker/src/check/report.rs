//! What a test of a connection says.

use gitlab::TokenKind;
use model::Millis;
use serde::{Deserialize, Serialize};
use url::Url;

/// What a check is needed for. A token that only reads is welcome: nothing but *to read* must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// To fill the catalog.
    Read,
    /// To change something in GitLab.
    Act,
    /// To be told of changes instead of asking.
    Hear,
    /// Good to have.
    Extra,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It holds, and something is worth knowing.
    Note,
    /// It was not reached, because an earlier one failed.
    Skipped,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// In words.
    pub text: String,
    /// Something to copy, such as a command or a host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<String>,
    /// The page where it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it is.
    pub label: String,
    /// Where.
    pub url: String,
}

impl Remedy {
    /// Words alone.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: sentence(text), ..Self::default() }
    }

    /// With something to copy.
    #[must_use]
    pub fn copying(mut self, copy: impl Into<String>) -> Self {
        self.copy = Some(copy.into());
        self
    }

    /// With a page.
    #[must_use]
    pub fn at(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.link = Some(Link { label: label.into(), url: url.into() });
        self
    }
}

/// Errors are phrases; a page shows sentences.
pub(crate) fn sentence(text: impl Into<String>) -> String {
    let text: String = text.into();
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return text };
    let end = if text.ends_with(['.', '?', '!', ':']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

/// The checks, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckId {
    /// The address can be one.
    Address,
    /// The name resolves.
    Name,
    /// The port opens.
    Port,
    /// The proxy leads there.
    Proxy,
    /// The certificate is trusted.
    Tls,
    /// It is a GitLab that answers.
    Gitlab,
    /// The clocks agree.
    Clock,
    /// The token is accepted.
    Token,
    /// How long it lives.
    Expiry,
    /// Its release is supported.
    Version,
    /// What kind of token, whose.
    Kind,
    /// It may read.
    ScopeRead,
    /// It sees projects.
    Projects,
    /// It may act.
    ScopeAct,
    /// It may push.
    ScopeWrite,
    /// Its user is Developer or more somewhere.
    Role,
    /// Webhooks reach us.
    Webhooks,
    /// How much may be asked.
    Rate,
}

impl CheckId {
    /// All, in order.
    pub const ALL: [Self; 18] = [
        Self::Address,
        Self::Name,
        Self::Port,
        Self::Proxy,
        Self::Tls,
        Self::Gitlab,
        Self::Clock,
        Self::Token,
        Self::Expiry,
        Self::Version,
        Self::Kind,
        Self::ScopeRead,
        Self::Projects,
        Self::ScopeAct,
        Self::ScopeWrite,
        Self::Role,
        Self::Webhooks,
        Self::Rate,
    ];

    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Name => "name",
            Self::Port => "port",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Gitlab => "gitlab",
            Self::Clock => "clock",
            Self::Token => "token",
            Self::Version => "version",
            Self::Kind => "kind",
            Self::Expiry => "expiry",
            Self::ScopeRead => "scope-read",
            Self::Projects => "projects",
            Self::ScopeAct => "scope-act",
            Self::ScopeWrite => "scope-write",
            Self::Role => "role",
            Self::Webhooks => "webhooks",
            Self::Rate => "rate",
        }
    }

    /// What it is needed for.
    #[must_use]
    pub fn grade(self) -> Grade {
        match self {
            Self::ScopeAct | Self::ScopeWrite | Self::Role => Grade::Act,
            Self::Webhooks => Grade::Hear,
            Self::Clock | Self::Expiry | Self::Rate => Grade::Extra,
            _ => Grade::Read,
        }
    }

    /// What it is called while it is not known how it ends.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Address => "The address",
            Self::Name => "The name resolves",
            Self::Port => "The port opens",
            Self::Proxy => "The proxy leads there",
            Self::Tls => "The certificate is trusted",
            Self::Gitlab => "GitLab answers",
            Self::Clock => "The clocks agree",
            Self::Token => "The token is accepted",
            Self::Version => "The version is supported",
            Self::Kind => "Whose token it is",
            Self::Expiry => "The token lasts",
            Self::ScopeRead => "The token may read",
            Self::Projects => "The token sees projects",
            Self::ScopeAct => "The token may act",
            Self::ScopeWrite => "The token may push",
            Self::Role => "Its user may write somewhere",
            Self::Webhooks => "GitLab tells us of changes",
            Self::Rate => "How much may be asked",
        }
    }
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which.
    pub id: CheckId,
    /// How it ended.
    pub state: State,
    /// In a few words, as it ended: `The token may not read`.
    pub title: String,
    /// What was found.
    pub detail: String,
    /// What to do; every failure has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// How long it took.
    pub millis: u64,
}

/// What was learnt on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// GitLab's version.
    pub version: Option<String>,
    /// Enterprise Edition?
    pub enterprise: Option<bool>,
    /// What kind of token.
    pub token_kind: Option<TokenKind>,
    /// The user name it acts as.
    pub token_owner: Option<String>,
    /// The name its maker gave it.
    pub token_name: Option<String>,
    /// What it may.
    pub scopes: Vec<String>,
    /// Its last day, `2027-02-18`.
    pub expires_on: Option<String>,
    /// When it ends, to count the days left whenever they are shown.
    pub expires_at: Option<Millis>,
    /// Projects that are read.
    pub projects: Option<u64>,
    /// Requests a minute that GitLab allows, if it says so.
    pub rate: Option<u64>,
}

impl Facts {
    /// Fills what is not known here with what was known before.
    pub(crate) fn keep_of(&mut self, before: Self) {
        let Self {
            version,
            enterprise,
            token_kind,
            token_owner,
            token_name,
            scopes,
            expires_on,
            expires_at,
            projects,
            rate,
        } = before;
        self.version = self.version.take().or(version);
        self.enterprise = self.enterprise.or(enterprise);
        self.token_kind = self.token_kind.or(token_kind);
        self.token_owner = self.token_owner.take().or(token_owner);
        self.token_name = self.token_name.take().or(token_name);
        self.expires_on = self.expires_on.take().or(expires_on);
        self.expires_at = self.expires_at.or(expires_at);
        self.projects = self.projects.or(projects);
        self.rate = self.rate.or(rate);
        if self.scopes.is_empty() {
            self.scopes = scopes;
        }
    }
}

/// A whole test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The root of the instance, corrected where that was possible.
    pub url: String,
    /// Is that another address than the one given?
    pub corrected: bool,
    /// Everything *to read* holds.
    pub reads: bool,
    /// Everything *to act* holds.
    pub acts: bool,
    /// Webhooks reach us.
    pub hears: bool,
    /// When the test began.
    pub checked_at: Millis,
    /// How long it took.
    pub millis: u64,
    /// What was learnt.
    pub facts: Facts,
    /// Each check, in order.
    pub checks: Vec<Check>,
}

impl Report {
    pub(crate) fn of(
        url: Option<&Url>,
        corrected: bool,
        checks: Vec<Check>,
        facts: Facts,
        (checked_at, millis): (Millis, u64),
    ) -> Self {
        let holds = |grade: Grade| {
            let of_grade = || checks.iter().filter(|check| check.id.grade() == grade);
            of_grade().all(|check| matches!(check.state, State::Passed | State::Note)) && of_grade().next().is_some()
        };
        Self {
            url: url.map(ToString::to_string).unwrap_or_default(),
            corrected,
            reads: holds(Grade::Read),
            acts: holds(Grade::Act),
            hears: checks.iter().any(|check| check.id == CheckId::Webhooks && check.state == State::Passed),
            checked_at,
            millis,
            facts,
            checks,
        }
    }

    /// The check that keeps the connection from reading.
    #[must_use]
    pub fn failing(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.id.grade() == Grade::Read && check.state == State::Failed)
    }
}

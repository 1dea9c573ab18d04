//! A connection as it is held while the process runs.

use gitlab::Gitlab;
use model::{ConnectionName, Discovery, Millis};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    check::Report,
    health::{Failing, Health, Registered},
    spec::{Opened, Register, Spec},
};

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file: read-only here.
    Declared,
    /// A person, then.
    Added(Millis),
}

/// What authenticates the webhooks of a connection.
#[derive(Debug, Clone, Default)]
pub struct HookSecrets {
    /// Compared with `X-Gitlab-Token`.
    pub token: Option<SecretString>,
    /// `whsec_` and base64: the key of `webhook-signature` (Standard Webhooks).
    pub signing: Option<SecretString>,
}

/// One connection.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) name: ConnectionName,
    pub(crate) url: Url,
    pub(crate) spec: Spec,
    pub(crate) origin: Origin,
    pub(crate) opened: Option<Opened>,
    /// The proxy's password of a declared connection, by reference.
    pub(crate) proxy_password: Option<secrets::SecretRef>,
    pub(crate) client: Option<Gitlab>,
    pub(crate) health: Health,
    pub(crate) hook_secrets: HookSecrets,
    pub(crate) register: Option<Register>,
    pub(crate) next_check: Option<Millis>,
}

/// A connection as pages and commands show it. Holds no secret.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its name.
    pub name: ConnectionName,
    /// The instance's root.
    pub url: Url,
    /// Where it comes from.
    pub origin: Origin,
    /// What keeps it from reading.
    pub failing: Option<Failing>,
    /// The last whole test.
    pub report: Option<Report>,
    /// When it was last looked at.
    pub checked_at: Option<Millis>,
    /// When it is looked at next.
    pub next_check: Option<Millis>,
    /// Where the token is when it is not kept here: `the file …`.
    pub token_place: Option<String>,
    /// Is that place a file?
    pub token_in_file: bool,
    /// The proxy, without credentials.
    pub proxy: Option<String>,
    /// Hosts that are reached without it.
    pub no_proxy: Vec<String>,
    /// Is a private authority trusted?
    pub ca: bool,
    /// What is read.
    pub discovery: Discovery,
    /// Webhooks that were registered.
    pub hooks: Vec<Registered>,
    /// Are webhooks taken at all?
    pub takes_hooks: bool,
}

impl Held {
    pub(crate) fn view(&self) -> Connection {
        Connection {
            name: self.name.clone(),
            url: self.url.clone(),
            origin: self.origin,
            failing: self.health.failing.clone(),
            report: self.health.report.clone(),
            checked_at: self.health.checked_at,
            next_check: self.next_check,
            token_place: self.spec.token.as_ref().map(ToString::to_string),
            token_in_file: matches!(self.spec.token, Some(secrets::SecretRef::File(_))),
            proxy: self.spec.proxy.as_ref().map(|proxy| proxy.trim_end_matches('/').to_owned()),
            no_proxy: self.spec.no_proxy.clone(),
            ca: self.spec.ca.is_some(),
            discovery: self.spec.discovery.clone(),
            hooks: self.health.hooks.clone(),
            takes_hooks: self.hook_secrets.token.is_some() || self.hook_secrets.signing.is_some(),
        }
    }

    /// Do webhooks tell of everything that is read?
    pub(crate) fn hears_everything(&self) -> bool {
        self.health.hears_everything(&self.spec.discovery.groups)
    }

    /// Is this the token in use? Compared to know of a rotation; both are ours.
    pub(crate) fn uses(&self, token: &SecretString) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.token.expose_secret() == token.expose_secret())
    }
}

//! What a connection is, apart from its secrets; and what somebody gives to make one.

use std::time::Duration;

use gitlab::{Authorities, NoProxy, Proxy, Settings};
use model::{ConnectionName, Discovery};
use secrecy::{ExposeSecret, SecretString};
use secrets::SecretRef;
use serde::{Deserialize, Serialize};
use url::Url;

/// Everything about a connection that is no secret and has no name of its own; kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    /// The forward proxy's address, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The user name for it; the password is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_user: Option<String>,
    /// Hosts that are reached without it.
    pub no_proxy: Vec<String>,
    /// Authorities to trust, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// How long to wait.
    pub patience: Patience,
    /// What is read.
    pub discovery: Discovery,
    /// Where the token is when it is not kept here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretRef>,
}

/// How long to wait for GitLab, in seconds; nothing means the built-in times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Patience {
    /// Until a connection stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<u64>,
    /// For one answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<u64>,
}

/// Where a token comes from.
#[derive(Debug, Clone)]
pub enum Given {
    /// It was pasted, and is kept sealed.
    Pasted(SecretString),
    /// It is elsewhere, and is read there each time.
    Reference(SecretRef),
}

/// A connection that somebody wants.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Its name.
    pub name: ConnectionName,
    /// The address as typed.
    pub url: String,
    /// The token.
    pub token: Given,
    /// The proxy's address, perhaps with user name and password.
    pub proxy: Option<SecretString>,
    /// Hosts that are reached without it.
    pub no_proxy: Vec<String>,
    /// Authorities to trust.
    pub ca: Option<String>,
    /// What is read.
    pub discovery: Discovery,
}

/// A connection of the configuration file. It is read-only on pages.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Its name.
    pub name: ConnectionName,
    /// The instance's root.
    pub url: Url,
    /// Everything else.
    pub spec: Spec,
    /// Where the proxy's password is.
    pub proxy_password: Option<SecretRef>,
    /// Where the secret of its webhooks is, `X-Gitlab-Token`.
    pub hook_token: Option<SecretRef>,
    /// Where the key of signed webhooks is.
    pub hook_signing: Option<SecretRef>,
    /// Register webhooks at the start, and where.
    pub register: Option<Register>,
}

/// Where webhooks are registered by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// System, else the groups that are read, else nowhere: a hook for each project is never made unasked.
    Auto,
    /// The whole instance.
    System,
    /// The groups that are read.
    Group,
    /// Each project that is read.
    Project,
}

/// The secrets of a connection, opened.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) token: SecretString,
    pub(crate) proxy_password: Option<SecretString>,
}

impl Spec {
    /// The settings for the client.
    ///
    /// # Errors
    /// When the authority, the proxy or its exceptions cannot be used.
    pub(crate) fn settings(
        &self,
        name: &ConnectionName,
        url: &Url,
        opened: &Opened,
    ) -> Result<Settings, gitlab::Error> {
        let mut settings = Settings::new(name.clone(), url.clone(), opened.token.clone());
        if let Some(ca) = &self.ca {
            settings.authorities = Authorities::parse(ca.as_bytes())?;
        }
        if let Some(proxy) = &self.proxy {
            let password = opened.proxy_password.clone().unwrap_or_else(|| SecretString::from(""));
            let credentials = self.proxy_user.clone().map(|user| (user, password));
            settings.proxy = Some(Proxy::parse(proxy)?.with_credentials(credentials));
        }
        settings.no_proxy = NoProxy::parse(self.no_proxy.iter().map(String::as_str))?;
        if let Some(seconds) = self.patience.connect {
            settings.timeouts.connect = Duration::from_secs(seconds);
        }
        if let Some(seconds) = self.patience.answer {
            settings.timeouts.answer = Duration::from_secs(seconds);
            settings.timeouts.call = settings.timeouts.call.max(Duration::from_secs(seconds.saturating_mul(3)));
        }
        Ok(settings)
    }
}

impl NewConnection {
    /// The parts of it that are kept openly and those that are sealed.
    ///
    /// # Errors
    /// When the proxy's address cannot be used.
    pub(crate) fn parts(&self) -> Result<(Spec, Option<SecretString>), gitlab::Error> {
        let proxy = self.proxy.as_ref().map(|proxy| Proxy::parse(proxy.expose_secret())).transpose()?;
        let (proxy_user, password) = match proxy.as_ref().and_then(Proxy::credentials) {
            Some((user, password)) => (Some(user.clone()), Some(password.clone())),
            None => (None, None),
        };
        let spec = Spec {
            proxy: proxy.map(|proxy| proxy.url().to_string()),
            proxy_user,
            no_proxy: self.no_proxy.clone(),
            ca: self.ca.clone(),
            patience: Patience::default(),
            discovery: self.discovery.clone(),
            token: match &self.token {
                Given::Pasted(_) => None,
                Given::Reference(reference) => Some(reference.clone()),
            },
        };
        Ok((spec, password))
    }
}

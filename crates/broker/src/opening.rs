//! Opening connections: of the configuration file and of the store, with their secrets.

use std::sync::{Arc, Mutex};

use gitlab::Gitlab;
use model::{Clock, ConnectionName, Random};
use secrecy::SecretString;
use secrets::{Keys, Sealed, SecretRef};
use store::{ConnectionRow, SealedRow, Store};
use tokio::sync::{mpsc, watch};
use url::Url;

use crate::{
    broker::{Broker, Inner, Options, Told},
    check::CheckId,
    error::BrokerError,
    health::Health,
    held::{Held, HookSecrets, Origin},
    spec::{Declared, Opened, Spec},
};

/// Secrets of a connection by what they are for.
pub(crate) const TOKEN: &str = "token";
pub(crate) const PROXY_PASSWORD: &str = "proxy-password";
pub(crate) const HOOK_TOKEN: &str = "hook-token";
pub(crate) const HOOK_SIGNING: &str = "hook-signing";

impl Broker {
    /// Opens all connections. One that cannot be used does not keep the others from it: it says what is wrong.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(
        (store, keys): (Store, Keys),
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        declared: Vec<Declared>,
        options: Options,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Told>), BrokerError> {
        let (changes, told) = mpsc::unbounded_channel();
        let inner = Inner {
            store,
            keys,
            clock,
            random,
            options,
            held: Mutex::default(),
            changes,
            version: watch::Sender::new(0),
            turn: tokio::sync::Mutex::default(),
        };
        let broker = Self { inner: Arc::new(inner) };
        for declared in declared {
            let held = broker.open_declared(declared).await?;
            // Nobody takes it up yet.
            drop(broker.put(held));
        }
        for row in broker.inner.store.connections().await? {
            if broker.inner.held().contains_key(&row.name) {
                tracing::warn!(connection = %row.name, "a kept connection is not used: the configuration file declares one of its name");
                continue;
            }
            let held = broker.open_kept(row).await?;
            // Nobody takes it up yet.
            drop(broker.put(held));
        }
        Ok((broker, told))
    }

    async fn open_declared(&self, declared: Declared) -> Result<Held, BrokerError> {
        let secret = |reference: &Option<SecretRef>, what: &str| {
            reference.as_ref().and_then(|reference| match reference.read() {
                Ok(secret) => Some(secret),
                Err(error) => {
                    tracing::warn!(connection = %declared.name, what, %error, "a secret cannot be read");
                    None
                }
            })
        };
        let hook_secrets = HookSecrets {
            token: secret(&declared.hook_token, "webhook secret"),
            signing: secret(&declared.hook_signing, "webhook signing key"),
        };
        let mut held = Held {
            health: self.health_of(&declared.name).await?,
            name: declared.name,
            url: declared.url,
            spec: declared.spec,
            origin: Origin::Declared,
            opened: None,
            proxy_password: declared.proxy_password,
            client: None,
            hook_secrets,
            register: declared.register,
            next_check: None,
        };
        self.make_client(&mut held).await;
        Ok(held)
    }

    pub(crate) async fn open_kept(&self, row: ConnectionRow) -> Result<Held, BrokerError> {
        let damaged = |why: String| store::Error::Damaged { table: "connections", row: row.name.to_string(), why };
        let spec: Spec = serde_json::from_str(&row.record).map_err(|error| damaged(error.to_string()))?;
        let url = Url::parse(&row.url).map_err(|error| damaged(error.to_string()))?;
        let mut hook_secrets = HookSecrets::default();
        for (purpose, place) in [(HOOK_TOKEN, &mut hook_secrets.token), (HOOK_SIGNING, &mut hook_secrets.signing)] {
            match self.unseal(&row.name, purpose).await {
                Ok(secret) => *place = secret,
                Err(error) => tracing::warn!(connection = %row.name, purpose, %error, "a secret cannot be opened"),
            }
        }
        let mut held = Held {
            health: self.health_of(&row.name).await?,
            name: row.name,
            url,
            spec,
            origin: Origin::Added(row.added_at),
            opened: None,
            proxy_password: None,
            client: None,
            hook_secrets,
            register: None,
            next_check: None,
        };
        self.make_client(&mut held).await;
        Ok(held)
    }

    async fn health_of(&self, name: &ConnectionName) -> Result<Health, BrokerError> {
        let Some(text) = self.inner.store.health(name).await? else { return Ok(Health::default()) };
        Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
            // Of another version: the next test writes it anew.
            tracing::warn!(connection = %name, %error, "what was known of its health cannot be read");
            Health::default()
        }))
    }

    /// Opens the secrets and makes the client; what hinders it stands in the health.
    pub(crate) async fn make_client(&self, held: &mut Held) {
        let now = self.inner.clock.now();
        held.client = None;
        held.opened = match self.open_secrets(held).await {
            Ok(opened) => Some(opened),
            Err(why) => {
                held.health.broken(CheckId::Token, why, "put the secret where it is looked for, or give it anew", now);
                None
            }
        };
        let Some(opened) = &held.opened else { return };
        match held.spec.settings(&held.name, &held.url, opened).and_then(|settings| self.client(settings)) {
            Ok(client) => held.client = Some(client),
            Err(error) => held.health.broken(CheckId::Address, error.message, &error.remedy, now),
        }
    }

    async fn open_secrets(&self, held: &Held) -> Result<Opened, String> {
        let token = match &held.spec.token {
            Some(reference) => reference.read().map_err(|error| error.to_string())?,
            None => match self.unseal(&held.name, TOKEN).await {
                Ok(Some(token)) => token,
                Ok(None) => return Err("no token is kept for it".to_owned()),
                Err(error) => return Err(error.to_string()),
            },
        };
        let proxy_password = match &held.proxy_password {
            Some(reference) => Some(reference.read().map_err(|error| error.to_string())?),
            None => self.unseal(&held.name, PROXY_PASSWORD).await.map_err(|error| error.to_string())?,
        };
        Ok(Opened { token, proxy_password })
    }

    pub(crate) fn client(&self, settings: gitlab::Settings) -> Result<Gitlab, gitlab::Error> {
        Gitlab::new(settings, Arc::clone(&self.inner.clock), Arc::clone(&self.inner.random))
    }

    pub(crate) fn seal(
        &self,
        name: &ConnectionName,
        purpose: &str,
        secret: &SecretString,
    ) -> Result<SealedRow, BrokerError> {
        let name = secret_name(name, purpose);
        let sealed = self.inner.keys.seal(&name, secret)?;
        Ok(SealedRow { name, sealed: sealed.0 })
    }

    /// Opens a kept secret; one that was sealed with an older master key is sealed anew on the way.
    async fn unseal(&self, name: &ConnectionName, purpose: &str) -> Result<Option<SecretString>, BrokerError> {
        let key = secret_name(name, purpose);
        let Some(sealed) = self.inner.store.secret(&key).await?.map(Sealed) else { return Ok(None) };
        let secret = self.inner.keys.open(&key, &sealed)?;
        if !self.inner.keys.is_current(&sealed) {
            self.inner.store.keep_secret(&self.seal(name, purpose, &secret)?).await?;
        }
        Ok(Some(secret))
    }
}

fn secret_name(name: &ConnectionName, purpose: &str) -> String {
    format!("connection/{name}/{purpose}")
}

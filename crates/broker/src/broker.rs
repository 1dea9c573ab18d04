//! The connections: opened at the start, added, changed and removed while the process runs.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use gitlab::Gitlab;
use model::{Clock, ConnectionName, Discovery, Millis, Random};
use policy::Permit;
use secrecy::SecretString;
use secrets::{Keys, SecretRef};
use store::{ConnectionRow, Store};
use tokio::sync::{mpsc, oneshot, watch};
use url::Url;

use crate::{
    actions::{AddConnection, ChangeDiscovery, RemoveConnection},
    check::{Draft, Hearing},
    error::BrokerError,
    health::Health,
    held::{Connection, Held, HookSecrets, Origin},
    opening::{HOOK_SIGNING, HOOK_TOKEN, PROXY_PASSWORD, TOKEN},
    spec::{Given, NewConnection, Opened, Spec},
};

/// Variables of the environment that a page may name: any other could be sent to an address of somebody's choice.
const ENV_PREFIX: &str = "STAGEDOOR_SECRET_";

/// What the broker is told once.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address under which GitLab reaches us, if one is configured.
    pub public_url: Option<Url>,
    /// Our own address on this machine.
    pub local_url: Url,
    /// From one look at a connection to the next.
    pub check_every: Duration,
    /// Seconds between two questions while nobody tells us of changes.
    pub poll_seconds: u64,
    /// The folder whose files a page may name as secrets.
    pub secrets_folder: PathBuf,
}

/// What others have to know of connections.
#[derive(Debug, Clone)]
pub enum Change {
    /// Read it, from now on so.
    Connected {
        /// Its name.
        name: ConnectionName,
        /// The client.
        gitlab: Box<Gitlab>,
        /// What is read.
        discovery: Box<Discovery>,
    },
    /// Forget it.
    Disconnected(ConnectionName),
    /// Whether webhooks tell of everything that it reads.
    Listening(ConnectionName, bool),
}

/// A change, to be dropped when it is taken up: who asked for it waits until then, so that what is answered is so.
#[derive(Debug)]
pub struct Told {
    /// What changed.
    pub change: Change,
    _taken_up: oneshot::Sender<()>,
}

/// The connections. Clones share them.
#[derive(Debug, Clone)]
pub struct Broker {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) options: Options,
    pub(crate) held: Mutex<BTreeMap<ConnectionName, Held>>,
    pub(crate) changes: mpsc::UnboundedSender<Told>,
    pub(crate) version: watch::Sender<u64>,
    /// One change at a time: each looks at what is there before it writes.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Broker {
    /// Holds a connection, and waits until who reads it has taken it up.
    pub(crate) async fn hold(&self, held: Held) {
        for taken_up in self.put(held) {
            // Whether it was taken up or the server stops: there is nothing more to wait for.
            let _ended = taken_up.await;
        }
    }

    /// Holds a connection, and tells who reads it.
    pub(crate) fn put(&self, held: Held) -> Vec<oneshot::Receiver<()>> {
        let told = held.client.clone().map(|gitlab| Change::Connected {
            name: held.name.clone(),
            gitlab: Box::new(gitlab),
            discovery: Box::new(held.spec.discovery.clone()),
        });
        let listening = Change::Listening(held.name.clone(), held.hears_everything());
        self.inner.held().insert(held.name.clone(), held);
        let waiting = told.into_iter().flat_map(|change| [self.tell(change), self.tell(listening.clone())]).collect();
        self.changed();
        waiting
    }

    pub(crate) fn tell(&self, change: Change) -> oneshot::Receiver<()> {
        let (taken_up, waiting) = oneshot::channel();
        if self.inner.changes.send(Told { change, _taken_up: taken_up }).is_err() {
            tracing::debug!("a change of connections is told while the server stops");
        }
        waiting
    }

    /// Something that pages show has changed.
    pub(crate) fn changed(&self) {
        self.inner.version.send_modify(|version| *version += 1);
    }

    /// Rung when something that pages show has changed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.inner.version.subscribe()
    }

    /// All connections, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Connection> {
        self.inner.held().values().map(Held::view).collect()
    }

    /// Seconds between two questions while nobody tells us of changes.
    #[must_use]
    pub fn poll_seconds(&self) -> u64 {
        self.inner.options.poll_seconds
    }

    /// One connection.
    ///
    /// # Errors
    /// [`BrokerError::Unknown`].
    pub fn get(&self, name: &ConnectionName) -> Result<Connection, BrokerError> {
        self.inner.held().get(name).map(Held::view).ok_or_else(|| BrokerError::Unknown(name.clone()))
    }

    /// The client of a connection; `None` while its settings cannot be used.
    ///
    /// # Errors
    /// [`BrokerError::Unknown`].
    pub fn gitlab(&self, name: &ConnectionName) -> Result<Option<Gitlab>, BrokerError> {
        let held = self.inner.held();
        held.get(name).map(|held| held.client.clone()).ok_or_else(|| BrokerError::Unknown(name.clone()))
    }

    /// A client for a connection that is not kept, to look at what it would find.
    ///
    /// # Errors
    /// When what was given cannot be used.
    pub fn gitlab_of(&self, permit: &Permit<crate::TestConnection>) -> Result<Gitlab, BrokerError> {
        match permit.action() {
            crate::TestConnection::Kept(name) => self.gitlab(name)?.ok_or_else(|| unusable(name)),
            crate::TestConnection::New(new) => {
                let (spec, proxy_password) = new.parts()?;
                let opened = Opened { token: read(&new.token)?, proxy_password };
                let url = gitlab::Address::parse(&new.url)?.url;
                Ok(self.client(spec.settings(&new.name, &url, &opened)?)?)
            }
        }
    }

    /// What authenticates webhooks of a connection; `None` when it takes none.
    #[must_use]
    pub fn hook_secrets(&self, name: &ConnectionName) -> Option<HookSecrets> {
        let held = self.inner.held();
        let secrets = &held.get(name)?.hook_secrets;
        (secrets.token.is_some() || secrets.signing.is_some()).then(|| secrets.clone())
    }

    /// A secret that a page names by reference, if pages may: a file by its name in the secrets folder, or a variable
    /// that begins with `STAGEDOOR_SECRET_`. Any other could hold anything, and would be sent to any address.
    ///
    /// # Errors
    /// [`BrokerError::Invalid`].
    pub fn reference(&self, file: Option<&str>, env: Option<&str>) -> Result<SecretRef, BrokerError> {
        let invalid = |message: &str, remedy: String| Err(BrokerError::Invalid { message: message.to_owned(), remedy });
        match (file, env) {
            (Some(file), None) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if file.is_empty() || file.starts_with('.') || !file.chars().all(plain) {
                    let folder = self.inner.options.secrets_folder.display();
                    return invalid(
                        "the file's name may hold letters, digits, - _ and .",
                        format!("put the file into {folder} and give its name alone"),
                    );
                }
                Ok(SecretRef::File(self.inner.options.secrets_folder.join(file)))
            }
            (None, Some(env)) => {
                let rest = env.strip_prefix(ENV_PREFIX).unwrap_or_default();
                if rest.is_empty() || !rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_') {
                    return invalid(
                        "the variable's name does not begin with STAGEDOOR_SECRET_",
                        "set such a variable for the server and name it".to_owned(),
                    );
                }
                Ok(SecretRef::Env(env.to_owned()))
            }
            _ => invalid("a secret is either in a file or in a variable", "give one of file and env".to_owned()),
        }
    }

    /// Keeps a connection and begins to read it. It is tested first: one that cannot read is not kept.
    ///
    /// # Errors
    /// [`BrokerError::Fails`] with the report; [`BrokerError::Taken`] and [`BrokerError::SameInstance`] before any test.
    pub async fn add(&self, permit: &Permit<AddConnection>) -> Result<Connection, BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let new = &permit.action().connection;
        if self.inner.held().contains_key(&new.name) {
            return Err(BrokerError::Taken(new.name.clone()));
        }
        let report = crate::check::run(&self.draft_of(new), &self.inner.clock, &self.inner.random, &mut |_| {}).await;
        if !report.reads {
            return Err(BrokerError::Fails(Box::new(report)));
        }
        let url = Url::parse(&report.url).map_err(|_| unusable(&new.name))?;
        self.refuse_twins(&new.name, &url, &new.discovery)?;
        let (spec, password) = new.parts()?;
        let now = self.inner.clock.now();
        let row = ConnectionRow {
            name: new.name.clone(),
            url: url.to_string(),
            record: serde_json::to_string(&spec)?,
            added_at: now,
        };
        // Made now, so that webhooks can be registered later without another change.
        let hook_secrets = HookSecrets { token: Some(secrets::fresh()?), signing: Some(secrets::fresh_signing_key()?) };
        let token = match &new.token {
            Given::Pasted(token) => Some(token.clone()),
            Given::Reference(_) => None,
        };
        let kept = [
            (TOKEN, token),
            (PROXY_PASSWORD, password),
            (HOOK_TOKEN, hook_secrets.token.clone()),
            (HOOK_SIGNING, hook_secrets.signing.clone()),
        ];
        let mut sealed = Vec::new();
        for (purpose, secret) in kept {
            if let Some(secret) = secret {
                sealed.push(self.seal(&new.name, purpose, &secret)?);
            }
        }
        if !self.inner.store.add_connection(&row, &sealed).await? {
            return Err(BrokerError::Taken(new.name.clone()));
        }
        let mut held = self.open_kept(row).await?;
        held.health.take(report, now);
        held.next_check = Some(now + self.check_every());
        self.keep_health(&held.name, &held.health).await?;
        let view = held.view();
        self.hold(held).await;
        Ok(view)
    }

    /// The same projects through two connections would be there twice.
    fn refuse_twins(&self, name: &ConnectionName, url: &Url, discovery: &Discovery) -> Result<(), BrokerError> {
        let held = self.inner.held();
        let same = held.values().filter(|other| other.name != *name).find(|other| {
            other.url.as_str().trim_end_matches('/') == url.as_str().trim_end_matches('/')
                && overlap(&other.spec.discovery.groups, &discovery.groups)
        });
        match same {
            Some(other) => Err(BrokerError::SameInstance { other: other.name.clone(), url: url.to_string() }),
            None => Ok(()),
        }
    }

    /// Forgets a connection, its secrets and what it brought. Webhooks at GitLab stay: their deliveries are refused from
    /// now on, and GitLab disables them.
    ///
    /// # Errors
    /// [`BrokerError::Declared`] for one of the configuration file.
    pub async fn remove(&self, permit: &Permit<RemoveConnection>) -> Result<(), BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let name = &permit.action().name;
        self.kept(name)?;
        self.inner.store.remove_connection(name).await?;
        self.inner.held().remove(name);
        let taken_up = self.tell(Change::Disconnected(name.clone()));
        self.changed();
        let _ended = taken_up.await;
        Ok(())
    }

    /// Reads something else from now on.
    ///
    /// # Errors
    /// [`BrokerError::Declared`] for one of the configuration file.
    pub async fn change_discovery(&self, permit: &Permit<ChangeDiscovery>) -> Result<Connection, BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let ChangeDiscovery { name, discovery } = permit.action();
        self.kept(name)?;
        let (spec, url) = {
            let held = self.inner.held();
            let held = held.get(name).ok_or_else(|| BrokerError::Unknown(name.clone()))?;
            (Spec { discovery: discovery.clone(), ..held.spec.clone() }, held.url.clone())
        };
        self.refuse_twins(name, &url, discovery)?;
        self.inner.store.change_connection(name, &serde_json::to_string(&spec)?, &[]).await?;
        let mut held = self.inner.copy(name)?;
        held.spec = spec;
        let view = held.view();
        self.hold(held).await;
        Ok(view)
    }

    /// Is it there, and may it be changed here?
    pub(crate) fn kept(&self, name: &ConnectionName) -> Result<(), BrokerError> {
        match self.inner.held().get(name).map(|held| held.origin) {
            Some(Origin::Added(_)) => Ok(()),
            Some(Origin::Declared) => Err(BrokerError::Declared(name.clone())),
            None => Err(BrokerError::Unknown(name.clone())),
        }
    }

    pub(crate) fn draft_of(&self, new: &NewConnection) -> Draft {
        Draft {
            url: new.url.clone(),
            token: match &new.token {
                Given::Pasted(token) => Ok(token.clone()),
                Given::Reference(reference) => reference.read().map_err(|error| error.to_string()),
            },
            ca: new.ca.as_ref().map(|ca| ca.as_bytes().to_vec()),
            proxy: new.proxy.clone(),
            proxy_credentials: None,
            no_proxy: new.no_proxy.clone(),
            discovery: new.discovery.clone(),
            hearing: Hearing {
                public_url: self.inner.options.public_url.clone(),
                poll_seconds: self.inner.options.poll_seconds,
                ..Hearing::default()
            },
        }
    }

    pub(crate) async fn keep_health(&self, name: &ConnectionName, health: &Health) -> Result<(), BrokerError> {
        Ok(self.inner.store.keep_health(name, &serde_json::to_string(health)?).await?)
    }

    pub(crate) fn check_every(&self) -> Millis {
        Millis::try_from(self.inner.options.check_every.as_millis()).unwrap_or(Millis::MAX)
    }
}

impl Inner {
    /// A copy to change: the old one is shown until the new one is held.
    pub(crate) fn copy(&self, name: &ConnectionName) -> Result<Held, BrokerError> {
        self.held().get(name).cloned().ok_or_else(|| BrokerError::Unknown(name.clone()))
    }

    /// Never held over an await.
    pub(crate) fn held(&self) -> MutexGuard<'_, BTreeMap<ConnectionName, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn read(given: &Given) -> Result<SecretString, BrokerError> {
    match given {
        Given::Pasted(token) => Ok(token.clone()),
        Given::Reference(reference) => reference.read().map_err(|error| BrokerError::Invalid {
            message: error.to_string(),
            remedy: "put the secret there".to_owned(),
        }),
    }
}

fn unusable(name: &ConnectionName) -> BrokerError {
    BrokerError::Invalid {
        message: format!("the connection {name} cannot be used as it is"),
        remedy: "test it, and mend what the test names".to_owned(),
    }
}

/// No groups means all of them.
fn overlap(a: &[String], b: &[String]) -> bool {
    let below = |inner: &str, outer: &str| {
        let (inner, outer) = (inner.to_lowercase(), outer.to_lowercase());
        inner == outer || inner.strip_prefix(&outer).is_some_and(|rest| rest.starts_with('/'))
    };
    a.is_empty() || b.is_empty() || a.iter().any(|a| b.iter().any(|b| below(a, b) || below(b, a)))
}

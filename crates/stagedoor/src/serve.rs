//! `stagedoor serve`: everything wired together.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, ensure};
use broker::{Broker, Told};
use catalog::{
    Catalog,
    sync::{Replica, Sync, SyncSettings},
};
use model::{Clock, Ctx, Principal, Random, RequestId, SystemClock, SystemRandom};
use policy::Gate;
use secrets::Keys;
use serde_json::json;
use store::{Lock, OpenOptions, Store};
use tokio::{net::TcpListener, sync::mpsc::UnboundedReceiver, task::JoinSet};
use url::Url;

use crate::{cli::ServeOptions, config::Config, connections, logs, signals};

pub(crate) async fn run(options: ServeOptions) -> anyhow::Result<()> {
    let config = Config::load(&options)?;
    logs::start(config.log.format, &config.log.filter)?;
    let server = Server::prepare(config).await?;
    let stop = signals::told_to_stop()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", json!({"url": server.url()}))?;
    out.flush()?;
    drop(out);
    server.run(stop).await
}

/// Time and randomness of the process.
#[derive(Clone)]
struct Parts {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

fn parts() -> Parts {
    Parts { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom::default()) }
}

/// A name that no other process of the database has.
fn replica_name(random: &dyn Random) -> String {
    format!("{:012x}", random.next() & 0xffff_ffff_ffff)
}

/// For people: where a process runs.
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A server that listens and does not answer yet.
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    services: api::Services,
    store: Store,
    /// Held to the end: the database is this process's.
    _lock: Lock,
    sync: Sync,
    changes: UnboundedReceiver<Told>,
    parts: Parts,
}

impl Server {
    pub(crate) async fn prepare(config: Config) -> anyhow::Result<Self> {
        let parts = parts();
        // Listening before anything else: a second server on the same address must not touch the database.
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("{} cannot be listened on; is another Stagedoor running?", config.listen))?;
        let address = listener.local_addr()?;
        ensure!(address.ip().is_loopback(), "{address} is reachable by others, and there is no sign-on yet");
        if config.database.is_none() {
            fs::create_dir_all(&config.data)
                .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
        }
        let lock = Lock::take(&config.database_url(), "stagedoor serve")?;
        let options = OpenOptions {
            replica: Some(replica_name(parts.random.as_ref())),
            backups: config.backups.before_migration.then(|| config.backups_folder()),
        };
        let store = Store::open_with(&config.database_url(), Arc::clone(&parts.clock), options).await?;
        if let Some(folder) = config.key_file().parent() {
            fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        let keys = Keys::open_or_create(&config.key_file(), store.has_secrets().await?)?;
        let declared = config.gitlab.iter().map(connections::declared).collect::<anyhow::Result<Vec<_>>>()?;
        let options = broker::Options {
            public_url: config.public_url.clone(),
            local_url: Url::parse(&format!("http://{address}"))?,
            check_every: Duration::from_secs(config.connections.check_seconds),
            poll_seconds: config.catalog.poll_seconds,
            secrets_folder: config.secrets_folder(),
        };
        let (clock, random) = (Arc::clone(&parts.clock), Arc::clone(&parts.random));
        let (broker, mut changes) = Broker::open((store.clone(), keys), clock, random, declared, options).await?;
        let interval = config.catalog.interval_seconds;
        let catalog = Catalog::open(store.clone(), Arc::clone(&parts.clock), interval).await?;
        let settings = SyncSettings {
            poll: Duration::from_secs(config.catalog.poll_seconds),
            catalog_file: config.catalog.file.clone(),
            replica: Replica {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                host: host_name(),
                started_at: parts.clock.now(),
                ..Replica::default()
            },
            ..SyncSettings::default()
        };
        let sync = Sync::new(catalog.clone(), Arc::clone(&parts.random), settings);
        let names: Vec<_> = broker.list().into_iter().map(|connection| connection.name).collect();
        sync.forget_others(&names).await?;
        connections::pass_on_waiting(&mut changes, &sync, &catalog).await?;
        let gate = Gate::new(Arc::new(store.clone()));
        let metrics = api::recorder().install_recorder()?;
        let services = api::Services {
            catalog,
            store: store.clone(),
            gate: gate.clone(),
            clock: Arc::clone(&parts.clock),
            random: Arc::clone(&parts.random),
            broker,
            version: env!("CARGO_PKG_VERSION"),
            host: host_name(),
            started_at: parts.clock.now(),
            metrics,
            public_url: config.public_url,
        };
        Ok(Self { listener, address, services, store, _lock: lock, sync, changes, parts })
    }

    /// The address that answers.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers until `stop`; then finishes what is being answered and closes the database.
    pub(crate) async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        tracing::info!(url = self.url(), version = self.services.version, "listening");
        let mut beside = JoinSet::new();
        beside.spawn(connections::pass_on(self.changes, self.sync.clone(), self.services.catalog.clone()));
        beside.spawn(connections::take_over(self.services.broker.clone(), self.services.catalog.clone()));
        let (broker, gate) = (self.services.broker.clone(), self.services.gate.clone());
        let random = self.parts.random.as_ref();
        let ctx = Ctx::new(Principal::System, RequestId::fresh(random), Arc::clone(&self.parts.clock));
        let mut leading = self.services.catalog.leading();
        let register = broker.clone();
        beside.spawn(async move {
            // Once for all processes: each would register its own.
            if leading.wait_for(|leads| *leads).await.is_ok() {
                register.register_declared(&gate, &ctx).await;
            }
        });
        beside.spawn(async move { broker.run().await });
        beside.spawn(async move {
            if let Err(error) = self.sync.run().await {
                tracing::error!(%error, "reading ended");
            }
        });
        api::serve(self.listener, self.services, stop).await?;
        // Ended before the database is, or what they do last would fail.
        beside.shutdown().await;
        if let Err(error) = self.store.resign().await {
            tracing::warn!(%error, "the others learn by the clock that this process ended");
        }
        self.store.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

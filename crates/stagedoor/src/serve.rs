//! `stagedoor serve`: everything wired together.

use std::{
    collections::HashMap,
    fs,
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, ensure};
use catalog::{
    Catalog,
    sync::{Sync, SyncSettings},
};
use gitlab::{Gitlab, RegisterHook, Settings};
use model::{Clock, ConnectionName, Ctx, Discovery, Principal, Random, RequestId, SystemClock, SystemRandom};
use policy::{Gate, Outcome};
use secrecy::SecretString;
use serde_json::json;
use store::Store;
use tokio::net::TcpListener;
use url::Url;

use crate::{
    cli::ServeOptions,
    config::{Config, GitlabConfig},
    logs, signals,
};

pub(crate) async fn run(options: ServeOptions) -> anyhow::Result<()> {
    let config = Config::load(&options)?;
    logs::start(config.log.format, &config.log.filter)?;
    let server = Server::prepare(config).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", json!({"url": server.url()}))?;
    out.flush()?;
    drop(out);
    server.run(signals::told_to_stop()).await
}

/// `stagedoor config check`.
pub(crate) fn check(options: &ServeOptions) -> ExitCode {
    let done = Config::load(options).and_then(|config| {
        for gitlab in &config.gitlab {
            client(gitlab, &parts()).map(|_| ()).with_context(|| format!("gitlab {}", gitlab.name))?;
        }
        Ok(config.gitlab.len())
    });
    match done {
        Ok(connections) => {
            println!("The configuration is good: {connections} GitLab connection(s).");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("stagedoor: {error:#}");
            ExitCode::FAILURE
        }
    }
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

/// A server that listens and does not answer yet.
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    services: api::Services,
    store: Store,
    sync: Sync,
    hooks: Vec<(Gitlab, ConnectionName, SecretString)>,
    gate: Gate,
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
        let store = Store::open(&config.database_url(), Arc::clone(&parts.clock)).await?;
        let mut clients = Vec::new();
        let mut secrets = HashMap::new();
        let mut hooks = Vec::new();
        for gitlab in &config.gitlab {
            let name = gitlab.name.clone();
            let client = client(gitlab, &parts).with_context(|| format!("gitlab {name}"))?;
            if let Some(webhooks) = &gitlab.webhooks {
                let token = webhooks.secret.as_ref().map(|secret| secret.read()).transpose()?;
                let signing = webhooks.signing_secret.as_ref().map(|secret| secret.read()).transpose()?;
                if let (true, Some(token)) = (webhooks.register, &token) {
                    hooks.push((client.clone(), name.clone(), token.clone()));
                }
                secrets.insert(name.clone(), api::HookSecret { token, signing });
            }
            clients.push((name, client));
        }
        let interval = config.catalog.interval_seconds;
        let catalog = Catalog::open(store.clone(), Arc::clone(&parts.clock), interval).await?;
        let settings = SyncSettings {
            poll: Duration::from_secs(config.catalog.poll_seconds),
            catalog_file: config.catalog.file.clone(),
            ..SyncSettings::default()
        };
        let sync = Sync::new(catalog.clone(), Arc::clone(&parts.random), settings);
        let names: Vec<_> = clients.iter().map(|(name, _)| name.clone()).collect();
        sync.forget_others(&names).await?;
        for (name, client) in clients {
            sync.connect(name, client, Discovery::default()).await?;
        }
        let gate = Gate::new(Arc::new(store.clone()));
        let metrics = api::recorder().install_recorder()?;
        let services = api::Services {
            catalog,
            store: store.clone(),
            gate: gate.clone(),
            clock: Arc::clone(&parts.clock),
            random: Arc::clone(&parts.random),
            hooks: secrets,
            version: env!("CARGO_PKG_VERSION"),
            metrics,
            public_url: config.public_url,
        };
        Ok(Self { listener, address, services, store, sync, hooks, gate, parts })
    }

    /// The address that answers.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers until `stop`; then finishes what is being answered and closes the database.
    pub(crate) async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let base = self.services.public_url.clone().map_or_else(|| Url::parse(&self.url()), Ok)?;
        tracing::info!(url = self.url(), version = self.services.version, "listening");
        let reading = tokio::spawn(self.sync.run());
        let hooks = tokio::spawn(register_hooks(self.hooks, self.gate, self.parts, base));
        api::serve(self.listener, self.services, stop).await?;
        reading.abort();
        hooks.abort();
        self.store.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

fn client(config: &GitlabConfig, parts: &Parts) -> anyhow::Result<Gitlab> {
    let mut settings = Settings::new(config.name.clone(), config.url.clone(), config.token.read()?);
    if let Some(ca) = &config.ca {
        let pem = fs::read(ca).with_context(|| format!("the certificates in {} cannot be read", ca.display()))?;
        settings.ca_pem = Some(pem);
    }
    settings.proxy.clone_from(&config.proxy);
    Ok(Gitlab::new(settings, Arc::clone(&parts.clock), Arc::clone(&parts.random))?)
}

/// Registers the system hooks that the configuration asks for. Without them polling finds every change, only later, so
/// a failure is told and nothing stops.
async fn register_hooks(hooks: Vec<(Gitlab, ConnectionName, SecretString)>, gate: Gate, parts: Parts, base: Url) {
    for (client, connection, secret) in hooks {
        if let Err(error) = register_hook(&client, &connection, secret, &gate, &parts, &base).await {
            tracing::warn!(%connection, error = format!("{error:#}"), "no webhook was registered; polling goes on");
        }
    }
}

async fn register_hook(
    client: &Gitlab,
    connection: &ConnectionName,
    secret: SecretString,
    gate: &Gate,
    parts: &Parts,
    base: &Url,
) -> anyhow::Result<()> {
    let url = base.join(&format!("hooks/gitlab/{connection}"))?;
    if client.list_system_hooks().await?.iter().any(|hook| hook.url == url.as_str()) {
        return Ok(());
    }
    let ctx = Ctx::new(Principal::System, RequestId::fresh(parts.random.as_ref()), Arc::clone(&parts.clock));
    let permit = gate.permit(&ctx, RegisterHook { connection: connection.clone(), url, secret }).await?;
    let made = client.create_system_hook(&permit).await;
    let outcome = match &made {
        Ok(hook) => Outcome::Done(format!("hook {}", hook.id)),
        Err(error) => Outcome::Failed(error.to_string()),
    };
    permit.done(&ctx, outcome).await?;
    let hook = made?;
    tracing::info!(%connection, hook = hook.id, "a system hook was registered");
    Ok(())
}

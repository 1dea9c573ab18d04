//! Starting and stopping an instance.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::{self, App};
use crate::clock::Clock;
use crate::door::{Door, Peer};
use crate::graphql;
use crate::hooks::Hooks;
use crate::options::Options;
use crate::repo::Repos;
use crate::tokens::Tokens;
use crate::world::World;
use crate::world::files::WorldFiles;

/// The largest generated estate.
const MOST_PROJECTS: u32 = 100_000;
/// The most groups of one.
const MOST_GROUPS: u32 = 100_000;

/// A running instance. Dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    /// `http://host:port`, `https://host:port` or what `--url` says, without a slash at the end.
    pub url: String,
    /// Where it listens; `url` may have a name in it that leads there.
    pub listen: SocketAddr,
    /// Role to token: `owner`, `maintainer`, `developer`, `reporter`, `guest`, `read_only` (a maintainer's with scope
    /// `read_api`), `no_scope` (`read_user` only), `expired`, `revoked`, and those of `tokens::Tokens::mint`.
    pub tokens: BTreeMap<String, String>,
    /// The administrator's, who is a member of every project.
    pub admin_token: String,
    stop: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    scratch: Scratch,
}

/// A folder of our own that goes away with the instance.
#[derive(Debug)]
struct Scratch(Option<PathBuf>);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(path) = &self.0
            && let Err(error) = std::fs::remove_dir_all(path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "the sandbox's folder could not be removed");
        }
    }
}

impl Sandbox {
    /// `{"url", "listen", "tokens": {role: token}, "admin_token"}`: the first line that the programs print.
    #[must_use]
    pub fn banner(&self) -> Value {
        json!({ "url": self.url, "listen": self.listen, "tokens": self.tokens, "admin_token": self.admin_token })
    }

    /// Waits until the server ends, which it does only by itself when it fails.
    ///
    /// # Errors
    /// What ended it.
    pub async fn stopped(mut self) -> Result<()> {
        let outcome = (&mut self.server).await.context("the sandbox's server broke off")?;
        outcome.context("the sandbox's server failed")
    }

    /// Ends the server and removes its temporary folder; requests under way are cut off after a moment.
    ///
    /// # Errors
    /// When the server had failed before.
    pub async fn shutdown(mut self) -> Result<()> {
        self.stop.send_replace(true);
        let patience = std::time::Duration::from_secs(2);
        match tokio::time::timeout(patience, &mut self.server).await {
            Ok(outcome) => outcome.context("the sandbox's server broke off")?.context("the sandbox's server failed"),
            Err(_) => {
                self.server.abort();
                Ok(())
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
        let _ = &self.scratch;
    }
}

/// Starts an instance with the embedded world or a generated estate.
///
/// # Errors
/// When the address is taken, the data folder cannot be used or the world cannot be read; the text says which.
pub async fn start(options: Options) -> Result<Sandbox> {
    start_with(options, WorldFiles::embedded()).await
}

/// Starts an instance with another declared world; `options.projects` still decides whether it is used.
///
/// # Errors
/// As [`start`].
pub async fn start_with(options: Options, files: WorldFiles) -> Result<Sandbox> {
    if options.projects.is_some_and(|count| count == 0 || count > MOST_PROJECTS) {
        bail!("--projects must be between 1 and {MOST_PROJECTS}");
    }
    if options.groups.is_some_and(|count| count == 0 || count > MOST_GROUPS) {
        bail!("--groups must be between 1 and {MOST_GROUPS}");
    }
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}; is the port taken?", options.listen))?;
    let listen = reachable(listener.local_addr()?);
    let url = public_url(&options, listen)?;
    let door = Door::open(listener, options.tls.as_ref())?;
    let (dir, scratch) = match &options.data {
        Some(dir) => (dir.clone(), Scratch(None)),
        None => {
            let name = format!("gitlab-sandbox-{}-{}", std::process::id(), listen.port());
            let dir = std::env::temp_dir().join(name);
            (dir.clone(), Scratch(Some(dir)))
        }
    };
    let mut world = match options.projects {
        Some(count) => World::generated(count, options.groups, options.seed),
        None => World::declared(files, &url)?,
    };
    let clock = Arc::new(Clock::default());
    let host = url::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let seats = world.seat(options.seed, &host);
    let tokens = Tokens::mint(&world, &seats, options.seed, clock.clone());
    let (routes, names) = app::table();
    let app = Arc::new(App {
        repos: Repos::open(&dir)?,
        hooks: Hooks::new(options.seed, clock.clone())?,
        stats: crate::stats::Stats::default(),
        throttle: crate::stats::Throttle::default(),
        graphql: graphql::Engine::new()?,
        latency: options.latency,
        clock,
        edition: options.edition,
        faults: crate::faults::Faults::default(),
        requests: std::sync::atomic::AtomicU64::new(0),
        routes: names,
        url: url.clone(),
        world,
        tokens,
    });
    let (stop, mut stopping) = watch::channel(false);
    let (roles, admin_token) = (app.tokens.roles.clone(), app.tokens.admin.clone());
    let service = app::router(app, routes).into_make_service_with_connect_info::<Peer>();
    let server = tokio::spawn(async move {
        axum::serve(door, service)
            .with_graceful_shutdown(async move {
                // An error means that the sandbox was dropped, which is a stop too.
                let _ = stopping.wait_for(|stop| *stop).await;
            })
            .await
    });
    Ok(Sandbox { url, listen, tokens: roles, admin_token, stop, server, scratch })
}

/// The address by which the instance speaks of itself.
fn public_url(options: &Options, listen: SocketAddr) -> Result<String> {
    let Some(text) = &options.url else {
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        return Ok(format!("{scheme}://{listen}"));
    };
    let mut url = url::Url::parse(text).with_context(|| format!("--url {text} is no address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
        bail!("--url must be like https://gitlab.example.com:8443, with nothing after the port");
    }
    if url.port() == Some(0) && url.set_port(Some(listen.port())).is_err() {
        bail!("--url {text} can have no port");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The address as a client on this machine can use it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

//! `stagedoor sandbox`: the stand-in GitLab by itself.

use std::{
    io::{self, Write},
    time::Duration,
};

use sandbox::{Options, Sandbox, Tls};

use crate::{cli::SandboxOptions, signals};

pub(crate) async fn run(options: SandboxOptions) -> anyhow::Result<()> {
    let started = start(Options {
        listen: options.listen,
        projects: options.projects,
        groups: options.groups,
        seed: options.seed,
        latency: Duration::from_millis(options.latency),
        data: options.data,
        tls: options.tls_cert.zip(options.tls_key).map(|(cert, key)| Tls { cert, key }),
        url: options.url,
        edition: options.edition,
    })
    .await?;
    let stop = signals::told_to_stop()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", started.banner())?;
    out.flush()?;
    drop(out);
    stop.await;
    started.shutdown().await?;
    Ok(())
}

/// The stand-in answers on loopback only: its tokens are no secrets.
pub(crate) async fn start(options: Options) -> anyhow::Result<Sandbox> {
    anyhow::ensure!(
        options.listen.ip().is_loopback(),
        "the sandbox listens on loopback only, not on {}",
        options.listen
    );
    sandbox::start(options).await
}

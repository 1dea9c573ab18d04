//! `stagedoor demo`: a made-up company, the server that reads it, and nothing to configure.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::Path,
};

use anyhow::Context;
use sandbox::Sandbox;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    cli::{DemoOptions, ServeOptions},
    config::Config,
    logs::{self, LogFormat},
    sandbox_command,
    serve::Server,
    signals,
};

/// The connection's name.
const NAME: &str = "sandrill";

pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<()> {
    logs::start(LogFormat::Text, "warn")?;
    let folder = tempfile::Builder::new().prefix("stagedoor-demo-").tempdir()?;
    let sandbox = sandbox_command::start(sandbox::Options {
        listen: free_or(options.sandbox_listen).await,
        projects: options.projects,
        data: Some(folder.path().join("gitlab")),
        ..sandbox::Options::default()
    })
    .await
    .context("the stand-in GitLab did not start")?;
    let config = configuration(folder.path(), &sandbox, options.connect)?;
    let listen = free_or(options.listen).await;
    let serve = ServeOptions { config: Some(config), data: None, listen: Some(listen), database: None };
    let server = Server::prepare(Config::load(&serve)?).await?;
    let stop = signals::told_to_stop()?;
    announce(&server.url(), &sandbox, &options)?;
    server.run(stop).await?;
    sandbox.shutdown().await?;
    Ok(())
}

/// The address itself, or any free one when something listens there already: two demos may run at once.
async fn free_or(wanted: SocketAddr) -> SocketAddr {
    match TcpListener::bind(wanted).await {
        Ok(_free_again) => wanted,
        Err(_) => SocketAddr::new(wanted.ip(), 0),
    }
}

/// Writes what a person would write by hand: a configuration file and the secrets it refers to.
fn configuration(folder: &Path, sandbox: &Sandbox, connect: bool) -> anyhow::Result<std::path::PathBuf> {
    let file = folder.join("stagedoor.yaml");
    let mut text = format!("data: {}\n", folder.join("data").display());
    if !connect {
        fs::write(folder.join("token"), &sandbox.admin_token)?;
        fs::write(folder.join("hook-secret"), secrets::fresh()?.expose_secret())?;
        text.push_str(&format!(
            "gitlab:\n  - name: {NAME}\n    url: {}\n    token: {{file: token}}\n    webhooks: {{secret: {{file: hook-secret}}, register: true}}\n",
            sandbox.url
        ));
    }
    fs::write(&file, text)?;
    Ok(file)
}

fn announce(url: &str, sandbox: &Sandbox, options: &DemoOptions) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if options.json {
        writeln!(out, "{}", json!({"url": url, "gitlab": sandbox.banner()}))?;
    } else {
        let host = sandbox.url.trim_start_matches("http://");
        let token = &sandbox.admin_token;
        writeln!(out, "Stagedoor    {url}")?;
        writeln!(out, "GitLab       {}   (a stand-in with the company Sandrill in it)", sandbox.url)?;
        writeln!(out)?;
        if options.connect {
            writeln!(out, "Open the page: it asks for a GitLab. Give it the address above and one of these tokens:")?;
            let about = [
                ("read_only", "reads and may not act"),
                ("group_bot", "of a group, reads and acts"),
                ("expiring", "ends in a few days"),
                ("expired", "has expired"),
                ("lonely", "sees no project"),
                ("deploy", "is no token for the API"),
            ];
            for (role, what) in about {
                if let Some(token) = sandbox.tokens.get(role) {
                    writeln!(out, "  {token}   {what}")?;
                }
            }
            writeln!(out)?;
        }
        writeln!(out, "Push to it and watch the page:")?;
        writeln!(out, "  git clone http://demo:{token}@{host}/sandrill/checkout/payments-api.git")?;
        writeln!(out)?;
        writeln!(out, "Ctrl-C ends both; nothing is kept.")?;
    }
    out.flush()
}

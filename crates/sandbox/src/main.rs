//! The sandbox by itself: `gitlab-sandbox --listen 127.0.0.1:8090 [--projects N [--groups N]] [--seed S] [--latency MS]
//! [--tls-cert FILE --tls-key FILE] [--url URL] [--edition premium]`.
//!
//! The first line on standard output is the banner, one JSON object with the address and the tokens.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

/// A stand-in GitLab over deterministic content.
#[derive(Debug, Parser)]
#[command(name = "gitlab-sandbox", version)]
struct Flags {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A generated estate of so many projects (1 to 100000) instead of Sandrill.
    #[arg(long)]
    projects: Option<u32>,
    /// The groups of the estate (1 to 100000); without it, one for a dozen projects.
    #[arg(long, requires = "projects")]
    groups: Option<u32>,
    /// Decides generated content and tokens.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Milliseconds waited before every API answer.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Keep repositories here instead of in a folder that goes away.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Certificate chain (PEM); with it the sandbox speaks https.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The address under which it speaks of itself; port 0 in it stands for the port listened on.
    #[arg(long)]
    url: Option<String>,
    /// What the instance's licence opens.
    #[arg(long, value_enum, default_value_t)]
    edition: sandbox::Edition,
}

#[tokio::main]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let options = sandbox::Options {
        listen: flags.listen,
        projects: flags.projects,
        groups: flags.groups,
        seed: flags.seed,
        latency: Duration::from_millis(flags.latency),
        data: flags.data,
        tls: flags.tls_cert.zip(flags.tls_key).map(|(cert, key)| sandbox::Tls { cert, key }),
        url: flags.url,
        edition: flags.edition,
    };
    let sandbox = sandbox::start(options).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.banner())?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await
}

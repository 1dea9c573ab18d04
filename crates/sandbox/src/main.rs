//! The sandbox by itself: `gitlab-sandbox --listen 127.0.0.1:8090 [--projects N] [--seed S] [--latency MS]`.
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
    /// Decides generated content and tokens.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Milliseconds waited before every API answer.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Keep repositories here instead of in a folder that goes away.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let options = sandbox::Options {
        listen: flags.listen,
        projects: flags.projects,
        seed: flags.seed,
        latency: Duration::from_millis(flags.latency),
        data: flags.data,
    };
    let sandbox = sandbox::start(options).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.banner())?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await
}

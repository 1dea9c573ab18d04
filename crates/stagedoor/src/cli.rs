//! What can be typed. Commands are `noun verb`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The identity-aware control plane for GitLab.
#[derive(Debug, Parser)]
#[command(name = "stagedoor", version, about, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: catalog, API and console
    Serve(ServeOptions),
    /// Run everything at once against a made-up company, to look around; Ctrl-C ends it
    Demo(DemoOptions),
    /// Run the stand-in GitLab by itself
    Sandbox(SandboxOptions),
    /// Work with catalog files
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Work with the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document of the API
    Openapi,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Check catalog files; exit code 0 when every document is accepted, 1 otherwise, 2 when a file cannot be read
    Validate(ValidateOptions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration file without starting anything
    Check(ServeOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The configuration file (YAML)
    #[arg(long, env = "STAGEDOOR_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder for the database file; over `data` of the file
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where to listen, loopback only; over `listen` of the file
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// sqlite:/path/to/file.sqlite or postgres://user@host/name; over `database` of the file
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Where the server listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7330")]
    pub(crate) listen: SocketAddr,
    /// Where the stand-in GitLab listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7331")]
    pub(crate) sandbox_listen: SocketAddr,
    /// A generated estate of this many projects instead of the company Sandrill
    #[arg(long, value_name = "N")]
    pub(crate) projects: Option<u32>,
    /// Print one line of JSON with addresses and tokens instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SandboxOptions {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// A generated estate of this many projects (at most 100,000) instead of the company Sandrill
    #[arg(long, value_name = "N")]
    pub(crate) projects: Option<u32>,
    /// The groups of that estate (at most 100,000); without it, one for a dozen projects
    #[arg(long, value_name = "N", requires = "projects")]
    pub(crate) groups: Option<u32>,
    /// What generated content and tokens depend on
    #[arg(long, value_name = "S", default_value_t = 42)]
    pub(crate) seed: u64,
    /// Milliseconds waited before every API answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) latency: u64,
    /// Where repositories are kept that are written to; without it they go at the end
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A certificate chain (PEM); with it the stand-in speaks https
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The address under which it speaks of itself; port 0 in it stands for the port listened on
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// What the licence of the stand-in opens
    #[arg(long, value_enum, default_value_t)]
    pub(crate) edition: sandbox::Edition,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateOptions {
    /// The files; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Lines with carets under what is wrong
    Text,
    /// One array: file, document, ref, accepted, problems
    Json,
}

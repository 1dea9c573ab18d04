//! What can be typed. Commands are `noun verb`.

mod backup;
mod catalog;
mod connection;
mod queue;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::output::OutputOptions;

pub(crate) use backup::{BackupCommand, CreateOptions, PlaceOptions, RestoreOptions, VerifyOptions};
pub(crate) use catalog::{
    CatalogCommand, GetOptions, ImportOptions, ListOptions, PageOptions, ProblemsOptions, RefreshOptions,
    SearchOptions, UnownedOptions, Validate, ValidateOptions,
};

pub(crate) use connection::{
    AddOptions, ConnectionCommand, HookScope, NamedOptions, NamelessOptions, RemoveOptions, RotateOptions, TestOptions,
    TokenOptions, UpdateTokenOptions, WayOptions, WebhooksOptions,
};

pub(crate) use queue::{QueueCommand, QueueDropOptions, QueueListOptions, QueueRetryOptions};

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
    /// Look at the catalog, have it read again, check catalog files
    #[command(subcommand)]
    Catalog(Box<CatalogCommand>),
    /// Connect GitLabs, test the connections, update and rotate their tokens, register webhooks
    #[command(subcommand)]
    Connection(Box<ConnectionCommand>),
    /// Look at what a running server has to read, and have what failed tried again
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Make backups while the server runs, check them, put them back
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Work with the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check this machine and its way to each GitLab: configuration, folders, database, clock, certificates, limits
    ///
    /// Needs no server and changes nothing; each configured GitLab is tested as `connection test` does it. A line for each check, with what to do where one failed. Exit
    /// code 0 when none failed, 1 otherwise.
    Doctor(DoctorOptions),
    /// Print the OpenAPI document of the API
    Openapi,
    /// Print what lets a shell complete commands and flags
    #[command(
        after_help = "Examples:\n  source <(stagedoor completions bash)\n  stagedoor completions zsh > ~/.zfunc/_stagedoor\n  stagedoor completions fish > ~/.config/fish/completions/stagedoor.fish"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration file without starting anything, and say what it means
    ///
    /// Reads the file, the environment, secrets and certificates; asks no GitLab. Exit code 0 when it is good, 1 when not.
    Check(ConfigCheckOptions),
    /// Print the JSON Schema of the configuration file, with which editors complete and check it
    #[command(
        after_help = "Example:\n  stagedoor config schema > stagedoor.schema.json\nand as the first line of stagedoor.yaml:\n  # yaml-language-server: $schema=stagedoor.schema.json"
    )]
    Schema,
    /// Print every key with its default and meaning, as Markdown
    Reference,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigCheckOptions {
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Default, Args)]
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
    /// Begin without a connection: the page asks for one, and tokens to try are printed
    #[arg(long)]
    pub(crate) connect: bool,
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

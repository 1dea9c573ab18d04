//! `stagedoor connection …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use model::ConnectionName;

use crate::{exit, output::OutputOptions, remote::RemoteOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// List the connections and how they go
    #[command(visible_alias = "ls", after_help = exit::help!())]
    List(NamelessOptions),
    /// Show one connection with its last test
    #[command(after_help = exit::help!())]
    Show(NamedOptions),
    /// Test a connection: what holds, what does not, and what to do
    ///
    /// With NAME the running server tests a connection that it keeps. With --url this machine tests an address itself,
    /// without a server: so it can be tried before anything is set up. Each check is told as it ends; all of it ends within
    /// ten seconds, whatever hangs. The token goes only to what has answered as a GitLab. Exit code 1 says that it does not
    /// read; that a token only reads is no failure.
    #[command(after_help = exit::help!(
        "Examples:\n  stagedoor connection test main\n  stagedoor connection test --url https://gitlab.example.com --token-file token --output json\n  stagedoor connection test --url https://gitlab.corp --token-file token --proxy http://proxy:3128 --ca corp-ca.pem"
    ))]
    Test(TestOptions),
    /// Say what a connection would find, before it is added
    #[command(after_help = exit::help!())]
    Preview(AddOptions),
    /// Add a connection; it is tested first, and read at once
    #[command(after_help = exit::help!(
        "Example:\n  stagedoor connection add main --url https://gitlab.example.com --token-file token --group platform"
    ))]
    Add(AddOptions),
    /// Put a token in the place of the old one; it is tested first
    #[command(after_help = exit::help!())]
    UpdateToken(UpdateTokenOptions),
    /// Have GitLab make a new token; the old one ends at once
    #[command(after_help = exit::help!())]
    Rotate(RotateOptions),
    /// Register webhooks, so that GitLab tells of pushes instead of being asked
    #[command(after_help = exit::help!(
        "Examples:\n  stagedoor connection webhooks main --scope system\n  stagedoor connection webhooks main --scope project platform/api platform/web"
    ))]
    Webhooks(WebhooksOptions),
    /// Forget a connection, its secrets and what it brought to the catalog
    #[command(visible_alias = "rm", after_help = exit::help!())]
    Remove(RemoveOptions),
}

#[derive(Debug, Args)]
pub(crate) struct NamelessOptions {
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct NamedOptions {
    /// The connection
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) name: ConnectionName,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// Where a token is read from. It is never taken from the command line, which others on the machine can see.
#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    /// Read the token from this file; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Read the token from this variable of the environment
    #[arg(long, value_name = "VARIABLE", conflicts_with = "token_file")]
    pub(crate) token_env: Option<String>,
}

/// How a GitLab is reached and what of it is read.
#[derive(Debug, Args)]
pub(crate) struct WayOptions {
    /// Trust these certificate authorities, too (PEM or base64)
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Go through this proxy, http://proxy:3128
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Read "user:password" for the proxy from this file
    #[arg(long, value_name = "FILE", requires = "proxy")]
    pub(crate) proxy_credentials_file: Option<PathBuf>,
    /// Reach these without the proxy: host, .suffix, 10.0.0.0/8, each with or without :port; may be repeated
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub(crate) no_proxy: Vec<String>,
    /// Read only projects below this group; may be repeated
    #[arg(long = "group", value_name = "PATH")]
    pub(crate) groups: Vec<String>,
    /// Read only projects whose full path matches this regular expression; may be repeated
    #[arg(long = "project", value_name = "REGEX")]
    pub(crate) projects: Vec<String>,
    /// Never read this project or group; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) exclude: Vec<String>,
    /// Read only projects that have this topic; may be repeated
    #[arg(long = "topic", value_name = "TOPIC")]
    pub(crate) topics: Vec<String>,
    /// Read archived projects, too
    #[arg(long)]
    pub(crate) archived: bool,
    /// Read no forks
    #[arg(long)]
    pub(crate) no_forks: bool,
    /// Read no groups and people
    #[arg(long)]
    pub(crate) no_people: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// A connection that the server keeps
    #[arg(value_name = "NAME", value_parser = name, required_unless_present = "url", conflicts_with = "url")]
    pub(crate) name: Option<ConnectionName>,
    /// Test this address from here, without a server
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) token: TokenOptions,
    #[command(flatten)]
    pub(crate) way: WayOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct AddOptions {
    /// A name for it: 1 to 63 of a-z, 0-9 and inner hyphens
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) name: ConnectionName,
    /// The address a browser would use
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) token: TokenOptions,
    #[command(flatten)]
    pub(crate) way: WayOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateTokenOptions {
    /// The connection
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) name: ConnectionName,
    #[command(flatten)]
    pub(crate) token: TokenOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct RotateOptions {
    /// The connection
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) name: ConnectionName,
    /// The last day of the new token, such as 2027-02-18; GitLab's default is a week
    #[arg(long, value_name = "DAY")]
    pub(crate) expires_on: Option<String>,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HookScope {
    /// The whole instance; an administrator's token
    System,
    /// Groups; Premium, Owner
    Group,
    /// Projects; Maintainer
    Project,
}

#[derive(Debug, Args)]
pub(crate) struct WebhooksOptions {
    /// The connection
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) name: ConnectionName,
    /// Where to register
    #[arg(long, value_enum)]
    pub(crate) scope: HookScope,
    /// Full paths of the groups or projects
    #[arg(value_name = "PATH")]
    pub(crate) of: Vec<String>,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveOptions {
    /// The connection
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) name: ConnectionName,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

fn name(text: &str) -> Result<ConnectionName, String> {
    ConnectionName::parse(text).map_err(|error| error.to_string())
}

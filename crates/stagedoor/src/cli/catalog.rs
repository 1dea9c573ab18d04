//! `stagedoor catalog …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use model::ConnectionName;

use crate::{exit, output::OutputOptions, remote::RemoteOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List entities
    ///
    /// Filters of different kinds must all hold; of one that is given several times, any.
    #[command(
        visible_alias = "ls",
        after_help = exit::help!(), after_long_help = exit::help!("Examples:\n  stagedoor catalog list --kind component --owner checkout\n  stagedoor catalog list --problem any --sort -changed --all --output json\n  stagedoor catalog list --query 'payments kotlin'"))]
    List(ListOptions),
    /// Show one entity: what it is, whose, what it relates to, what is wrong with it
    #[command(
        after_help = exit::help!(), after_long_help = exit::help!("Examples:\n  stagedoor catalog get component:default/payments-api\n  stagedoor catalog get group:checkout --output yaml\n  stagedoor catalog get payments-api --document -o yaml > catalog-info.yaml"))]
    Get(GetOptions),
    /// Find entities by words, best first; the last word may be unfinished
    #[command(after_help = exit::help!())]
    Search(SearchOptions),
    /// List what is wrong, worst first
    #[command(
        after_help = exit::help!(), after_long_help = exit::help!("Examples:\n  stagedoor catalog problems --severity error\n  stagedoor catalog problems --by-owner\n  stagedoor catalog problems --owner none --all --output json"))]
    Problems(ProblemsOptions),
    /// Have the catalog read from GitLab now instead of at the next pass
    ///
    /// Without REF, --project or --connection everything is read. Whether you may is decided and recorded as for the
    /// button of the page.
    #[command(after_help = exit::help!())]
    Refresh(RefreshOptions),
    /// List what has no owner, or one that is not in the catalog
    #[command(after_help = exit::help!())]
    Unowned(UnownedOptions),
    /// Check catalog files; needs no server
    ///
    /// Exit code 0 when every document is accepted, 1 otherwise, 2 when a file cannot be read.
    Validate(ValidateOptions),
    /// Write a configuration file from the app-config.yaml of a Backstage catalog; needs no server
    ///
    /// Reads integrations.gitlab, catalog.providers.gitlab and catalog.locations. What has no equivalent or another meaning
    /// is named in comments. Tokens are never copied: `${NAME}` becomes {env: NAME}. Exit code 0 when a GitLab was found, 1
    /// when none, 2 when the file cannot be read.
    #[command(after_help = "Example:\n  stagedoor catalog import app-config.yaml > stagedoor.yaml")]
    Import(ImportOptions),
}

/// How many, and in which order.
#[derive(Debug, Clone, Args)]
pub(crate) struct PageOptions {
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// All there are, page by page
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    /// component, api, resource, system, domain, group, user, location or template; may be repeated
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// By `spec.type`: service, library, openapi …
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind_type: Vec<String>,
    /// By owner: a reference, the kind may be left out for groups; `none` for what has no owner
    #[arg(long, value_name = "REF")]
    pub(crate) owner: Vec<String>,
    /// By system: a reference, the kind may be left out
    #[arg(long, value_name = "REF")]
    pub(crate) system: Vec<String>,
    /// By `spec.lifecycle`: production, experimental, deprecated …
    #[arg(long, value_name = "NAME")]
    pub(crate) lifecycle: Vec<String>,
    /// By tag or GitLab topic
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// With problems: `any`, a severity (error, warning, note) or a code such as `conflict`
    #[arg(long, value_name = "WHAT")]
    pub(crate) problem: Vec<String>,
    /// Words that must all occur in name, title, description, owner, tags, language or project path
    #[arg(long, short, value_name = "WORDS")]
    pub(crate) query: Option<String>,
    /// name, kind, type, owner, lifecycle, system, language, problems or changed; `-` before it turns it around
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub(crate) sort: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct GetOptions {
    /// `kind:namespace/name`; without a kind it is a component, without a namespace `default`
    #[arg(value_name = "REF")]
    pub(crate) entity: String,
    /// Only the document as the catalog API gives it: apiVersion, kind, metadata, spec, relations
    #[arg(long)]
    pub(crate) document: bool,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct SearchOptions {
    /// What to look for
    #[arg(required = true, value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ProblemsOptions {
    /// error, warning or note; may be repeated
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) severity: Vec<String>,
    /// A code such as `unknown-owner`
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Vec<String>,
    /// By owner: a reference, the kind may be left out for groups; `none` for what has no owner
    #[arg(long, value_name = "REF")]
    pub(crate) owner: Vec<String>,
    /// By the full path of a project
    #[arg(long, value_name = "PATH")]
    pub(crate) project: Vec<String>,
    /// Words that must all occur
    #[arg(long, short, value_name = "WORDS")]
    pub(crate) query: Option<String>,
    /// severity, code, owner, since or ref; `-` before it turns it around
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub(crate) sort: Option<String>,
    /// Under the owner they belong to; all there are
    #[arg(long, conflicts_with_all = ["sort", "limit"])]
    pub(crate) by_owner: bool,
    #[command(flatten)]
    pub(crate) page: PageOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct RefreshOptions {
    /// An entity: its project is read again
    #[arg(value_name = "REF", conflicts_with_all = ["project", "connection"])]
    pub(crate) entity: Option<String>,
    /// A project by its full path
    #[arg(long, value_name = "PATH", conflicts_with = "connection")]
    pub(crate) project: Option<String>,
    /// A configured GitLab by its name
    #[arg(long, value_name = "NAME", value_parser = ConnectionName::parse)]
    pub(crate) connection: Option<ConnectionName>,
    /// Wait until it is read, and say how it went; for one project, at most ten seconds for something to change
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct UnownedOptions {
    /// Only of this kind; may be repeated
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// Words that must all occur
    #[arg(long, short, value_name = "WORDS")]
    pub(crate) query: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateOptions {
    /// The files; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Validate::Text)]
    pub(crate) output: Validate,
}

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// The file; - for standard input
    #[arg(value_name = "APP-CONFIG")]
    pub(crate) file: PathBuf,
}

/// How the verdicts are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Validate {
    /// Lines with carets under what is wrong
    Text,
    /// One array: file, document, ref, accepted, problems
    Json,
}

//! `queue …`.

use clap::{Args, Subcommand, ValueEnum};

use crate::{output::OutputOptions, remote::RemoteOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// List what is to be read, the worst first: put aside, failing, being worked on, waiting
    List(QueueListOptions),
    /// Have a job tried again now, or all that were put aside
    Retry(QueueRetryOptions),
    /// Take a job out that was put aside; what it would have read is read when anything else asks for it
    Drop(QueueDropOptions),
}

/// How it is with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JobState {
    /// It failed too often and is put aside
    Dead,
    /// It failed and is tried again by itself
    Retrying,
    /// It is being worked on
    Running,
    /// Its turn has not come
    Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct QueueListOptions {
    /// Only jobs in this state
    #[arg(long, value_enum)]
    pub(crate) state: Option<JobState>,
    /// At most so many, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(crate) limit: u16,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct QueueRetryOptions {
    /// The job's number, from `queue list`
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) id: Option<i64>,
    /// All that were put aside
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct QueueDropOptions {
    /// The job's number, from `queue list`
    #[arg(value_name = "ID")]
    pub(crate) id: i64,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) remote: RemoteOptions,
}

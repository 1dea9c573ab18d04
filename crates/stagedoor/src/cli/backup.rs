//! `stagedoor backup …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServeOptions;
use crate::output::OutputOptions;

/// What the exit codes of these commands say.
macro_rules! codes {
    ($examples:literal) => {
        concat!(
            $examples,
            "\n\nExit codes: 0 as asked; 1 refused, or the backup is not good; 2 a flag, a value or a file is not ",
            "understood; 3 the database does not answer; 4 there is no database."
        )
    };
}

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Write everything in the database into one file, while the server runs
    ///
    /// The file fits SQLite and PostgreSQL. It is what the database held at one moment; servers go on reading and writing.
    /// It is written beside its place, brought to the disk and then renamed, so that there is never half a backup, and only
    /// you can read it. Secrets in it are sealed; the key file is not in it: keep a copy of that elsewhere.
    #[command(after_help = codes!(
        "Examples:\n  stagedoor backup create\n  stagedoor backup create --config stagedoor.yaml --output-dir /backups\n  stagedoor backup create before-upgrade.stagedoor-backup --output json"
    ))]
    Create(CreateOptions),
    /// Say whether a backup is good, and what is in it
    ///
    /// Reads all of it as a restore would: structure, counts, digest, the chain of the audit trail, every entity. With a key
    /// file it also tries whether the sealed secrets open. Needs no server and no database.
    #[command(after_help = codes!(
        "Examples:\n  stagedoor backup verify stagedoor-20261120T030000Z.stagedoor-backup\n  stagedoor backup verify FILE --key-file secrets.key --output json"
    ))]
    Verify(VerifyOptions),
    /// Put a backup into an empty database, or with --replace in the place of what is there
    ///
    /// The backup is verified first; then everything happens in one transaction. One of an older Stagedoor is brought up to
    /// date. No server may be using the database.
    #[command(after_help = codes!(
        "Examples:\n  stagedoor backup restore FILE --config stagedoor.yaml\n  stagedoor backup restore FILE --database postgres://stagedoor@db/stagedoor"
    ))]
    Restore(RestoreOptions),
}

/// Which database.
#[derive(Debug, Args)]
pub(crate) struct PlaceOptions {
    /// The configuration file (YAML)
    #[arg(long, env = "STAGEDOOR_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the database file; over `data` of the file
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// sqlite:/path/to/file.sqlite or postgres://user@host/name; over `database` of the file
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl PlaceOptions {
    /// As the server is told it.
    pub(crate) fn serve(&self) -> ServeOptions {
        ServeOptions {
            config: self.config.clone(),
            data: self.data.clone(),
            listen: None,
            database: self.database.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CreateOptions {
    /// Where to; without it stagedoor-<UTC time>.stagedoor-backup in the working folder
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Where to, under that name
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Replace a file of that name
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Try with this key file; without it with the configured one, if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace everything in the database, after a backup of it
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

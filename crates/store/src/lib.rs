//! Everything that is remembered: every SQL statement of Stagedoor stands in this room.
//!
//! One set of SQL runs on SQLite (the default, one file in WAL mode) and on PostgreSQL; what must differ stands in
//! [`dialect`]. Types keep to what both have: TEXT, BIGINT, JSON as TEXT, times as milliseconds since 1970. The room
//! knows no HTTP, no GitLab and no rules; it implements [`policy::Trail`].

mod audit;
mod backup;
mod catalog;
mod connections;
mod dialect;
mod error;
mod feed;
mod hooks;
mod jobs;
mod listen;
mod locations;
mod lock;
mod migrate;
mod replicas;
mod shares;
mod sources;
mod sql;

use std::{path::PathBuf, sync::Arc, time::Duration};

use model::Clock;
use sqlx::{Any, AnyPool, Transaction, any::AnyPoolOptions};
use tokio::sync::{Notify, mpsc};

pub use audit::{AuditRow, ChainError};
pub use backup::{
    BackupError, BackupHeader, Created, Damage, Restored, TableRows, Verified, backup_name, create_backup,
    restore_backup, verify_backup,
};
pub use catalog::{Applied, Batch, FileKey, FileRow, ProjectRow, Reading, RemovedRow, Replacement, Root};
pub use connections::{ConnectionRow, SealedRow};
pub use dialect::Dialect;
pub use error::Error;
pub use feed::{FeedRow, Told};
pub use hooks::{Accepted, HookEvent};
pub use jobs::{Claim, Job, JobKey, LONGEST_WAIT, QueueCounts, QueueRow, QueueState};
pub use listen::Listener;
pub use locations::Location;
pub use lock::{Lock, database_file, lock_holder};
pub use migrate::Tables;
pub use replicas::{ReplicaRow, StatusRow, TERM};
pub use shares::ShareRow;
pub use sources::Source;

/// How long a statement waits for a lock or a connection before it fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dialect: Dialect,
    /// For connections that are not of a pool.
    url: Address,
    /// The name of this process among the replicas.
    replica: String,
    /// For SQLite a single connection: its writers exclude each other, so waiting for it is cheaper than for a lock.
    writer: AnyPool,
    reader: AnyPool,
    clock: Arc<dyn Clock>,
    /// Rung when a job may be due.
    jobs: Notify,
    abandoned: mpsc::UnboundedSender<policy::TrailId>,
    intake: hooks::Intake,
}

/// The address of the database, which may hold its password.
struct Address(String);

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&dialect::without_password(&self.0))
    }
}

impl Inner {
    /// A transaction that will write.
    async fn begin(&self) -> Result<Transaction<'static, Any>, Error> {
        match self.writer.begin_with(self.dialect.begin()).await {
            // SQLite rolled a transaction back by itself, because the disk was full for example, and the driver goes on
            // counting it as open. Another connection knows nothing of that.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.writer.acquire().await?.close().await?;
                Ok(self.writer.begin_with(self.dialect.begin()).await?)
            }
            begun => Ok(begun?),
        }
    }
}

/// How a database is opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// The folder for the backup that is made before tables with rows are changed; without one none is made.
    pub backups: Option<PathBuf>,
    /// A name that no other process which uses the database has.
    pub replica: Option<String>,
}

impl Store {
    /// Opens the database at `url` (`sqlite:/path/to/file` or `postgres://…`) and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be reached or opened, or was written by a newer version.
    pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Self::open_with(url, clock, OpenOptions::default()).await
    }

    /// As [`Store::open`], and as the options say.
    ///
    /// # Errors
    /// As [`Store::open`]; also when a backup cannot be written that they ask for: the tables are then as they were.
    pub async fn open_with(url: &str, clock: Arc<dyn Clock>, options: OpenOptions) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let dialect = Dialect::of(url)?;
        let (writers, readers) = dialect.pool_sizes();
        let writer = connect(dialect, url, writers).await?;
        if let Some(folder) = &options.backups {
            backup::before_migration(&writer, url, folder, clock.now()).await?;
        }
        migrate::run(dialect, &writer).await?;
        let reader = if dialect == Dialect::Postgres { writer.clone() } else { connect(dialect, url, readers).await? };
        let (abandoned, dropped) = mpsc::unbounded_channel();
        let (intake, waiting) = hooks::Intake::new();
        let url = Address(url.to_owned());
        let replica = options.replica.unwrap_or_else(|| "alone".to_owned());
        let jobs = Notify::new();
        let inner = Arc::new(Inner { dialect, url, replica, writer, reader, clock, jobs, abandoned, intake });
        tokio::spawn(audit::record_abandoned(Arc::downgrade(&inner), dropped));
        tokio::spawn(hooks::take_in(Arc::downgrade(&inner), waiting));
        Ok(Self { inner })
    }

    /// Opens the database at `url` to look at it: its tables stay as they are. `None` when they are not those of this version.
    ///
    /// # Errors
    /// When it cannot be reached or opened.
    pub async fn look(url: &str, clock: Arc<dyn Clock>) -> Result<Option<Self>, Error> {
        let Tables { found, known } = tables(url).await?;
        if found == known { Self::open(url, clock).await.map(Some) } else { Ok(None) }
    }

    /// Does the database answer?
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.inner.reader).await?;
        Ok(())
    }

    /// Which database this is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// Closes the connections; what was committed is on disk.
    pub async fn close(&self) {
        self.inner.reader.close().await;
        self.inner.writer.close().await;
    }
}

/// Which tables the database at `url` has. Nothing of it is changed, also when this binary would bring it up to date.
///
/// # Errors
/// When it cannot be reached or opened.
pub async fn tables(url: &str) -> Result<Tables, Error> {
    sqlx::any::install_default_drivers();
    let dialect = Dialect::of(url)?;
    let pool = connect(dialect, url, 1).await?;
    let tables = migrate::look(&pool).await;
    pool.close().await;
    tables
}

async fn connect(dialect: Dialect, url: &str, size: u32) -> Result<AnyPool, Error> {
    let pool = AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for statement in dialect.on_connect() {
                    sqlx::query(*statement).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect(&dialect.connect_url(url))
        .await;
    pool.map_err(|source| Error::Open { url: dialect::without_password(url), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_printed_without_its_password() {
        let address = Address("postgres://stage:hunter2@db.example/door".to_owned());
        assert_eq!(format!("{address:?}"), "postgres://stage:redacted@db.example/door");
    }
}

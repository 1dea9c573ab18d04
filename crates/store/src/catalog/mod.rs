//! What the catalog was made from and what it holds: projects, files, and the entities of each root.
//!
//! A *root* is what one reading starts from: a project, a registered location, or the directory of groups and people.
//! Its entities are replaced together, in the transaction that stores the files they were read from; a row keeps its
//! number and its claim for as long as the root goes on stating it.

mod entities;
mod files;
mod fresh;
mod removed;

pub(crate) use entities::read as read_entity;
pub(crate) use files::number;
pub use removed::RemovedRow;

use std::fmt;

use model::{BlobId, ConnectionName, Entity, Millis, ProjectId};

use sqlx::Row;

use crate::{Error, Job, Store, Told, feed};

/// What entities come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// A project's own catalog file and what it leads to.
    Project(ProjectId),
    /// A location registered by a person.
    Location(String),
    /// A group and its members.
    Group(u64),
    /// A person.
    User(u64),
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project:{id}"),
            Self::Location(id) => write!(f, "location:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
        }
    }
}

impl Root {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        match kind {
            "project" => id.parse().ok().map(|id| Self::Project(ProjectId(id))),
            "location" => Some(Self::Location(id.to_owned())),
            "group" => id.parse().ok().map(Self::Group),
            "user" => id.parse().ok().map(Self::User),
            _ => None,
        }
    }
}

/// One file at one branch; the branch is empty for a project's default branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey {
    /// The project.
    pub project: ProjectId,
    /// The branch, empty for the default one.
    pub git_ref: String,
    /// The path in the repository.
    pub path: String,
}

/// A file as it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Which file.
    pub key: FileKey,
    /// Its blob.
    pub blob: BlobId,
    /// Its size in bytes.
    pub size: u64,
    /// Its text; absent when it is binary or larger than what is read.
    pub text: Option<String>,
}

/// A project as it was last read; `record` is the catalog's own JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its identifier.
    pub id: ProjectId,
    /// Its full path.
    pub path: String,
    /// What the catalog keeps of it.
    pub record: String,
}

/// The complete entities of one root, to stand in place of what it had.
#[derive(Debug, Clone, PartialEq)]
pub struct Replacement {
    /// The root.
    pub root: Root,
    /// All its entities.
    pub entities: Vec<Entity>,
    /// The files it was read from, to know whom a change in another project concerns.
    pub reach: Vec<FileKey>,
}

/// What one step of reading found; stored as a whole or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Projects seen.
    pub projects: Vec<ProjectRow>,
    /// Files read.
    pub files: Vec<FileRow>,
    /// Files that a definite answer said are gone.
    pub files_gone: Vec<FileKey>,
    /// Roots read.
    pub replacements: Vec<Replacement>,
    /// Projects that a definite answer said are gone.
    pub projects_gone: Vec<ProjectId>,
    /// Roots that a definite answer said are gone.
    pub roots_gone: Vec<Root>,
    /// When new entities count as having claimed their references; now, if absent. One time for all of a pass, so that
    /// the order in which GitLab lists projects decides nothing.
    pub claimed_at: Option<Millis>,
    /// How it was read.
    pub reading: Reading,
    /// The jobs it was read for. It is stored only while this process holds them: another may have read later.
    pub jobs: Vec<Job>,
    /// Why projects and roots are gone, for people.
    pub because: Option<String>,
}

/// How a batch was read, which decides what it may take the place of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// Of two readings the later one wins: this one is the later.
    #[default]
    Latest,
    /// For a job, begun when the feed had this head. A root that another job stored since is left as it is.
    Job {
        /// The head of the feed.
        since: i64,
    },
    /// By a pass that began when the feed had this head. What jobs stored since is left as it is: it is younger.
    Pass {
        /// The head of the feed.
        since: i64,
    },
}

/// What a stored batch changed in the catalog.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applied {
    /// New and changed entities, with their numbers.
    pub put: Vec<Entity>,
    /// The numbers of removed ones.
    pub removed: Vec<i64>,
    /// Its number in the feed; `None` when nothing changed.
    pub seq: Option<i64>,
    /// Roots that were left as they are, because they were stored since the reading began.
    pub overtaken: Vec<Root>,
}

impl Store {
    /// Stores a batch.
    ///
    /// # Errors
    /// When it is not durably stored, or one of its jobs is not held any more; nothing of it is stored then.
    pub async fn apply(&self, connection: &ConnectionName, mut batch: Batch) -> Result<Applied, Error> {
        let now: Millis = self.inner.clock.now();
        let mut tx = self.inner.begin().await?;
        if let Some(lock) = self.inner.dialect.lock_connection() {
            sqlx::query(lock).bind(connection.as_str()).execute(&mut *tx).await?;
        }
        fresh::still_held(&mut tx, self.inner.dialect, &batch.jobs).await?;
        let mut applied =
            Applied { overtaken: fresh::leave(&mut tx, connection, &mut batch).await?, ..Applied::default() };
        files::put_projects(&mut tx, connection, &batch.projects, now).await?;
        files::put_files(&mut tx, connection, &batch.files, now).await?;
        files::remove_files(&mut tx, connection, &batch.files_gone).await?;
        let mut roots_gone = batch.roots_gone;
        for project in &batch.projects_gone {
            files::remove_project(&mut tx, connection, *project).await?;
            roots_gone.push(Root::Project(*project));
        }
        let read: Vec<Root> = batch.replacements.iter().map(|r| r.root.clone()).chain(roots_gone.clone()).collect();
        let because = batch.because.as_deref().unwrap_or("GitLab does not have it any more");
        entities::remove_roots(&mut tx, connection, &roots_gone, (now, because), &mut applied).await?;
        let times = entities::Times { now, claimed_at: batch.claimed_at.unwrap_or(now) };
        entities::replace(&mut tx, connection, batch.replacements, times, &mut applied).await?;
        let told = Told::Catalog {
            connection: connection.clone(),
            put: applied.put.iter().map(|entity| entity.id).collect(),
            removed: applied.removed.clone(),
            projects: batch.projects.iter().map(|project| project.id).collect(),
            projects_gone: batch.projects_gone,
        };
        if told.says_something() {
            applied.seq = Some(feed::tell(self, &mut tx, &told).await?);
        }
        if matches!(batch.reading, Reading::Job { .. }) {
            let seq = match applied.seq {
                Some(seq) => seq,
                // Nothing changed, and it was read all the same.
                None => feed::head(&mut tx).await?,
            };
            fresh::note(&mut tx, connection, &read, seq).await?;
        }
        tx.commit().await?;
        Ok(applied)
    }
}

impl Store {
    /// Notes that everything a connection can see was read.
    ///
    /// # Errors
    /// When it is not durably noted.
    pub async fn pass_finished(&self, connection: &ConnectionName, at: Millis) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO passes (connection, finished_at) VALUES ($1, $2) \
             ON CONFLICT (connection) DO UPDATE SET finished_at = excluded.finished_at",
        )
        .bind(connection.as_str())
        .bind(at)
        .execute(&self.inner.writer)
        .await?;
        Ok(())
    }

    /// When everything a connection can see was last read; `None` when it never was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_pass(&self, connection: &ConnectionName) -> Result<Option<Millis>, Error> {
        let row = sqlx::query("SELECT finished_at FROM passes WHERE connection = $1")
            .bind(connection.as_str())
            .fetch_optional(&self.inner.reader)
            .await?;
        Ok(row.map(|row| row.try_get("finished_at")).transpose()?)
    }
}

//! Projects and files.

use std::collections::{BTreeMap, HashMap};

use model::{BlobId, ConnectionName, Millis, ProjectId};
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{FileKey, FileRow, ProjectRow, Root};
use crate::{
    Error, Store,
    sql::{VALUES, list_from, rows_of, statement},
};

/// GitLab's ids are positive 32 or 64-bit integers; a larger one would be no id.
pub(crate) fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

fn id_of(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(crate) async fn put_projects(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    projects: &[ProjectRow],
    now: Millis,
) -> Result<(), Error> {
    for chunk in projects.chunks(VALUES / 5) {
        let mut query = statement(format!(
            "INSERT INTO projects (connection, project_id, path, record, read_at) VALUES {} \
             ON CONFLICT (connection, project_id) DO UPDATE SET path = excluded.path, record = excluded.record, \
             read_at = excluded.read_at",
            rows_of(5, chunk.len())
        ));
        for project in chunk {
            query = query
                .bind(connection.as_str().to_owned())
                .bind(number(project.id.0))
                .bind(project.path.clone())
                .bind(project.record.clone())
                .bind(now);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

pub(crate) async fn put_files(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    files: &[FileRow],
    now: Millis,
) -> Result<(), Error> {
    for chunk in files.chunks(VALUES / 8) {
        let mut query = statement(format!(
            "INSERT INTO files (connection, project_id, git_ref, path, blob, size, content, read_at) VALUES {} \
             ON CONFLICT (connection, project_id, git_ref, path) DO UPDATE SET blob = excluded.blob, \
             size = excluded.size, content = excluded.content, read_at = excluded.read_at",
            rows_of(8, chunk.len())
        ));
        for file in chunk {
            query = query
                .bind(connection.as_str().to_owned())
                .bind(number(file.key.project.0))
                .bind(file.key.git_ref.clone())
                .bind(file.key.path.clone())
                .bind(file.blob.0.clone())
                .bind(number(file.size))
                // Neither database keeps a NUL in a text; what has one is no catalog file.
                .bind(file.text.as_ref().map(|text| text.replace('\0', "\u{fffd}")))
                .bind(now);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

pub(crate) async fn remove_files(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    files: &[FileKey],
) -> Result<(), Error> {
    for file in files {
        sqlx::query("DELETE FROM files WHERE connection = $1 AND project_id = $2 AND git_ref = $3 AND path = $4")
            .bind(connection.as_str())
            .bind(number(file.project.0))
            .bind(&file.git_ref)
            .bind(&file.path)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

pub(crate) async fn remove_project(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    project: ProjectId,
) -> Result<(), Error> {
    for table in ["files", "projects", "shares"] {
        statement(format!("DELETE FROM {table} WHERE connection = $1 AND project_id = $2"))
            .bind(connection.as_str().to_owned())
            .bind(number(project.0))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

fn key_of(row: &AnyRow) -> Result<FileKey, Error> {
    Ok(FileKey {
        project: ProjectId(id_of(row.try_get("project_id")?)),
        git_ref: row.try_get("git_ref")?,
        path: row.try_get("path")?,
    })
}

fn by_root(rows: &[AnyRow], reach: &mut HashMap<Root, Vec<FileKey>>) -> Result<(), Error> {
    for row in rows {
        let text: String = row.try_get("root")?;
        let root = Root::parse(&text).ok_or_else(|| Error::damaged("reach", &text, "unknown kind of root"))?;
        reach.entry(root).or_default().push(key_of(row)?);
    }
    Ok(())
}

impl Store {
    /// The projects a connection had.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn projects(&self, connection: &ConnectionName) -> Result<HashMap<ProjectId, ProjectRow>, Error> {
        let rows = sqlx::query("SELECT project_id, path, record FROM projects WHERE connection = $1")
            .bind(connection.as_str())
            .fetch_all(&self.inner.reader)
            .await?;
        rows.iter().map(|row| project_of(row).map(|project| (project.id, project))).collect()
    }

    /// One project, if the connection had it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn project(&self, connection: &ConnectionName, id: ProjectId) -> Result<Option<ProjectRow>, Error> {
        let row = sqlx::query("SELECT path, record FROM projects WHERE connection = $1 AND project_id = $2")
            .bind(connection.as_str())
            .bind(number(id.0))
            .fetch_optional(&self.inner.reader)
            .await?;
        row.map(|row| Ok(ProjectRow { id, path: row.try_get("path")?, record: row.try_get("record")? })).transpose()
    }

    /// The project at a path, compared without case as GitLab does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn project_by_path(&self, connection: &ConnectionName, path: &str) -> Result<Option<ProjectRow>, Error> {
        let row =
            sqlx::query("SELECT project_id, path, record FROM projects WHERE connection = $1 AND LOWER(path) = $2")
                .bind(connection.as_str())
                .bind(path.to_lowercase())
                .fetch_optional(&self.inner.reader)
                .await?;
        row.as_ref().map(project_of).transpose()
    }

    /// The blobs of the files that are held of some projects.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn blobs(
        &self,
        connection: &ConnectionName,
        projects: &[ProjectId],
    ) -> Result<HashMap<FileKey, BlobId>, Error> {
        let mut blobs = HashMap::new();
        for chunk in projects.chunks(VALUES) {
            let columns = "project_id, git_ref, path, blob FROM files";
            for row in self.rows_of_projects(columns, connection, chunk).await? {
                blobs.insert(key_of(&row)?, BlobId(row.try_get("blob")?));
            }
        }
        Ok(blobs)
    }

    /// Rows of a table that has a connection and a project.
    async fn rows_of_projects(
        &self,
        columns: &str,
        connection: &ConnectionName,
        projects: &[ProjectId],
    ) -> Result<Vec<AnyRow>, Error> {
        let places = list_from(2, projects.len());
        let mut query = statement(format!("SELECT {columns} WHERE connection = $1 AND project_id IN ({places})"))
            .bind(connection.as_str().to_owned());
        for project in projects {
            query = query.bind(number(project.0));
        }
        Ok(query.fetch_all(&self.inner.reader).await?)
    }

    /// The files of some projects, with their texts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn files(&self, connection: &ConnectionName, projects: &[ProjectId]) -> Result<Vec<FileRow>, Error> {
        let mut files = Vec::new();
        for chunk in projects.chunks(VALUES) {
            let columns = "project_id, git_ref, path, blob, size, content FROM files";
            for row in self.rows_of_projects(columns, connection, chunk).await? {
                files.push(FileRow {
                    key: key_of(&row)?,
                    blob: BlobId(row.try_get("blob")?),
                    size: id_of(row.try_get("size")?),
                    text: row.try_get("content")?,
                });
            }
        }
        Ok(files)
    }

    /// The roots that were read from files of some projects, each with these: those to read again when they change.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn roots_reaching(
        &self,
        connection: &ConnectionName,
        projects: &[ProjectId],
    ) -> Result<BTreeMap<Root, Vec<ProjectId>>, Error> {
        let mut roots: BTreeMap<Root, Vec<ProjectId>> = BTreeMap::new();
        for chunk in projects.chunks(VALUES) {
            for row in self.rows_of_projects("DISTINCT root, project_id FROM reach", connection, chunk).await? {
                let text: String = row.try_get("root")?;
                let root = Root::parse(&text).ok_or_else(|| Error::damaged("reach", &text, "unknown kind of root"))?;
                roots.entry(root).or_default().push(ProjectId(id_of(row.try_get("project_id")?)));
            }
        }
        Ok(roots)
    }

    /// The files that some roots were read from.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reach_of(
        &self,
        connection: &ConnectionName,
        roots: &[Root],
    ) -> Result<HashMap<Root, Vec<FileKey>>, Error> {
        let mut reach = HashMap::new();
        for chunk in roots.chunks(VALUES) {
            let mut query = statement(format!(
                "SELECT root, project_id, git_ref, path FROM reach WHERE connection = $1 AND root IN ({})",
                list_from(2, chunk.len())
            ))
            .bind(connection.as_str().to_owned());
            for root in chunk {
                query = query.bind(root.to_string());
            }
            by_root(&query.fetch_all(&self.inner.reader).await?, &mut reach)?;
        }
        Ok(reach)
    }

    /// The files that projects' roots were read from, besides those of `own` on the default branch of the project itself.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reach_elsewhere(
        &self,
        connection: &ConnectionName,
        own: &[String],
    ) -> Result<HashMap<Root, Vec<FileKey>>, Error> {
        let mut query = statement(format!(
            "SELECT root, project_id, git_ref, path FROM reach WHERE connection = $1 AND root LIKE 'project:%' \
             AND NOT (root = 'project:' || CAST(project_id AS TEXT) AND git_ref = '' AND path IN ({}))",
            list_from(2, own.len())
        ))
        .bind(connection.as_str().to_owned());
        for path in own {
            query = query.bind(path.clone());
        }
        let mut reach = HashMap::new();
        by_root(&query.fetch_all(&self.inner.reader).await?, &mut reach)?;
        Ok(reach)
    }

    /// The ids of the projects that are held.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn project_ids(&self, connection: &ConnectionName) -> Result<Vec<ProjectId>, Error> {
        let rows = sqlx::query("SELECT project_id FROM projects WHERE connection = $1")
            .bind(connection.as_str())
            .fetch_all(&self.inner.reader)
            .await?;
        rows.iter().map(|row| Ok(ProjectId(id_of(row.try_get("project_id")?)))).collect()
    }

    /// Some of the projects that are held.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn projects_among(
        &self,
        connection: &ConnectionName,
        projects: &[ProjectId],
    ) -> Result<HashMap<ProjectId, ProjectRow>, Error> {
        let mut found = HashMap::new();
        for chunk in projects.chunks(VALUES) {
            let columns = "project_id, path, record FROM projects";
            for row in self.rows_of_projects(columns, connection, chunk).await? {
                let project = project_of(&row)?;
                found.insert(project.id, project);
            }
        }
        Ok(found)
    }
}

fn project_of(row: &AnyRow) -> Result<ProjectRow, Error> {
    Ok(ProjectRow {
        id: ProjectId(id_of(row.try_get("project_id")?)),
        path: row.try_get("path")?,
        record: row.try_get("record")?,
    })
}

//! Entities: what each root states, row by row.

use std::collections::HashMap;

use futures::TryStreamExt;
use model::{ConnectionName, Entity, Millis, Problem};
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Row};

use super::{Applied, FileKey, Replacement, Root, files::number};
use crate::{
    Error, Store,
    sql::{VALUES, list_from, rows_of, statement},
};

/// What a row is found by when its root is read again: the file and the reference, not the position, so that a
/// document keeps its claim when another is written above it.
fn slot(entity: &Entity, taken: &mut HashMap<String, u32>) -> String {
    let project = entity.source.project.map_or(0, |p| p.0);
    let file = entity.source.file.as_deref().unwrap_or("");
    let origin = entity.origin.as_str();
    let slot = match &entity.source.file {
        Some(_) => format!("{origin}|{project}|{file}|{}", entity.entity_ref.key()),
        // A group, a user or an inferred component is the only one of its root; it keeps its row when it is renamed.
        None => origin.to_owned(),
    };
    let count = taken.entry(slot.clone()).or_insert(0);
    *count += 1;
    if *count == 1 { slot } else { format!("{slot}|{count}") }
}

/// The times of one batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) now: Millis,
    pub(crate) claimed_at: Millis,
}

fn record(entity: &Entity) -> Result<String, Error> {
    serde_json::to_string(entity).map_err(|e| Error::damaged("entities", &entity.entity_ref, e))
}

/// Over the content without what the store itself sets.
fn digest(entity: &Entity) -> Result<String, Error> {
    let mut content = entity.clone();
    (content.id, content.claimed_at, content.changed_at) = (0, 0, 0);
    content.problems.iter_mut().for_each(|problem| problem.since = 0);
    Ok(hex::encode(Sha256::digest(record(&content)?)))
}

/// A problem that was there before keeps the time since when; a new one begins now.
fn date_problems(entity: &mut Entity, before: &[Problem], now: Millis) {
    for problem in &mut entity.problems {
        let same = |old: &&Problem| {
            (old.code, &old.message, &old.pointer) == (problem.code, &problem.message, &problem.pointer)
        };
        problem.since = before.iter().find(same).map_or(now, |old| old.since);
    }
}

struct Held {
    id: i64,
    digest: String,
    claimed_at: Millis,
    /// It left the catalog and may come back.
    gone: bool,
}

struct New {
    root: String,
    slot: String,
    digest: String,
    record: String,
    entity: Entity,
}

pub(crate) async fn replace(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    replacements: Vec<Replacement>,
    times: Times,
    applied: &mut Applied,
) -> Result<(), Error> {
    let roots: Vec<String> = replacements.iter().map(|r| r.root.to_string()).collect();
    let mut held = held_by(tx, connection, &roots).await?;
    put_reach(tx, connection, &roots, &replacements).await?;
    let mut new = Vec::new();
    for (root, replacement) in roots.into_iter().zip(replacements) {
        let mut taken = HashMap::new();
        for mut entity in replacement.entities {
            let slot = slot(&entity, &mut taken);
            let digest = digest(&entity)?;
            match held.remove(&(root.clone(), slot.clone())) {
                Some(row) if row.digest == digest && !row.gone => {}
                Some(row) => {
                    (entity.id, entity.claimed_at, entity.changed_at) = (row.id, row.claimed_at, times.now);
                    let before = if entity.problems.is_empty() { Vec::new() } else { problems_of(tx, row.id).await? };
                    date_problems(&mut entity, &before, times.now);
                    update(tx, &entity, &digest).await?;
                    applied.put.push(entity);
                }
                None => {
                    (entity.claimed_at, entity.changed_at) = (times.claimed_at, times.now);
                    date_problems(&mut entity, &[], times.now);
                    let record = record(&entity)?;
                    new.push(New { root: root.clone(), slot, digest, record, entity });
                }
            }
        }
    }
    let gone: Vec<i64> = held.into_values().filter(|row| !row.gone).map(|row| row.id).collect();
    remove(tx, &gone, (times.now, "what it was read from does not state it any more")).await?;
    applied.removed.extend(gone);
    insert(tx, connection, new, times, applied).await
}

async fn problems_of(tx: &mut AnyConnection, id: i64) -> Result<Vec<Problem>, Error> {
    let row = sqlx::query("SELECT id, record, claimed_at, changed_at FROM entities WHERE id = $1")
        .bind(id)
        .fetch_one(tx)
        .await?;
    Ok(read(&row)?.problems)
}

async fn held_by(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    roots: &[String],
) -> Result<HashMap<(String, String), Held>, Error> {
    let mut held = HashMap::new();
    for chunk in roots.chunks(VALUES) {
        let mut query = statement(format!(
            "SELECT id, root, slot, digest, claimed_at, gone_at FROM entities WHERE connection = $1 AND root IN ({})",
            list_from(2, chunk.len())
        ))
        .bind(connection.as_str().to_owned());
        for root in chunk {
            query = query.bind(root.clone());
        }
        for row in query.fetch_all(&mut *tx).await? {
            let found = Held {
                id: row.try_get("id")?,
                digest: row.try_get("digest")?,
                claimed_at: row.try_get("claimed_at")?,
                gone: row.try_get::<i64, _>("gone_at")? > 0,
            };
            held.insert((row.try_get("root")?, row.try_get("slot")?), found);
        }
    }
    Ok(held)
}

async fn put_reach(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    roots: &[String],
    replacements: &[Replacement],
) -> Result<(), Error> {
    for chunk in roots.chunks(VALUES) {
        let mut query =
            statement(format!("DELETE FROM reach WHERE connection = $1 AND root IN ({})", list_from(2, chunk.len())))
                .bind(connection.as_str().to_owned());
        for root in chunk {
            query = query.bind(root.clone());
        }
        query.execute(&mut *tx).await?;
    }
    let rows: Vec<(&String, &FileKey)> =
        roots.iter().zip(replacements).flat_map(|(root, r)| r.reach.iter().map(move |key| (root, key))).collect();
    for chunk in rows.chunks(VALUES / 5) {
        let mut query = statement(format!(
            "INSERT INTO reach (connection, root, project_id, git_ref, path) VALUES {} ON CONFLICT DO NOTHING",
            rows_of(5, chunk.len())
        ));
        for (root, key) in chunk {
            query = query
                .bind(connection.as_str().to_owned())
                .bind((*root).clone())
                .bind(number(key.project.0))
                .bind(key.git_ref.clone())
                .bind(key.path.clone());
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

async fn update(tx: &mut AnyConnection, entity: &Entity, digest: &str) -> Result<(), Error> {
    sqlx::query("UPDATE entities SET ref = $2, digest = $3, record = $4, changed_at = $5, gone_at = 0 WHERE id = $1")
        .bind(entity.id)
        .bind(entity.entity_ref.key().as_str())
        .bind(digest)
        .bind(record(entity)?)
        .bind(entity.changed_at)
        .execute(tx)
        .await?;
    Ok(())
}

async fn insert(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    new: Vec<New>,
    times: Times,
    applied: &mut Applied,
) -> Result<(), Error> {
    let mut waiting: HashMap<(String, String), Entity> = HashMap::with_capacity(new.len());
    for chunk in new.chunks(VALUES / 8) {
        let mut query = statement(format!(
            "INSERT INTO entities (connection, root, slot, ref, digest, record, claimed_at, changed_at) VALUES {} \
             RETURNING id, root, slot",
            rows_of(8, chunk.len())
        ));
        for row in chunk {
            query = query
                .bind(connection.as_str().to_owned())
                .bind(row.root.clone())
                .bind(row.slot.clone())
                .bind(row.entity.entity_ref.key().as_str().to_owned())
                .bind(row.digest.clone())
                .bind(row.record.clone())
                .bind(times.claimed_at)
                .bind(times.now);
            waiting.insert((row.root.clone(), row.slot.clone()), row.entity.clone());
        }
        for row in query.fetch_all(&mut *tx).await? {
            let key: (String, String) = (row.try_get("root")?, row.try_get("slot")?);
            if let Some(mut entity) = waiting.remove(&key) {
                entity.id = row.try_get("id")?;
                applied.put.push(entity);
            }
        }
    }
    Ok(())
}

/// Takes them out of the catalog and keeps them for a while: they may have gone by mistake. With when and why.
async fn remove(tx: &mut AnyConnection, ids: &[i64], (now, because): (Millis, &str)) -> Result<(), Error> {
    for chunk in ids.chunks(VALUES) {
        let mut query = statement(format!(
            "UPDATE entities SET gone_at = $1, gone_because = $2 WHERE id IN ({})",
            list_from(3, chunk.len())
        ))
        .bind(now)
        .bind(because.to_owned());
        for id in chunk {
            query = query.bind(*id);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

pub(crate) async fn remove_roots(
    tx: &mut AnyConnection,
    connection: &ConnectionName,
    roots: &[Root],
    why: (Millis, &str),
    applied: &mut Applied,
) -> Result<(), Error> {
    let roots: Vec<String> = roots.iter().map(ToString::to_string).collect();
    let held = held_by(tx, connection, &roots).await?;
    let gone: Vec<i64> = held.into_values().filter(|row| !row.gone).map(|row| row.id).collect();
    remove(tx, &gone, why).await?;
    put_reach(tx, connection, &roots, &[]).await?;
    applied.removed.extend(gone);
    Ok(())
}

pub(crate) fn read(row: &sqlx::any::AnyRow) -> Result<Entity, Error> {
    let id: i64 = row.try_get("id")?;
    let record: String = row.try_get("record")?;
    let mut entity: Entity = serde_json::from_str(&record).map_err(|e| Error::damaged("entities", id, e))?;
    entity.id = id;
    entity.claimed_at = row.try_get("claimed_at")?;
    entity.changed_at = row.try_get("changed_at")?;
    Ok(entity)
}

impl Store {
    /// Hands over every entity, one after the other, so that they are never all in memory twice.
    ///
    /// # Errors
    /// When the database does not answer or a row is damaged.
    pub async fn each_entity(&self, mut take: impl FnMut(Entity)) -> Result<(), Error> {
        let mut rows =
            sqlx::query("SELECT id, record, claimed_at, changed_at FROM entities WHERE gone_at = 0 ORDER BY id")
                .fetch(&self.inner.reader);
        while let Some(row) = rows.try_next().await? {
            take(read(&row)?);
        }
        Ok(())
    }

    /// The entities of one root.
    ///
    /// # Errors
    /// When the database does not answer or a row is damaged.
    pub async fn entities_of(&self, connection: &ConnectionName, root: &Root) -> Result<Vec<Entity>, Error> {
        let rows = sqlx::query(
            "SELECT id, record, claimed_at, changed_at FROM entities WHERE connection = $1 AND root = $2 \
             AND gone_at = 0 ORDER BY id",
        )
        .bind(connection.as_str())
        .bind(root.to_string())
        .fetch_all(&self.inner.reader)
        .await?;
        rows.iter().map(read).collect()
    }

    /// The roots a connection has entities of.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn roots(&self, connection: &ConnectionName) -> Result<Vec<Root>, Error> {
        let rows = sqlx::query("SELECT DISTINCT root FROM entities WHERE connection = $1 AND gone_at = 0")
            .bind(connection.as_str())
            .fetch_all(&self.inner.reader)
            .await?;
        let mut roots = Vec::new();
        for row in rows {
            let text: String = row.try_get("root")?;
            roots.push(Root::parse(&text).ok_or_else(|| Error::damaged("entities", &text, "unknown kind of root"))?);
        }
        Ok(roots)
    }
}

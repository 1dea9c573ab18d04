//! Is a backup good? Everything in it is looked at, as a restore would.

use std::path::Path;

use model::Entity;

use super::{
    BackupError, Damage, TableRows,
    format::{Cell, Header},
    read::{Item, Reader},
    schema::{Schema, Table},
};
use crate::{AuditRow, SealedRow, audit::Chain};

/// What a good backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The first line.
    pub header: Header,
    /// Bytes of the file.
    pub size: u64,
    /// What is in it.
    pub tables: Vec<TableRows>,
}

/// Reads all of it: structure, counts, digest, the chain of the audit trail, every entity. Each sealed secret is handed to
/// `secret`, for whoever has the keys.
///
/// # Errors
/// When it cannot be read, or how it is damaged.
pub async fn verify(path: &Path, secret: &mut dyn FnMut(SealedRow)) -> Result<Verified, BackupError> {
    let mut reader = Reader::open(path)?;
    let schema = Schema::at(reader.header.schema_version).await?;
    let mut tables: Vec<TableRows> = Vec::new();
    let mut looks: Option<Looks> = None;
    let mut chain = Chain::default();
    loop {
        tokio::task::consume_budget().await;
        match reader.next(&schema)? {
            Item::Table(index, _) => {
                if let Some(table) = schema.tables.get(index) {
                    looks = Looks::at(table);
                    tables.push(TableRows { table: table.name.clone(), rows: 0 });
                }
            }
            Item::Row(cells) => {
                if let Some(table) = tables.last_mut() {
                    table.rows += 1;
                }
                if let Some(looks) = &looks
                    && let Err(damage) = looks.row(&cells, &mut chain, secret)
                {
                    return Err(reader.refuse(damage));
                }
            }
            Item::End => return Ok(Verified { header: reader.header, size: reader.size, tables }),
        }
    }
}

/// What a row means, where this room knows it, with the places of its columns.
enum Looks {
    Audit { id: usize, at: usize, record: usize, previous: usize, hash: usize },
    Entity { id: usize, record: usize },
    Secret { name: usize, sealed: usize },
}

impl Looks {
    /// A table that lost one of these columns would no longer be looked at; a test holds that all three are.
    fn at(table: &Table) -> Option<Self> {
        let place = |name| table.names().position(|column| column == name);
        match table.name.as_str() {
            "audit" => Some(Self::Audit {
                id: place("id")?,
                at: place("at")?,
                record: place("record")?,
                previous: place("previous")?,
                hash: place("hash")?,
            }),
            "entities" => Some(Self::Entity { id: place("id")?, record: place("record")? }),
            "secrets" => Some(Self::Secret { name: place("name")?, sealed: place("sealed")? }),
            _ => None,
        }
    }

    fn row(&self, cells: &[Cell], chain: &mut Chain, secret: &mut dyn FnMut(SealedRow)) -> Result<(), Damage> {
        match *self {
            Self::Audit { id, at, record, previous, hash } => {
                let row = AuditRow {
                    id: number(cells, id),
                    at: number(cells, at),
                    record: text(cells, record).to_owned(),
                    previous: text(cells, previous).to_owned(),
                    hash: text(cells, hash).to_owned(),
                };
                chain.next(&row).map_err(Damage::Chain)
            }
            Self::Entity { id, record } => match serde_json::from_str::<Entity>(text(cells, record)) {
                Ok(_) => Ok(()),
                Err(error) => Err(Damage::Entity { id: number(cells, id), why: error.to_string() }),
            },
            Self::Secret { name, sealed } => {
                secret(SealedRow { name: text(cells, name).to_owned(), sealed: text(cells, sealed).to_owned() });
                Ok(())
            }
        }
    }
}

fn number(cells: &[Cell], place: usize) -> i64 {
    match cells.get(place) {
        Some(Cell::Number(number)) => *number,
        _ => 0,
    }
}

fn text(cells: &[Cell], place: usize) -> &str {
    match cells.get(place) {
        Some(Cell::Text(text)) => text,
        _ => "",
    }
}

//! What a database of a schema version consists of: found out by taking the migrations' steps in memory, so that no list
//! has to be kept beside them.

use sqlx::{AnyConnection, Connection, Row};

use crate::{Dialect, Error, migrate, sql::statement};

/// Not part of a backup: the schema version stands in its header, and which servers run and lead is true only while they
/// do.
const LEFT_OUT: &[&str] = &["schema_version", "replicas", "leaders"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// Its place in the primary key.
    pub(super) key: Option<i64>,
    /// Does the database give out its numbers?
    pub(super) identity: bool,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

impl Table {
    pub(super) fn identity(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.identity)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}

/// The tables of one version, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) tables: Vec<Table>,
    /// Those that a backup leaves out and a replacement removes all the same.
    pub(super) left_out: Vec<String>,
}

impl Schema {
    /// The tables of version `version`, which this binary must know.
    pub(super) async fn at(version: i64) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let mut memory = AnyConnection::connect("sqlite::memory:").await?;
        migrate::steps(&mut memory, Dialect::Sqlite, 0, version).await?;
        let names = sqlx::query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             ORDER BY rowid",
        )
        .fetch_all(&mut memory)
        .await?;
        let mut schema = Self { tables: Vec::new(), left_out: Vec::new() };
        for row in names {
            let name: String = row.try_get("name")?;
            if LEFT_OUT.contains(&name.as_str()) {
                schema.left_out.push(name);
            } else {
                let columns = columns(&mut memory, &name).await?;
                schema.tables.push(Table { name, columns });
            }
        }
        memory.close().await?;
        Ok(schema)
    }
}

async fn columns(memory: &mut AnyConnection, table: &str) -> Result<Vec<Column>, Error> {
    let rows = statement(format!(
        "SELECT name, type, \"notnull\" AS required, pk FROM pragma_table_info('{table}') ORDER BY cid"
    ))
    .fetch_all(memory)
    .await?;
    rows.iter()
        .map(|row| {
            let (name, declared): (String, String) = (row.try_get("name")?, row.try_get("type")?);
            let kind = match declared.as_str() {
                "TEXT" => Kind::Text,
                "BIGINT" | "INTEGER" => Kind::Number,
                other => return Err(Error::damaged("schema", format!("{table}.{name}"), format!("type {other}"))),
            };
            let key: i64 = row.try_get("pk")?;
            Ok(Column {
                // Nothing but the dialect's word for an identity is spelled so.
                identity: declared == "INTEGER" && key > 0,
                nullable: row.try_get::<i64, _>("required")? == 0 && key == 0,
                key: (key > 0).then_some(key),
                name,
                kind,
            })
        })
        .collect()
}

//! The lines of a backup.

use std::{
    collections::BTreeMap,
    io::{self, BufWriter, Write},
};

use model::Millis;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use sqlx::{Row, any::AnyRow};
use tempfile::NamedTempFile;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use zstd::stream::write::Encoder;

use super::schema::{Kind, Table};
use crate::{Dialect, Error};

/// The first word of a file.
pub(super) const WORD: &str = "stagedoor-backup";
/// The version of what is described here. A file of another one is not guessed at.
pub(super) const FORMAT: i64 = 1;
/// The longest line. Catalog files and records are far below; more can only be damage.
pub(super) const LINE: u64 = 256 << 20;
/// zstd's own default: level 9 takes four times as long and gives a tenth less.
const LEVEL: i32 = 3;

/// What a backup says of itself: its first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Always `stagedoor-backup`.
    pub format: String,
    /// The version of the file's format.
    pub format_version: i64,
    /// The schema version of its tables.
    pub schema_version: i64,
    /// When its rows were read, RFC 3339.
    pub created_at: String,
    /// From which database: `sqlite` or `postgres`.
    pub dialect: String,
    /// Which Stagedoor wrote it.
    pub stagedoor_version: String,
}

impl Header {
    pub(super) fn new(dialect: Dialect, schema_version: i64, now: Millis) -> Self {
        let at = OffsetDateTime::from_unix_timestamp(now / 1000).ok().and_then(|at| at.format(&Rfc3339).ok());
        Self {
            format: WORD.to_owned(),
            format_version: FORMAT,
            schema_version,
            created_at: at.unwrap_or_default(),
            dialect: dialect.word().to_owned(),
            stagedoor_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The line before a table's rows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableLine {
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// The last number that the database gave out, where it gives out numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<i64>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// Tables and their rows.
    pub(super) rows: BTreeMap<String, u64>,
    /// Over everything before this line, in hex.
    pub(super) sha256: String,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Number(i64),
    Null,
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Null => serializer.serialize_unit(),
        }
    }
}

/// A row's values in the order of the table's columns.
pub(super) fn cells(row: &AnyRow, table: &Table) -> Result<Vec<Cell>, Error> {
    let cell = |(index, kind)| -> Result<Cell, Error> {
        Ok(match kind {
            Kind::Text => row.try_get::<Option<String>, _>(index)?.map_or(Cell::Null, Cell::Text),
            Kind::Number => row.try_get::<Option<i64>, _>(index)?.map_or(Cell::Null, Cell::Number),
        })
    };
    table.columns.iter().map(|column| column.kind).enumerate().map(cell).collect()
}

/// Writes lines, compressed, and remembers what their end must say.
pub(super) struct Lines {
    out: Encoder<'static, BufWriter<NamedTempFile>>,
    digest: Sha256,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn begin(file: NamedTempFile) -> io::Result<Self> {
        let mut out = Encoder::new(BufWriter::new(file), LEVEL)?;
        out.include_checksum(true)?;
        Ok(Self { out, digest: Sha256::new(), line: Vec::new() })
    }

    pub(super) fn put(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        if self.line.len() as u64 > LINE {
            return Err(io::Error::other(format!("a row is larger than {} MiB", LINE >> 20)));
        }
        self.digest.update(&self.line);
        self.out.write_all(&self.line)
    }

    /// Writes the end; the file is not yet on the disk.
    pub(super) fn end(mut self, rows: BTreeMap<String, u64>) -> io::Result<NamedTempFile> {
        let sha256 = hex::encode(self.digest.clone().finalize());
        self.put(&End { rows, sha256 })?;
        self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

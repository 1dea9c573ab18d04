//! Reading one, line by line, and telling what is wrong with it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use zstd::stream::read::Decoder;

use super::{
    BackupError, Damage,
    format::{Cell, End, FORMAT, Header, LINE, TableLine, WORD},
    schema::{Column, Kind, Schema},
};
use crate::migrate;

/// How zstd begins (RFC 8878).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What comes next.
#[derive(Debug)]
pub(super) enum Item {
    /// A table of the schema, by its place, with the last number it gave out.
    Table(usize, Option<i64>),
    /// A row of that table.
    Row(Vec<Cell>),
    /// All is there, and is what was written.
    End,
}

/// A backup that is being read.
pub(super) struct Reader {
    path: PathBuf,
    lines: BufReader<Decoder<'static, BufReader<File>>>,
    digest: Sha256,
    line: Vec<u8>,
    number: u64,
    /// Rows of the tables so far; the last is the one being read.
    counts: Vec<u64>,
    pub(super) header: Header,
    pub(super) size: u64,
}

/// A line that was read is not good, or it could not be read.
enum Wrong {
    Damage(Damage),
    Io(io::Error),
}

impl From<Damage> for Wrong {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The part of a header that every format version has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Word {
    format: String,
    format_version: i64,
}

impl Reader {
    /// Opens a file and reads what it says of itself.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let unreadable = |source| BackupError::Read { path: path.to_owned(), source };
        let damaged = |damage| BackupError::Damaged { path: path.to_owned(), damage };
        let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
        let size = file.get_ref().metadata().map_err(unreadable)?.len();
        let begin = file.fill_buf().map_err(unreadable)?;
        if begin.is_empty() {
            return Err(damaged(Damage::NoBackup("the file is empty")));
        }
        if !begin.iter().zip(MAGIC).all(|(byte, magic)| *byte == magic) {
            return Err(damaged(Damage::NoBackup("it does not begin as one")));
        }
        let lines = BufReader::new(Decoder::with_buffer(file).map_err(unreadable)?);
        let header = Header {
            format: String::new(),
            format_version: 0,
            schema_version: 0,
            created_at: String::new(),
            dialect: String::new(),
            stagedoor_version: String::new(),
        };
        let mut reader = Self {
            path: path.to_owned(),
            lines,
            digest: Sha256::new(),
            line: Vec::new(),
            number: 0,
            counts: Vec::new(),
            header,
            size,
        };
        match reader.read_header() {
            Ok(header) => reader.header = header,
            Err(wrong) => return Err(reader.explain(wrong)),
        }
        Ok(reader)
    }

    fn read_header(&mut self) -> Result<Header, Wrong> {
        self.read_line()?;
        let none = Damage::NoBackup("its first line is none of a backup");
        let word: Word = serde_json::from_slice(&self.line).map_err(|_| none.clone())?;
        if word.format != WORD {
            return Err(none.into());
        }
        if word.format_version > FORMAT {
            return Err(Damage::NewerFormat { found: word.format_version, known: FORMAT }.into());
        }
        let header: Header = serde_json::from_slice(&self.line).map_err(|error| self.odd(error))?;
        if header.schema_version > migrate::known() {
            return Err(Damage::NewerSchema { found: header.schema_version, known: migrate::known() }.into());
        }
        self.digest.update(&self.line);
        Ok(header)
    }

    /// The next table, row, or the end.
    pub(super) fn next(&mut self, schema: &Schema) -> Result<Item, BackupError> {
        self.read_item(schema).map_err(|wrong| self.explain(wrong))
    }

    fn read_item(&mut self, schema: &Schema) -> Result<Item, Wrong> {
        self.read_line()?;
        if self.line.starts_with(b"[") {
            let row = self.row(schema)?;
            self.digest.update(&self.line);
            return Ok(Item::Row(row));
        }
        if self.line.starts_with(b"{\"table\"") {
            let item = self.table(schema)?;
            self.digest.update(&self.line);
            return Ok(item);
        }
        self.end(schema)
    }

    fn row(&mut self, schema: &Schema) -> Result<Vec<Cell>, Wrong> {
        let table = self.counts.len().checked_sub(1).and_then(|index| schema.tables.get(index));
        let table = table.ok_or_else(|| self.odd("a row before the first table"))?;
        let values: Vec<Value> = serde_json::from_slice(&self.line).map_err(|error| self.odd(error))?;
        if values.len() != table.columns.len() {
            let (found, wanted) = (values.len(), table.columns.len());
            return Err(self.odd(format!("`{}` has {wanted} columns, the row has {found}", table.name)).into());
        }
        let cells = values.into_iter().zip(&table.columns).map(|(value, column)| cell(value, column));
        let cells: Option<Vec<Cell>> = cells.collect();
        let cells = cells.ok_or_else(|| self.odd(format!("a value that `{}` cannot hold", table.name)))?;
        if let Some(count) = self.counts.last_mut() {
            *count += 1;
        }
        Ok(cells)
    }

    fn table(&mut self, schema: &Schema) -> Result<Item, Wrong> {
        let line: TableLine = serde_json::from_slice(&self.line).map_err(|error| self.odd(error))?;
        let index = self.counts.len();
        let wanted = schema.tables.get(index);
        let wanted = wanted.ok_or_else(|| self.odd(format!("`{}` after the last table", line.table)))?;
        if line.table != wanted.name {
            return Err(self.odd(format!("`{}` where `{}` should be", line.table, wanted.name)).into());
        }
        if !line.columns.iter().map(String::as_str).eq(wanted.names()) {
            let columns = wanted.names().collect::<Vec<_>>().join(", ");
            return Err(self.odd(format!("the columns of `{}` should be {columns}", line.table)).into());
        }
        if line.last.is_some() != wanted.identity().is_some() {
            return Err(self.odd(format!("the last number of `{}`", line.table)).into());
        }
        self.counts.push(0);
        Ok(Item::Table(index, line.last))
    }

    fn end(&mut self, schema: &Schema) -> Result<Item, Wrong> {
        let end: End = serde_json::from_slice(&self.line).map_err(|error| self.odd(error))?;
        if let Some(missing) = schema.tables.get(self.counts.len()) {
            return Err(self.odd(format!("the end, and `{}` has not come", missing.name)).into());
        }
        for (table, found) in schema.tables.iter().zip(&self.counts) {
            let said = end.rows.get(&table.name).copied().unwrap_or_default();
            if said != *found {
                return Err(Damage::Count { table: table.name.clone(), said, found: *found }.into());
            }
        }
        if hex::encode(self.digest.clone().finalize()) != end.sha256 {
            return Err(Damage::Altered("the digest at its end is another".to_owned()).into());
        }
        if !self.lines.fill_buf()?.is_empty() {
            return Err(Damage::Altered("something stands after its end".to_owned()).into());
        }
        Ok(Item::End)
    }

    fn read_line(&mut self) -> Result<(), Wrong> {
        self.line.clear();
        self.number += 1;
        let read = self.lines.by_ref().take(LINE).read_until(b'\n', &mut self.line)?;
        if self.line.ends_with(b"\n") {
            return Ok(());
        }
        Err(if read as u64 == LINE { self.odd("it does not end").into() } else { Damage::CutOff.into() })
    }

    fn odd(&self, why: impl ToString) -> Damage {
        Damage::Line { line: self.number, why: why.to_string() }
    }

    /// Of several things that can be said, the one that explains the others: when bits are wrong, what they look like says
    /// nothing. The compression's checksum stands at the end of the file, so all of it is read.
    fn explain(&mut self, wrong: Wrong) -> BackupError {
        let (path, error) = match wrong {
            Wrong::Io(error) => (self.path.clone(), error),
            Wrong::Damage(damage) => match io::copy(&mut self.lines, &mut io::sink()) {
                Ok(_) => return BackupError::Damaged { path: self.path.clone(), damage },
                Err(error) => (self.path.clone(), error),
            },
        };
        if error.raw_os_error().is_some() {
            return BackupError::Read { path, source: error };
        }
        let damage = match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::CutOff,
            _ => Damage::Altered(error.to_string()),
        };
        BackupError::Damaged { path, damage }
    }

    /// What a row that was read as such says of itself is wrong.
    pub(super) fn refuse(&mut self, damage: Damage) -> BackupError {
        self.explain(Wrong::Damage(damage))
    }
}

fn cell(value: Value, column: &Column) -> Option<Cell> {
    match (value, column.kind) {
        (Value::String(text), Kind::Text) => Some(Cell::Text(text)),
        (Value::Number(number), Kind::Number) => number.as_i64().map(Cell::Number),
        (Value::Null, _) if column.nullable => Some(Cell::Null),
        _ => None,
    }
}

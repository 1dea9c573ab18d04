//! What differs between the two databases when all of one is read or written.

use sqlx::{AnyConnection, Row};

use super::schema::{Kind, Table};
use crate::{Dialect, Error, sql::statement};

impl Dialect {
    /// How the two are called in a backup.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// Begins a transaction that sees one moment, however long it lasts, and stands in nobody's way.
    pub(super) fn snapshot(self) -> &'static str {
        match self {
            // In WAL the first read fixes what is seen; writers go on.
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// What a connection is told before it reads or writes everything.
    pub(super) fn for_long(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[],
            Self::Postgres => &[
                "SET statement_timeout = 0",
                "SET idle_in_transaction_session_timeout = 0",
                // A forgotten session that holds a table is told of instead of waited for.
                "SET lock_timeout = '30s'",
            ],
        }
    }

    /// All rows of a table by its key. Bytes decide, not a language's order, so that both databases give the same.
    pub(super) fn select(self, table: &Table) -> String {
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let keys = table.columns.iter().filter(|column| column.key.is_some());
        let mut keys: Vec<_> = keys
            .map(|column| match (self, column.kind) {
                (Self::Postgres, Kind::Text) => (column.key, format!("{} COLLATE \"C\"", column.name)),
                _ => (column.key, column.name.clone()),
            })
            .collect();
        keys.sort();
        let keys: Vec<String> = keys.into_iter().map(|(_, text)| text).collect();
        format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), table.name, keys.join(", "))
    }

    /// Is there a table of that name?
    pub(super) async fn has_table(self, connection: &mut AnyConnection, name: &str) -> Result<bool, Error> {
        let text = match self {
            Self::Sqlite => "SELECT COUNT(*) AS held FROM sqlite_master WHERE type = 'table' AND name = $1",
            Self::Postgres => {
                "SELECT COUNT(*) AS held FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_name = $1"
            }
        };
        let row = sqlx::query(text).bind(name).fetch_one(connection).await?;
        Ok(row.try_get::<i64, _>("held")? > 0)
    }

    /// The last number that a table gave out, also when its row is gone.
    pub(super) async fn last_number(self, connection: &mut AnyConnection, table: &Table) -> Result<i64, Error> {
        let text = match self {
            Self::Sqlite => {
                "SELECT COALESCE(MAX(CAST(seq AS BIGINT)), 0) AS last FROM sqlite_sequence WHERE name = $1".to_owned()
            }
            Self::Postgres => {
                let sequence = self.sequence(connection, table).await?;
                // The name comes from the database, quoted by it where it must be.
                format!("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS last FROM {sequence}")
            }
        };
        let query = statement(text);
        let query = if self == Self::Sqlite { query.bind(table.name.clone()) } else { query };
        let last: i64 = query.fetch_one(&mut *connection).await?.try_get("last")?;
        // A row may have been put in with a number of its own.
        let column = table.identity().map_or("", |column| column.name.as_str());
        let highest = statement(format!("SELECT COALESCE(MAX({column}), 0) AS highest FROM {}", table.name));
        Ok(last.max(highest.fetch_one(connection).await?.try_get("highest")?))
    }

    /// Lets a table give out numbers after `last` only.
    pub(super) async fn continue_after(
        self,
        connection: &mut AnyConnection,
        table: &Table,
        last: i64,
    ) -> Result<(), Error> {
        if last < 1 {
            return Ok(());
        }
        if self == Self::Postgres {
            let sequence = self.sequence(connection, table).await?;
            sqlx::query("SELECT setval(CAST($1 AS regclass), $2) AS last")
                .bind(sequence)
                .bind(last)
                .execute(connection)
                .await?;
            return Ok(());
        }
        sqlx::query("DELETE FROM sqlite_sequence WHERE name = $1").bind(&table.name).execute(&mut *connection).await?;
        sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)")
            .bind(&table.name)
            .bind(last)
            .execute(connection)
            .await?;
        Ok(())
    }

    async fn sequence(self, connection: &mut AnyConnection, table: &Table) -> Result<String, Error> {
        let column = table.identity().map_or("", |column| column.name.as_str());
        let row = sqlx::query("SELECT pg_get_serial_sequence($1, $2) AS sequence")
            .bind(&table.name)
            .bind(column)
            .fetch_one(connection)
            .await?;
        Ok(row.try_get("sequence")?)
    }
}

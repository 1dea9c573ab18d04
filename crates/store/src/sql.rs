//! Statements over many rows at once: row by row, a first load would take ten times as long.

use sqlx::{Any, AssertSqlSafe, any::AnyArguments, query::Query};

/// The most values one statement may carry on both databases is 32,766 (SQLite); kept well below.
pub(crate) const VALUES: usize = 8_000;

/// `($1,$2,$3),($4,$5,$6)` for `rows` rows of `columns`.
pub(crate) fn rows_of(columns: usize, rows: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
}

/// `$from,$from+1…` for an IN list of `count`.
pub(crate) fn list_from(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(",")
}

/// A statement made of the pieces above and of literals; values are always bound, never part of the text.
pub(crate) fn statement(text: String) -> Query<'static, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(text))
}

//! `stagedoor backup …`: works on the database itself, beside a running server or without one.

mod keys;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use model::{Clock, SystemClock};
use serde_json::{Value, json};
use store::{BackupError, BackupHeader, Lock, TableRows};

use crate::{
    cli::{BackupCommand, CreateOptions, PlaceOptions, RestoreOptions, VerifyOptions},
    config::{Config, without_password},
    exit::Exit,
    output::{self, Cell, Format, Look, Paint, Table},
    signals,
};

use keys::Opened;

/// How a command ended, or how it ended after what was wrong was told.
type Ended = Result<Exit, Exit>;

pub(crate) async fn run(command: BackupCommand) -> Exit {
    let done = match command {
        BackupCommand::Create(options) => stoppable(create(&options)).await,
        BackupCommand::Verify(options) => verify(&options).await,
        BackupCommand::Restore(options) => stoppable(restore(&options)).await,
    };
    done.unwrap_or_else(|exit| exit)
}

/// Ctrl-C ends what is going on in order: the temporary file goes, the transaction is rolled back.
async fn stoppable(work: impl Future<Output = Ended>) -> Ended {
    let stop = signals::told_to_stop().map_err(|error| told(&error, Exit::Refused))?;
    tokio::select! {
        done = work => done,
        () = stop => Err(told(&"stopped; nothing was changed", Exit::Refused)),
    }
}

fn told(what: &dyn std::fmt::Display, exit: Exit) -> Exit {
    eprintln!("stagedoor: {what}");
    exit
}

fn config(place: &PlaceOptions) -> Result<Config, Exit> {
    Config::load(&place.serve()).map_err(|error| {
        crate::complain(&error);
        Exit::Unreadable
    })
}

/// Says what is wrong.
fn failed(error: &BackupError) -> Exit {
    told(error, code(error))
}

fn code(error: &BackupError) -> Exit {
    use store::Error;
    match error {
        BackupError::Read { .. } | BackupError::Store(Error::Address(_)) => Exit::Unreadable,
        BackupError::Store(error) if error.unanswered() => Exit::Unreachable,
        BackupError::NoDatabase(_) => Exit::NotFound,
        _ => Exit::Refused,
    }
}

async fn create(options: &CreateOptions) -> Ended {
    let config = config(&options.place)?;
    let (started, now) = (Instant::now(), SystemClock.now());
    let file = match (&options.file, &options.output_dir) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) => folder.join(store::backup_name(now)),
        (None, None) => PathBuf::from(store::backup_name(now)),
    };
    let made = store::create_backup(&config.database_url(), &file, options.force, now).await;
    let made = made.map_err(|error| failed(&error))?;
    let took = started.elapsed();
    let mut tree = about(&file, &made.header, made.size, &made.tables);
    tree["tookMs"] = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).into();
    Ok(print(options.output.output, &tree, |look| {
        let mut rows = described(&file, &made.header, made.size, &made.tables);
        rows.push(("took", format!("{:.1} s", took.as_secs_f64())));
        shown(&rows, look)
    }))
}

async fn verify(options: &VerifyOptions) -> Ended {
    let mut opened = match &options.key_file {
        Some(path) => Opened::with(path)?,
        None => Opened::if_there(&config(&options.place)?.key_file())?,
    };
    let file = &options.file;
    let verified = match store::verify_backup(file, &mut |row| opened.look(&row)).await {
        Ok(verified) => verified,
        Err(BackupError::Damaged { damage, path }) if options.output.output != Format::Table => {
            let tree = json!({"file": path, "good": false, "damage": damage.word(), "detail": damage.to_string()});
            print(options.output.output, &tree, |_| String::new());
            return Ok(Exit::Refused);
        }
        Err(error) => return Err(failed(&error)),
    };
    let mut tree = about(file, &verified.header, verified.size, &verified.tables);
    tree["good"] = opened.all().into();
    tree["secrets"] = opened.tree();
    let printed = print(options.output.output, &tree, |look| {
        let mut rows = described(file, &verified.header, verified.size, &verified.tables);
        rows.push(("secrets", opened.said()));
        let mut text = shown(&rows, look);
        let verdict = if opened.all() {
            look.paint(Paint::Good, "The backup is good.")
        } else {
            look.paint(Paint::Bad, "The backup is good, but this key file does not open all of its secrets.")
        };
        text.push_str(&format!("\n{verdict}\n"));
        text
    });
    Ok(if opened.all() { printed } else { Exit::Refused })
}

async fn restore(options: &RestoreOptions) -> Ended {
    let config = config(&options.place)?;
    let url = config.database_url();
    // As the server does at its first start.
    if config.database.is_none() {
        let shown = config.data.display();
        fs::create_dir_all(&config.data)
            .map_err(|error| told(&format!("the data folder {shown} cannot be made: {error}"), Exit::Refused))?;
    }
    let _lock = Lock::take(&url, "stagedoor backup restore").map_err(|error| failed(&error.into()))?;
    let mut opened = Opened::if_there(&config.key_file())?;
    let folder = options.replace.then(|| config.backups_folder());
    let (started, now) = (Instant::now(), SystemClock.now());
    let mut look = |row| opened.look(&row);
    let restored = store::restore_backup(&url, &options.file, folder.as_deref(), now, &mut look).await;
    let restored = restored.map_err(|error| failed(&error))?;
    let (took, backup) = (started.elapsed(), &restored.backup);
    let mut tree = about(&options.file, &backup.header, backup.size, &backup.tables);
    tree["database"] = without_password(&url).into();
    tree["databaseSchemaVersion"] = restored.schema.into();
    tree["before"] = json!(restored.before);
    tree["secrets"] = opened.tree();
    tree["tookMs"] = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).into();
    Ok(print(options.output.output, &tree, |look| {
        let mut rows = described(&options.file, &backup.header, backup.size, &backup.tables);
        rows.push(("into", format!("{}, schema version {}", without_password(&url), restored.schema)));
        if let Some(before) = &restored.before {
            rows.push(("what was there", before.display().to_string()));
        }
        rows.push(("secrets", opened.said()));
        rows.push(("took", format!("{:.1} s", took.as_secs_f64())));
        let mut text = shown(&rows, look);
        text.push_str(&format!("\n{}\n", look.paint(Paint::Good, "The backup was restored.")));
        text
    }))
}

/// What all of them tell of a backup, for programs.
fn about(file: &Path, header: &BackupHeader, size: u64, tables: &[TableRows]) -> Value {
    json!({
        "file": file,
        "size": size,
        "rows": rows(tables),
        "tables": tables,
        "formatVersion": header.format_version,
        "schemaVersion": header.schema_version,
        "createdAt": header.created_at,
        "dialect": header.dialect,
        "stagedoorVersion": header.stagedoor_version,
    })
}

fn rows(tables: &[TableRows]) -> u64 {
    tables.iter().map(|table| table.rows).sum()
}

/// The same for people.
fn described(file: &Path, header: &BackupHeader, size: u64, tables: &[TableRows]) -> Vec<(&'static str, String)> {
    let of = |name: &str| tables.iter().find(|table| table.table == name).map_or(0, |table| table.rows);
    let database = if header.dialect == "sqlite" { "SQLite" } else { "PostgreSQL" };
    vec![
        ("backup", file.display().to_string()),
        ("size", bytes(size)),
        ("rows", format!("{} ({} entities, {} of the audit trail)", rows(tables), of("entities"), of("audit"))),
        ("made", format!("{} by Stagedoor {} from {database}", header.created_at, header.stagedoor_version)),
        ("versions", format!("format {}, schema {}", header.format_version, header.schema_version)),
    ]
}

fn shown(rows: &[(&str, String)], look: Look) -> String {
    let mut table = Table::new(["", ""]);
    for (name, value) in rows {
        table.row([Cell::new(*name).paint(Paint::Dim), value.into()]);
    }
    // A path is read to its end.
    table.render(Look { width: None, ..look })
}

fn bytes(size: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| size >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", size / unit, size % unit * 10 / unit),
        None => format!("{size} bytes"),
    }
}

fn print(format: Format, tree: &Value, table: impl FnOnce(Look) -> String) -> Exit {
    match output::print(format, tree, table) {
        Ok(()) => Exit::Good,
        Err(error) => told(&error, Exit::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_say_them() {
        let check = |size, said: &str| assert_eq!(bytes(size), said);
        check(0, "0 bytes");
        check(999, "999 bytes");
        check(1_000, "1.0 kB");
        check(12_345_678, "12.3 MB");
        check(9_999_999_999, "9.9 GB");
    }
}

//! Backups: made while others write, checked, damaged in every way, put back into either database.

mod damage;
mod migration;
mod refused;
mod writers;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use model::ConnectionName;
use policy::{Trail, TrailEntry};
use sqlx::{AnyPool, AssertSqlSafe, Row};
use store::{BackupError, Batch, ConnectionRow, Replacement, Restored, Root, SealedRow, Store};

use crate::support::{self, Fixture, NOW, both, connection, entity};

both!(it_fits_either_database, every_table_and_column_is_in_it, it_is_a_file_of_its_own);

/// Texts that some part on the way could stumble over.
const TEXTS: [&str; 3] = ["plain", "é \u{1f3ad} \"quoted\"\\\n\ttwo lines ' \u{2028}", ""];

pub(super) fn entry(request: &str) -> TrailEntry {
    TrailEntry {
        at: NOW,
        principal: "local-operator".into(),
        request: request.into(),
        action: "RefreshCatalog".into(),
        resource: "catalog".into(),
        allowed: true,
        rule: "local-operator".into(),
    }
}

pub(super) fn batch(root: u64, name: &str) -> Batch {
    let entities = vec![entity(name, Some("catalog-info.yaml"), TEXTS[1])];
    let root = Root::Project(model::ProjectId(root));
    Batch { replacements: vec![Replacement { root, entities, reach: Vec::new() }], ..Batch::default() }
}

/// Tables of a database with their columns and types, as the database itself tells.
async fn tables(f: &Fixture) -> BTreeMap<String, Vec<(String, String)>> {
    let pool = AnyPool::connect(&f.url).await.expect("pool");
    let text = if f.url.starts_with("sqlite") {
        "SELECT m.name AS tab, c.name AS col, lower(c.type) AS typ FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name <> 'sqlite_sequence' ORDER BY m.name, c.cid"
    } else {
        "SELECT CAST(table_name AS TEXT) AS tab, CAST(column_name AS TEXT) AS col, CAST(data_type AS TEXT) AS typ \
         FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
    };
    let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in sqlx::query(text).fetch_all(&pool).await.expect("answers") {
        let (table, column, kind): (String, String, String) =
            (row.try_get("tab").expect("tab"), row.try_get("col").expect("col"), row.try_get("typ").expect("typ"));
        found.entry(table).or_default().push((column, kind));
    }
    pool.close().await;
    found.retain(|table, _| !["schema_version", "replicas", "leaders"].contains(&table.as_str()));
    found
}

/// Puts rows into every table that there is.
pub(super) async fn fill(f: &Fixture) {
    for (n, sample) in (0..).zip(TEXTS) {
        let id = f.store.decided(&entry(sample)).await.expect("decided");
        f.store.ended(id, NOW, sample).await.expect("ended");
        f.store.apply(&connection(), batch(n, &format!("e{n}"))).await.expect("stored");
    }
    // The highest number is given out and gone.
    f.store.apply(&connection(), batch(9, "gone")).await.expect("stored");
    let gone = Batch { roots_gone: vec![Root::Project(model::ProjectId(9))], ..Batch::default() };
    f.store.apply(&connection(), gone).await.expect("gone");
    let pool = AnyPool::connect(&f.url).await.expect("pool");
    for (table, columns) in tables(f).await {
        if ["audit", "entities"].contains(&table.as_str()) {
            continue;
        }
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        let text = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
        for (n, sample) in (1_i64..).zip(TEXTS) {
            let mut query = sqlx::query(AssertSqlSafe(text.clone()));
            for (column, kind) in &columns {
                query = match (column.as_str(), kind.as_str()) {
                    // A file without text, an event without project, a job without error.
                    ("content" | "last_error", _) if n == 2 => query.bind(None::<String>),
                    ("failed_at" | "dead_at", _) if n == 2 => query.bind(None::<i64>),
                    ("project_id", _) if n == 2 && table == "hook_events" => query.bind(None::<i64>),
                    ("connection", _) => query.bind(format!("c{n}")),
                    (_, "text") => query.bind(format!("{n}{sample}")),
                    _ => query.bind(n * 1_000_000_007),
                };
            }
            query.execute(&pool).await.unwrap_or_else(|error| panic!("{table}: {error}"));
        }
    }
    pool.close().await;
}

/// Its lines after the header, which tells time and database.
pub(super) fn lines(path: &Path) -> Vec<String> {
    let text = String::from_utf8(plain(path)).expect("text");
    let mut lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    let end = lines.pop().expect("an end");
    let mut end: serde_json::Value = serde_json::from_str(&end).expect("JSON");
    end["sha256"].take();
    lines.push(end.to_string());
    lines
}

/// Two backups hold the same, row by row.
pub(super) fn same(one: &Path, other: &Path) {
    let (one, other) = (lines(one), lines(other));
    let different = one.iter().zip(&other).find(|(one, other)| one != other);
    assert_eq!((different, one.len()), (None, other.len()));
}

pub(super) fn plain(path: &Path) -> Vec<u8> {
    zstd::decode_all(std::fs::File::open(path).expect("open")).expect("zstd")
}

pub(super) async fn create(url: &str, path: &Path) -> store::Created {
    store::create_backup(url, path, false, NOW).await.expect("a backup")
}

pub(super) async fn restore(url: &str, path: &Path, replace: Option<&Path>) -> Result<Restored, BackupError> {
    store::restore_backup(url, path, replace, NOW, &mut |_| {}).await
}

pub(super) async fn verify(path: &Path) -> Result<store::Verified, BackupError> {
    store::verify_backup(path, &mut |_| {}).await
}

async fn it_fits_either_database(f: Fixture) {
    fill(&f).await;
    let folder = tempfile::tempdir().expect("folder");
    let first = folder.path().join("first");
    let created = create(&f.url, &first).await;
    let verified = verify(&first).await.expect("good");
    assert_eq!((&verified.header, &verified.tables, verified.size), (&created.header, &created.tables, created.size));
    assert!(created.tables.iter().all(|table| table.rows >= 3), "{created:?}");
    let sqlite = format!("sqlite:{}", folder.path().join("new.sqlite").display());
    for (n, url) in [sqlite, support::empty_postgres().await].into_iter().enumerate() {
        let restored = restore(&url, &first, None).await.expect("restored");
        assert_eq!((restored.backup, restored.before), (verified.clone(), None));
        let again = folder.path().join(format!("again-{n}"));
        create(&url, &again).await;
        same(&again, &first);
        numbers_go_on(&url).await;
    }
}

/// What a database gave out before, it does not give out again; the trail goes on where it was.
async fn numbers_go_on(url: &str) {
    let f = support::open(url.to_owned(), None).await;
    let applied = f.store.apply(&connection(), batch(10, "new")).await.expect("stored");
    assert_eq!(applied.put[0].id, 5, "four were given out, the last of them is gone");
    f.store.decided(&entry("after")).await.expect("decided");
    let rows = f.store.audit_after(0, 100).await.expect("rows");
    assert_eq!((rows.len(), store::AuditRow::verify(&rows)), (7, Ok(())));
    let key = store::JobKey { kind: "new".into(), key: "new".into() };
    f.store.wake(&[key]).await.expect("a job gets a number");
    f.store.close().await;
}

async fn every_table_and_column_is_in_it(f: Fixture) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b");
    create(&f.url, &path).await;
    let mut found = BTreeMap::new();
    for line in String::from_utf8(plain(&path)).expect("text").lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if let Some(table) = line.get("table") {
            let columns: Vec<String> = serde_json::from_value(line["columns"].clone()).expect("columns");
            found.insert(table.as_str().expect("a name").to_owned(), columns);
        }
    }
    let there: BTreeMap<_, Vec<_>> = tables(&f)
        .await
        .into_iter()
        .map(|(table, columns)| (table, columns.into_iter().map(|(name, _)| name).collect()))
        .collect();
    // In order on SQLite; a column that a later migration adds stands last on both.
    assert_eq!(found, there);
    for looked_at in ["audit", "entities", "secrets", "jobs"] {
        assert!(found.contains_key(looked_at), "{looked_at}");
    }
}

async fn it_is_a_file_of_its_own(f: Fixture) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b");
    create(&f.url, &path).await;
    let mode = std::fs::metadata(&path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let before = std::fs::read(&path).expect("read");
    let error = store::create_backup(&f.url, &path, false, NOW).await.expect_err("there is one");
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    assert_eq!(std::fs::read(&path).expect("read"), before);
    f.store.decided(&entry("x")).await.expect("decided");
    store::create_backup(&f.url, &path, true, NOW).await.expect("replaced");
    assert_ne!(std::fs::read(&path).expect("read"), before);
    assert_eq!(names(folder.path()), ["b"], "nothing is left beside it");
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("list");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(super) async fn add(store: &Store, name: &str) {
    let name = ConnectionName::parse(name).expect("legal");
    let secret = SealedRow { name: format!("connection/{name}/token"), sealed: "v1:sealed".into() };
    let row = ConnectionRow { name, url: "https://git.example/".into(), record: "{}".into(), added_at: NOW };
    assert!(store.add_connection(&row, &[secret]).await.expect("added"));
}

/// A backup of one database with rows in every table, for tests that only need a file.
pub(super) async fn sample(folder: &Path) -> PathBuf {
    let f = support::sqlite().await;
    fill(&f).await;
    let path = folder.join("sample");
    create(&f.url, &path).await;
    path
}

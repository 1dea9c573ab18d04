//! Where a backup is not put, and what happens to what is there.

use std::fs;

use policy::Trail;
use sqlx::AnyPool;
use store::{BackupError, Error};

use super::{batch, create, entry, fill, names, restore, same, verify};
use crate::support::{Fixture, NOW, both, connection, sqlite};

both!(
    a_database_with_rows_is_replaced_only_when_told,
    a_replacement_that_fails_changes_nothing,
    a_newer_database_is_left_alone,
    nothing_there_is_no_backup,
);

async fn a_database_with_rows_is_replaced_only_when_told(f: Fixture) {
    let folder = tempfile::tempdir().expect("folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let other = sqlite().await;
    fill(&other).await;
    create(&other.url, &new).await;
    f.store.apply(&connection(), batch(1, "mine")).await.expect("stored");
    f.store.close().await;
    create(&f.url, &old).await;
    let error = restore(&f.url, &new, None).await.expect_err("not empty");
    let BackupError::NotEmpty { table, .. } = &error else { panic!("{error}") };
    assert!(table == "entities" && error.to_string().contains("--replace"), "{error}");
    let backups = folder.path().join("backups");
    let restored = restore(&f.url, &new, Some(&backups)).await.expect("replaced");
    let before = restored.before.expect("what was there is kept");
    same(&before, &old);
    assert!(before.starts_with(&backups) && before.to_string_lossy().contains("before-restore-"), "{before:?}");
    let now = folder.path().join("now");
    create(&f.url, &now).await;
    same(&now, &new);
    // And back again.
    restore(&f.url, &old, Some(&folder.path().join("second"))).await.expect("replaced");
    fs::remove_file(&now).expect("removed");
    create(&f.url, &now).await;
    same(&now, &old);
}

async fn a_replacement_that_fails_changes_nothing(f: Fixture) {
    let folder = tempfile::tempdir().expect("folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    f.store.decided(&entry("mine")).await.expect("decided");
    create(&f.url, &old).await;
    // Good by all that can be seen in a file, and refused by the database in the middle: a key twice.
    let other = sqlite().await;
    fill(&other).await;
    create(&other.url, &new).await;
    let doubled = doubled_key(&new);
    fs::write(&new, doubled).expect("written");
    verify(&new).await.expect("nothing to be seen");
    let error = restore(&f.url, &new, Some(folder.path())).await.expect_err("a key twice");
    assert!(matches!(error, BackupError::Store(Error::Sql(_))), "{error}");
    let now = folder.path().join("now");
    create(&f.url, &now).await;
    same(&now, &old);
    f.store.decided(&entry("goes on")).await.expect("decided");
}

/// The last row of the last table that has rows once more, counted and with a right digest.
fn doubled_key(path: &std::path::Path) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let text = String::from_utf8(super::plain(path)).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    let mut end: serde_json::Value = serde_json::from_str(lines.pop().expect("an end")).expect("JSON");
    let row = lines.iter().rposition(|line| line.starts_with('[')).expect("a row");
    let table = lines[..row].iter().rfind(|line| line.starts_with('{')).expect("its table");
    let table: serde_json::Value = serde_json::from_str(table).expect("JSON");
    let count = &mut end["rows"][table["table"].as_str().expect("a name")];
    *count = (count.as_i64().expect("a count") + 1).into();
    lines.insert(row, lines[row]);
    let mut out: String = lines.iter().map(|line| format!("{line}\n")).collect();
    end["sha256"] = hex::encode(Sha256::digest(&out)).into();
    out.push_str(&format!("{end}\n"));
    zstd::encode_all(out.as_bytes(), 1).expect("zstd")
}

async fn a_newer_database_is_left_alone(f: Fixture) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b");
    create(&f.url, &path).await;
    let pool = AnyPool::connect(&f.url).await.expect("pool");
    sqlx::query("INSERT INTO schema_version (version) VALUES (999)").execute(&pool).await.expect("from the future");
    let error = restore(&f.url, &path, Some(folder.path())).await.expect_err("newer");
    assert!(matches!(error, BackupError::Store(Error::Newer { found: 999, .. })), "{error}");
    let second = folder.path().join("c");
    let error = store::create_backup(&f.url, &second, false, NOW).await.expect_err("newer");
    assert!(matches!(error, BackupError::Store(Error::Newer { found: 999, .. })), "{error}");
    assert_eq!(names(folder.path()), ["b"]);
}

async fn nothing_there_is_no_backup(f: Fixture) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b");
    let pool = AnyPool::connect(&f.url).await.expect("pool");
    sqlx::query("DELETE FROM schema_version").execute(&pool).await.expect("none");
    let absent = format!("sqlite:{}", folder.path().join("none.sqlite").display());
    for url in [&f.url, &absent] {
        let error = store::create_backup(url, &path, false, NOW).await.expect_err("nothing there");
        assert!(matches!(error, BackupError::NoDatabase(_)), "{error}");
    }
    assert_eq!(names(folder.path()), [""; 0], "no file, no database");
}

#[tokio::test]
async fn not_while_a_server_was_just_seen() {
    let f = crate::support::postgres().await;
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b");
    create(&f.url, &path).await;
    let pool = AnyPool::connect(&f.url).await.expect("pool");
    let seen = async |ago: i64| {
        sqlx::query("DELETE FROM replicas").execute(&pool).await.expect("cleared");
        // Servers are seen by the clock of the database.
        sqlx::query(
            "INSERT INTO replicas (id, record, seen_at) \
             VALUES ('a', '{}', CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - $1)",
        )
        .bind(ago)
        .execute(&pool)
        .await
        .expect("seen");
    };
    for ago in [0, -60_000] {
        seen(ago).await;
        let error = restore(&f.url, &path, Some(folder.path())).await.expect_err("a server runs");
        assert!(matches!(error, BackupError::Running { .. }), "{error}");
    }
    seen(15_000).await;
    restore(&f.url, &path, None).await.expect("it is gone");
}

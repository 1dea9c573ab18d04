//! Every kind of damage has its own words, and none is put back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{BackupError, ChainError, Damage};

use super::{names, plain, restore, sample, verify};

async fn damage(path: &Path) -> Damage {
    match verify(path).await.expect_err("it is damaged") {
        BackupError::Damaged { damage, .. } => damage,
        other => panic!("{other}"),
    }
}

/// The sample's lines, changed, with counts and digest as somebody who knows the format would write them.
fn rewritten(folder: &Path, path: &Path, honest: bool, change: impl FnOnce(&mut Vec<Value>)) -> PathBuf {
    let text = String::from_utf8(plain(path)).expect("text");
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    change(&mut lines);
    let end = lines.pop().expect("an end");
    let mut out: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut end = end;
    if honest {
        let mut table = String::new();
        let mut rows = serde_json::Map::new();
        for line in &lines {
            match line.get("table") {
                Some(name) => {
                    table = name.as_str().expect("a name").to_owned();
                    rows.insert(table.clone(), json!(0));
                }
                None if line.is_array() => {
                    let count = rows.get(&table).and_then(Value::as_i64).unwrap_or_default();
                    rows.insert(table.clone(), json!(count + 1));
                }
                None => {}
            }
        }
        end["rows"] = rows.into();
        end["sha256"] = hex::encode(Sha256::digest(&out)).into();
    }
    out.push_str(&format!("{end}\n"));
    let changed = folder.join("changed");
    fs::write(&changed, zstd::encode_all(out.as_bytes(), 1).expect("zstd")).expect("written");
    changed
}

/// Where the first row of a table stands.
fn row_of(lines: &[Value], table: &str) -> usize {
    lines.iter().position(|line| line.get("table") == Some(&json!(table))).expect("the table") + 1
}

#[tokio::test]
async fn what_is_no_backup() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("b");
    fs::write(&path, "").expect("written");
    assert_eq!(damage(&path).await, Damage::NoBackup("the file is empty"));
    fs::write(&path, "SQLite format 3").expect("written");
    assert_eq!(damage(&path).await, Damage::NoBackup("it does not begin as one"));
    fs::write(&path, zstd::encode_all(&b"{\"format\":\"other\",\"formatVersion\":1}\n"[..], 1).expect("zstd"))
        .expect("written");
    assert!(matches!(damage(&path).await, Damage::NoBackup(_)));
    let error = verify(&folder.path().join("none")).await.expect_err("not there");
    assert!(matches!(error, BackupError::Read { .. }), "{error}");
}

#[tokio::test]
async fn cut_off_anywhere() {
    let folder = tempfile::tempdir().expect("folder");
    let whole = fs::read(sample(folder.path()).await).expect("read");
    let path = folder.path().join("cut");
    for length in (4..whole.len()).step_by(37).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..length]).expect("written");
        assert_eq!(damage(&path).await, Damage::CutOff, "{length} of {}", whole.len());
    }
}

#[tokio::test]
async fn one_bit_anywhere() {
    let folder = tempfile::tempdir().expect("folder");
    let sample = sample(folder.path()).await;
    let (whole, content) = (fs::read(&sample).expect("read"), plain(&sample));
    let path = folder.path().join("flipped");
    let (mut altered, mut harmless) = (0, 0);
    for (position, bit) in (0..whole.len()).zip((0..8).cycle()) {
        let mut bytes = whole.clone();
        bytes[position] ^= 1 << bit;
        fs::write(&path, &bytes).expect("written");
        match verify(&path).await {
            // zstd leaves one bit of its header without a meaning, and its window may be larger than it has to be.
            Ok(_) => {
                assert_eq!(plain(&path), content, "bit {bit} of byte {position}");
                harmless += 1;
            }
            Err(BackupError::Damaged { damage: Damage::Altered(_), .. }) => altered += 1,
            // A length that now leads past the end looks as if it were cut off; the first four bytes say what it is.
            Err(BackupError::Damaged { damage: Damage::CutOff | Damage::NoBackup(_), .. }) => {}
            Err(other) => panic!("bit {bit} of byte {position}: {other}"),
        }
    }
    assert!(altered > whole.len() * 9 / 10 && harmless <= 8, "{altered} of {}, {harmless} harmless", whole.len());
}

#[tokio::test]
async fn something_after_its_end() {
    let folder = tempfile::tempdir().expect("folder");
    let path = sample(folder.path()).await;
    let mut bytes = fs::read(&path).expect("read");
    bytes.extend(zstd::encode_all(&b"[1]\n"[..], 1).expect("zstd"));
    fs::write(&path, bytes).expect("written");
    assert_eq!(damage(&path).await, Damage::Altered("something stands after its end".into()));
}

#[tokio::test]
async fn lines_that_are_missing_or_wrong() {
    let folder = tempfile::tempdir().expect("folder");
    let path = sample(folder.path()).await;
    let check = async |honest: bool, change: fn(&mut Vec<Value>)| {
        let changed = rewritten(folder.path(), &path, honest, change);
        damage(&changed).await
    };
    let missing = check(false, |lines| drop(lines.remove(row_of(lines, "jobs")))).await;
    assert_eq!(missing, Damage::Count { table: "jobs".into(), said: 3, found: 2 });
    let doubled = check(false, |lines| lines.insert(row_of(lines, "jobs"), lines[row_of(lines, "jobs")].clone())).await;
    assert_eq!(doubled, Damage::Count { table: "jobs".into(), said: 3, found: 4 });
    let other = check(false, |lines| {
        let row = row_of(lines, "projects");
        lines[row][2] = json!("another/path");
    });
    assert_eq!(other.await, Damage::Altered("the digest at its end is another".into()));
    let says = async |change: fn(&mut Vec<Value>), what: &str| match check(true, change).await {
        Damage::Line { why, .. } if why.contains(what) => {}
        other => panic!("{what}: {other}"),
    };
    says(|lines| drop(lines.remove(row_of(lines, "projects") - 1)), "a row before the first table").await;
    says(|lines| drop(lines.remove(row_of(lines, "jobs") - 1)), "columns").await;
    says(|lines| drop(lines.drain(row_of(lines, "jobs") - 1..lines.len() - 1)), "`jobs` has not come").await;
    says(|lines| lines.insert(lines.len() - 1, json!({"table": "x", "columns": []})), "`x` after the last").await;
    says(|lines| lines.insert(1, json!({"table": "x", "columns": []})), "`x` where `projects` should be").await;
    says(|lines| lines[1]["columns"] = json!(["connection"]), "the columns of `projects` should be").await;
    says(|lines| lines[1]["last"] = json!(7), "the last number of `projects`").await;
    says(|lines| wrong_value(lines, json!("text")), "a value that `projects` cannot hold").await;
    says(|lines| wrong_value(lines, json!(null)), "a value that `projects` cannot hold").await;
    says(|lines| wrong_value(lines, json!(1.5)), "a value that `projects` cannot hold").await;
}

fn wrong_value(lines: &mut [Value], value: Value) {
    let row = row_of(lines, "projects");
    lines[row][1] = value;
}

#[tokio::test]
async fn what_a_newer_version_wrote() {
    let folder = tempfile::tempdir().expect("folder");
    let path = sample(folder.path()).await;
    // A newer format may look different in all else.
    let newer = rewritten(folder.path(), &path, true, |lines| {
        lines[0] = json!({"format": "stagedoor-backup", "formatVersion": 2})
    });
    assert_eq!(damage(&newer).await, Damage::NewerFormat { found: 2, known: 1 });
    let newer = rewritten(folder.path(), &path, true, |lines| lines[0]["schemaVersion"] = json!(999));
    assert!(matches!(damage(&newer).await, Damage::NewerSchema { found: 999, .. }));
}

#[tokio::test]
async fn rows_that_mean_something_are_looked_at() {
    let folder = tempfile::tempdir().expect("folder");
    let path = sample(folder.path()).await;
    let altered = rewritten(folder.path(), &path, true, |lines| {
        let row = row_of(lines, "audit") + 2;
        lines[row][1] = json!(1);
    });
    assert_eq!(damage(&altered).await, Damage::Chain(ChainError::Altered(3)));
    let removed = rewritten(folder.path(), &path, true, |lines| drop(lines.remove(row_of(lines, "audit"))));
    assert_eq!(damage(&removed).await, Damage::Chain(ChainError::Broken(2)));
    let entity = rewritten(folder.path(), &path, true, |lines| {
        let row = row_of(lines, "entities");
        let columns = lines[row - 1]["columns"].as_array().expect("columns");
        let record = columns.iter().position(|name| name == "record").expect("record");
        lines[row][record] = json!("{}");
    });
    assert!(matches!(damage(&entity).await, Damage::Entity { id: 1, .. }));
    let mut secrets = Vec::new();
    store::verify_backup(&path, &mut |row| secrets.push(row)).await.expect("good");
    assert_eq!(secrets.len(), 3);
    assert!(secrets.iter().any(|row| row.sealed == "1plain" && row.name == "1plain"), "{secrets:?}");
}

#[tokio::test]
async fn none_of_it_is_put_back() {
    let folder = tempfile::tempdir().expect("folder");
    let path = sample(folder.path()).await;
    let changed = rewritten(folder.path(), &path, false, |lines| drop(lines.remove(row_of(lines, "jobs"))));
    let database = folder.path().join("new.sqlite");
    let error = restore(&format!("sqlite:{}", database.display()), &changed, None).await.expect_err("damaged");
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
    assert_eq!(names(folder.path()), ["changed", "sample"], "not even an empty database is made");
}

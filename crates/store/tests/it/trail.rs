use policy::{Trail, TrailEntry};
use store::{AuditRow, ChainError, Error, Store};

use crate::support::{Fixture, NOW, both};

both!(the_chain_holds_under_many_writers, a_newer_database_is_refused, its_tables_are_looked_at);

fn entry(n: usize) -> TrailEntry {
    TrailEntry {
        at: NOW,
        principal: "local-operator".into(),
        request: format!("r{n}"),
        action: "RefreshCatalog".into(),
        resource: "catalog".into(),
        allowed: true,
        rule: "local-operator".into(),
    }
}

async fn the_chain_holds_under_many_writers(f: Fixture) {
    let writers = (0..20).map(|n| {
        let store = f.store.clone();
        tokio::spawn(async move {
            let id = store.decided(&entry(n)).await.expect("decided");
            store.ended(id, NOW, "done: 1").await.expect("ended");
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("writer");
    }
    let rows = f.store.audit_after(0, 1_000).await.expect("rows");
    assert_eq!(rows.len(), 40);
    assert_eq!(AuditRow::verify(&rows), Ok(()));
    tampering_is_found(rows);
}

fn tampering_is_found(rows: Vec<AuditRow>) {
    let check = |change: fn(&mut Vec<AuditRow>), expected| {
        let mut rows = rows.clone();
        change(&mut rows);
        assert_eq!(AuditRow::verify(&rows), Err(expected));
    };
    check(
        |rows| rows[4].record = rows[4].record.replace("done", "Done").replace("local", "other"),
        ChainError::Altered(5),
    );
    check(|rows| rows[4].at += 1, ChainError::Altered(5));
    check(|rows| drop(rows.remove(4)), ChainError::Broken(6));
    check(|rows| rows.swap(4, 5), ChainError::Broken(6));
    check(|rows| drop(rows.remove(0)), ChainError::Broken(2));
}

async fn a_newer_database_is_refused(f: Fixture) {
    let pool = sqlx::AnyPool::connect(&f.url).await.expect("pool");
    sqlx::query("INSERT INTO schema_version (version) VALUES (999)").execute(&pool).await.expect("from the future");
    let error = Store::open(&f.url, std::sync::Arc::new(f.clock.clone())).await.expect_err("refused");
    assert!(matches!(error, Error::Newer { found: 999, .. }), "{error}");
}

async fn its_tables_are_looked_at(f: Fixture) {
    let same = store::tables(&f.url).await.expect("opens");
    assert!(same.found == same.known && same.known > 0, "{same:?}");
    let pool = sqlx::AnyPool::connect(&f.url).await.expect("pool");
    sqlx::query("DROP TABLE schema_version").execute(&pool).await.expect("dropped");
    let none = store::tables(&f.url).await.expect("opens");
    assert_eq!((none.found, none.known), (0, same.known));
}

//! While others write.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use policy::Trail;

use super::{add, batch, create, entry, restore, verify};
use crate::support::{Fixture, NOW, both, connection, empty_postgres};

both!(one_moment_while_others_write);

async fn one_moment_while_others_write(f: Fixture) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..4_u64 {
        let (store, stop) = (f.store.clone(), Arc::clone(&stop));
        writers.push(tokio::spawn(async move {
            let mut round = 0;
            while !stop.load(Ordering::SeqCst) {
                round += 1;
                let id = store.decided(&entry(&format!("{writer}/{round}"))).await.expect("decided");
                // A connection and its secret are added in one transaction.
                add(&store, &format!("w{writer}-{round}")).await;
                store
                    .apply(&connection(), batch(writer * 1_000 + round % 7, &format!("e{round}")))
                    .await
                    .expect("stored");
                store.ended(id, NOW, "done").await.expect("ended");
            }
            round
        }));
    }
    let folder = tempfile::tempdir().expect("folder");
    let mut before = 0;
    for n in 0..8 {
        let path = folder.path().join(n.to_string());
        // Each begins after somebody wrote again.
        while f.store.audit_after(before, 1).await.expect("rows").is_empty() {
            tokio::task::yield_now().await;
        }
        create(&f.url, &path).await;
        let good = verify(&path).await.expect("the chain is whole, counts and digest are right");
        let rows = |name: &str| good.tables.iter().find(|table| table.table == name).expect("there").rows;
        assert_eq!(rows("connections"), rows("secrets"), "both or neither");
        let seen = i64::try_from(rows("audit")).expect("few");
        assert!(seen > before, "{seen} rows, {before} before");
        before = seen;
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        assert!(writer.await.expect("writer") > 0, "each of them wrote");
    }
    let sqlite = format!("sqlite:{}", folder.path().join("new.sqlite").display());
    for url in [sqlite, empty_postgres().await] {
        restore(&url, &folder.path().join("7"), None).await.expect("the last is put back");
    }
}

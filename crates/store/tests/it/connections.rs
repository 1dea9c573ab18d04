use model::ConnectionName;
use store::{ConnectionRow, SealedRow};

use crate::support::{Fixture, NOW, both, connection};

both!(a_connection_comes_and_goes_with_its_secrets, health_is_kept_for_any_connection);

fn row(name: &str) -> ConnectionRow {
    ConnectionRow {
        name: ConnectionName::parse(name).expect("legal"),
        url: "https://gitlab.example/".to_owned(),
        record: "{}".to_owned(),
        added_at: NOW,
    }
}

fn sealed(name: &str, value: &str) -> SealedRow {
    SealedRow { name: name.to_owned(), sealed: value.to_owned() }
}

async fn a_connection_comes_and_goes_with_its_secrets(f: Fixture) {
    let store = &f.store;
    assert!(!store.has_secrets().await.expect("asked"));
    let token = [sealed("connection/main/token", "v1:a")];
    assert!(store.add_connection(&row("main"), &token).await.expect("added"));
    assert!(store.add_connection(&row("main-2"), &[sealed("connection/main-2/token", "v1:z")]).await.expect("added"));
    let again = [sealed("connection/main/token", "v1:b")];
    assert!(!store.add_connection(&row("main"), &again).await.expect("answered"), "the name is taken");
    assert_eq!(
        store.secret("connection/main/token").await.expect("read").as_deref(),
        Some("v1:a"),
        "and nothing changed"
    );
    assert!(store.change_connection(&connection(), "{\"a\":1}", &again).await.expect("changed"));
    assert_eq!(store.secret("connection/main/token").await.expect("read").as_deref(), Some("v1:b"));
    store.keep_secret(&sealed("connection/main/hook", "v1:h")).await.expect("kept");
    let rows = store.connections().await.expect("rows");
    assert_eq!(rows.iter().map(|row| row.record.as_str()).collect::<Vec<_>>(), ["{\"a\":1}", "{}"]);
    store.keep_health(&connection(), "{}").await.expect("kept");
    assert!(store.remove_connection(&connection()).await.expect("removed"));
    assert!(!store.remove_connection(&connection()).await.expect("answered"));
    assert!(!store.change_connection(&connection(), "{}", &[]).await.expect("answered"));
    assert_eq!(store.secret("connection/main/hook").await.expect("read"), None);
    assert_eq!(store.health(&connection()).await.expect("read"), None);
    let other = store.secret("connection/main-2/token").await.expect("read");
    assert_eq!(other.as_deref(), Some("v1:z"), "a name that begins alike keeps its own");
    assert!(store.has_secrets().await.expect("asked"));
}

async fn health_is_kept_for_any_connection(f: Fixture) {
    let store = &f.store;
    assert_eq!(store.health(&connection()).await.expect("read"), None);
    store.keep_health(&connection(), "{\"n\":1}").await.expect("kept");
    store.keep_health(&connection(), "{\"n\":2}").await.expect("kept");
    assert_eq!(store.health(&connection()).await.expect("read").as_deref(), Some("{\"n\":2}"));
}

use model::{BlobId, ProjectId};
use store::{Batch, Error, FileKey, FileRow, Location, ProjectRow, Replacement, Root, Store};

use crate::support::{Fixture, NOW, all, both, connection, entity};

both!(
    rows_keep_their_number_and_claim,
    unchanged_entities_change_nothing,
    renamed_inferred_entities_keep_their_row,
    a_thousand_roots_go_in_at_once,
    a_gone_project_takes_what_it_had,
    files_round_trip,
    a_failed_batch_changes_nothing,
    everything_is_there_after_opening_again,
    locations_are_registered_once,
);

fn root(n: u64) -> Root {
    Root::Project(ProjectId(n))
}

fn replace(root: Root, entities: Vec<model::Entity>) -> Batch {
    Batch { replacements: vec![Replacement { root, entities, reach: Vec::new() }], ..Batch::default() }
}

async fn rows_keep_their_number_and_claim(f: Fixture) {
    let first =
        f.store.apply(&connection(), replace(root(1), vec![entity("a", Some("x.yaml"), "1")])).await.expect("1");
    let id = first.put[0].id;
    f.clock.advance(5);
    let above = vec![entity("new", Some("x.yaml"), "1"), entity("a", Some("x.yaml"), "2")];
    let second = f.store.apply(&connection(), replace(root(1), above)).await.expect("2");
    let again = second.put.iter().find(|e| e.entity_ref.name() == "a").expect("a");
    assert_eq!((again.id, again.claimed_at, again.changed_at), (id, NOW, NOW + 5));
    assert!(second.removed.is_empty());
    let third = f.store.apply(&connection(), replace(root(1), vec![])).await.expect("3");
    assert_eq!(third.removed.len(), 2);
    assert!(third.removed.contains(&id));
}

async fn unchanged_entities_change_nothing(f: Fixture) {
    let same = || replace(root(1), vec![entity("a", Some("x.yaml"), "1"), entity("a", Some("x.yaml"), "twice")]);
    assert_eq!(f.store.apply(&connection(), same()).await.expect("1").put.len(), 2);
    f.clock.advance(5);
    let again = f.store.apply(&connection(), same()).await.expect("2");
    assert_eq!((again.put.len(), again.removed.len()), (0, 0));
    assert!(all(&f.store).await.iter().all(|e| e.changed_at == NOW));
}

async fn renamed_inferred_entities_keep_their_row(f: Fixture) {
    let before = f.store.apply(&connection(), replace(root(1), vec![entity("old", None, "")])).await.expect("1");
    let after = f.store.apply(&connection(), replace(root(1), vec![entity("new", None, "")])).await.expect("2");
    assert_eq!(before.put[0].id, after.put[0].id);
    assert_eq!(after.put[0].entity_ref.name(), "new");
    assert!(after.removed.is_empty());
}

async fn a_thousand_roots_go_in_at_once(f: Fixture) {
    let replacements = (1..=1_000)
        .map(|n| Replacement {
            root: root(n),
            entities: vec![entity(&format!("c{n}"), Some("x.yaml"), ""), entity(&format!("d{n}"), Some("x.yaml"), "")],
            reach: vec![FileKey { project: ProjectId(n), git_ref: String::new(), path: "x.yaml".into() }],
        })
        .collect();
    let applied = f.store.apply(&connection(), Batch { replacements, ..Batch::default() }).await.expect("applies");
    assert_eq!(applied.put.len(), 2_000);
    let mut ids: Vec<i64> = applied.put.iter().map(|e| e.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2_000);
    // The numbers that came back belong to the entities they came back with.
    let stored = all(&f.store).await;
    for entity in applied.put {
        assert!(stored.iter().any(|s| s.id == entity.id && s.entity_ref == entity.entity_ref));
    }
    assert_eq!(all(&f.store).await.len(), 2_000);
    let reaching = f.store.roots_reaching(&connection(), &[ProjectId(7), ProjectId(9_999)]).await.expect("reach");
    assert_eq!(reaching.into_iter().collect::<Vec<_>>(), [(root(7), vec![ProjectId(7)])]);
}

async fn a_gone_project_takes_what_it_had(f: Fixture) {
    let mut batch = replace(root(1), vec![entity("a", Some("x.yaml"), "")]);
    batch.projects.push(ProjectRow { id: ProjectId(1), path: "a/B".into(), record: "{}".into() });
    batch.replacements[0].reach.push(FileKey { project: ProjectId(1), git_ref: String::new(), path: "x".into() });
    f.store.apply(&connection(), batch).await.expect("1");
    assert!(f.store.project_by_path(&connection(), "A/b").await.expect("by path").is_some());
    let gone = Batch { projects_gone: vec![ProjectId(1)], ..Batch::default() };
    assert_eq!(f.store.apply(&connection(), gone).await.expect("2").removed.len(), 1);
    assert!(f.store.project(&connection(), ProjectId(1)).await.expect("project").is_none());
    assert!(f.store.reach_of(&connection(), &[root(1)]).await.expect("reach").is_empty());
}

async fn files_round_trip(f: Fixture) {
    let key = |path: &str| FileKey { project: ProjectId(9), git_ref: String::new(), path: path.into() };
    let file = |path: &str, text: Option<&str>| FileRow {
        key: key(path),
        blob: BlobId("ab".into()),
        size: 3,
        text: text.map(str::to_owned),
    };
    let files = vec![file("a", Some("äß\n")), file("b", None), file("c", Some("a\0b"))];
    f.store.apply(&connection(), Batch { files, ..Batch::default() }).await.expect("1");
    let gone = Batch { files_gone: vec![key("b")], ..Batch::default() };
    f.store.apply(&connection(), gone).await.expect("2");
    let mut found = f.store.files(&connection(), &[ProjectId(9)]).await.expect("files");
    found.sort_by(|a, b| a.key.cmp(&b.key));
    let texts: Vec<_> = found.iter().map(|f| f.text.as_deref()).collect();
    assert_eq!(texts, [Some("äß\n"), Some("a\u{fffd}b")]);
    assert_eq!(f.store.blobs(&connection(), &[ProjectId(9)]).await.expect("blobs").len(), 2);
}

async fn a_failed_batch_changes_nothing(f: Fixture) {
    let mut batch = replace(root(1), vec![entity("a", Some("x.yaml"), "")]);
    // A table that is not there makes the last statement of the batch fail.
    let other = Store::open(&f.url, std::sync::Arc::new(f.clock.clone())).await.expect("second");
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&f.url).await.expect("pool");
    sqlx::query("ALTER TABLE entities RENAME TO elsewhere").execute(&pool).await.expect("renamed");
    batch.projects.push(ProjectRow { id: ProjectId(1), path: "a".into(), record: "{}".into() });
    let error = other.apply(&connection(), batch).await.expect_err("fails");
    assert!(matches!(error, Error::Sql(_)), "{error}");
    sqlx::query("ALTER TABLE elsewhere RENAME TO entities").execute(&pool).await.expect("renamed back");
    assert!(f.store.projects(&connection()).await.expect("projects").is_empty());
    assert!(all(&f.store).await.is_empty());
}

async fn everything_is_there_after_opening_again(f: Fixture) {
    f.store.apply(&connection(), replace(root(1), vec![entity("a", Some("x.yaml"), "")])).await.expect("1");
    f.store.pass_finished(&connection(), NOW).await.expect("pass");
    let before = all(&f.store).await;
    f.store.close().await;
    let again = Store::open(&f.url, std::sync::Arc::new(f.clock.clone())).await.expect("opens again");
    assert_eq!(all(&again).await, before);
    assert_eq!(again.last_pass(&connection()).await.expect("pass"), Some(NOW));
}

async fn locations_are_registered_once(f: Fixture) {
    let location = Location {
        id: "1".into(),
        connection: connection(),
        kind: "url".into(),
        target: "https://git.example/a/b/-/blob/main/c.yaml".into(),
        created_at: NOW,
    };
    assert!(f.store.add_location(&location).await.expect("added"));
    assert!(!f.store.add_location(&location).await.expect("known"));
    assert_eq!(f.store.locations().await.expect("listed"), std::slice::from_ref(&location));
    assert_eq!(f.store.remove_location("1").await.expect("removed"), Some(location));
    assert_eq!(f.store.remove_location("1").await.expect("nothing"), None);
}

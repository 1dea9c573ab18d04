use std::time::Duration;

use model::{ConnectionName, ProjectId};
use store::{Batch, Claim, FileKey, FileRow, JobKey, Location, ProjectRow, Replacement, Root, ShareRow, Source};

use crate::support::{Fixture, NOW, all, both, connection, entity};

both!(
    everything_of_a_connection_goes_at_once,
    what_is_read_anew_keeps_its_entities,
    a_share_is_kept_once,
    a_job_goes_on_and_a_failed_one_that_was_asked_for_again_does_not_wait,
);

fn other() -> ConnectionName {
    ConnectionName::parse("main-2").expect("legal")
}

fn source(url: &str) -> Source {
    Source { url: url.into(), reading: "catalog-info.yaml\n\n".into() }
}

fn job(key: &str) -> JobKey {
    JobKey { kind: "catalog.project".into(), key: key.into() }
}

async fn fill(f: &Fixture, connection: &ConnectionName) {
    let key = FileKey { project: ProjectId(1), git_ref: String::new(), path: "catalog-info.yaml".into() };
    let file = FileRow { key: key.clone(), blob: model::BlobId("00".into()), size: 1, text: Some("x".into()) };
    let root = Root::Project(ProjectId(1));
    let replacement =
        Replacement { root, entities: vec![entity("a", Some("catalog-info.yaml"), "")], reach: vec![key] };
    let batch = Batch {
        projects: vec![ProjectRow { id: ProjectId(1), path: "a/b".into(), record: "{}".into() }],
        files: vec![file],
        replacements: vec![replacement],
        ..Batch::default()
    };
    f.store.apply(connection, batch).await.expect("stored");
    f.store.pass_finished(connection, NOW).await.expect("pass");
    f.store.put_source(connection, &source("https://git.example/")).await.expect("source");
    let share = ShareRow { project: ProjectId(1), active_at: 1, asked_at: 2, record: "null".into() };
    f.store.put_share(connection, &share).await.expect("share");
    let location = Location {
        id: connection.to_string(),
        connection: connection.clone(),
        kind: "url".into(),
        target: format!("https://git.example/{connection}"),
        created_at: NOW,
    };
    f.store.add_location(&location).await.expect("location");
    f.store.wake(&[job(connection.as_str()), job(&format!("{connection}/1"))]).await.expect("woken");
}

async fn everything_of_a_connection_goes_at_once(f: Fixture) {
    fill(&f, &connection()).await;
    fill(&f, &other()).await;
    let mut held = f.store.connections_held().await.expect("held");
    held.sort();
    assert_eq!(held, [connection(), other()]);
    assert_eq!(f.store.forget_connection(&connection()).await.expect("forgotten").removed.len(), 1);
    assert_eq!(f.store.connections_held().await.expect("held"), [other()]);
    assert_eq!(f.store.source(&connection()).await.expect("source"), None);
    assert_eq!(f.store.last_pass(&connection()).await.expect("pass"), None);
    assert!(f.store.shares(&connection()).await.expect("shares").is_empty());
    assert_eq!(all(&f.store).await.len(), 1);
    let mut jobs = Vec::new();
    while let Some(job) = f.store.claim(&Claim::any(Duration::from_secs(60))).await.expect("claims") {
        jobs.push(job.key.key);
    }
    assert_eq!(jobs, ["main-2", "main-2/1"], "jobs of a name that begins alike stay");
    assert!(f.store.forget_connection(&connection()).await.expect("nothing").removed.is_empty());
}

async fn what_is_read_anew_keeps_its_entities(f: Fixture) {
    fill(&f, &connection()).await;
    let changed = Source { reading: "other.yaml\n\n".into(), ..source("https://git.example/") };
    f.store.read_anew(&connection(), &changed).await.expect("noted");
    assert_eq!(f.store.source(&connection()).await.expect("source"), Some(changed));
    assert!(f.store.blobs(&connection(), &[ProjectId(1)]).await.expect("blobs").is_empty());
    assert!(f.store.reach_elsewhere(&connection(), &["other.yaml".to_owned()]).await.expect("reach").is_empty());
    let projects = f.store.projects(&connection()).await.expect("projects");
    assert_eq!(projects[&ProjectId(1)].record, "");
    assert_eq!(all(&f.store).await.len(), 1);
}

async fn a_share_is_kept_once(f: Fixture) {
    fill(&f, &connection()).await;
    let again = ShareRow { project: ProjectId(1), active_at: 5, asked_at: 6, record: "{}".into() };
    f.store.put_share(&connection(), &again).await.expect("share");
    let shares = f.store.shares(&connection()).await.expect("shares");
    assert_eq!(shares.into_values().collect::<Vec<_>>(), [again]);
    f.store.apply(&connection(), Batch { projects_gone: vec![ProjectId(1)], ..Batch::default() }).await.expect("gone");
    assert!(f.store.shares(&connection()).await.expect("shares").is_empty());
}

async fn a_job_goes_on_and_a_failed_one_that_was_asked_for_again_does_not_wait(f: Fixture) {
    let lease = Duration::from_secs(60);
    f.store.wake(&[job("a")]).await.expect("woken");
    let first = f.store.claim(&Claim::any(lease)).await.expect("claims").expect("due");
    f.store.go_on(&first, NOW + 500).await.expect("goes on");
    assert_eq!(f.store.claim(&Claim::any(lease)).await.expect("claims"), None);
    f.clock.advance(500);
    let second = f.store.claim(&Claim::any(lease)).await.expect("claims").expect("due");
    assert_eq!(second.attempts, 0, "that was no failure");
    f.store.wake(&[job("a")]).await.expect("woken");
    f.store.postpone(&second, NOW + 90_000, "no answer").await.expect("postponed");
    let third = f.store.claim(&Claim::any(lease)).await.expect("claims").expect("due at once");
    f.store.postpone(&third, NOW + 90_000, "no answer").await.expect("postponed");
    assert_eq!(f.store.claim(&Claim::any(lease)).await.expect("claims"), None);
    f.store.wake_at(&job("b"), NOW + 1_000).await.expect("woken");
    assert_eq!(f.store.next_due().await.expect("due"), Some(NOW + 1_000));
}

use std::time::Duration;

use model::ProjectId;
use store::{Accepted, Claim, HookEvent, JobKey};

use crate::support::{Fixture, NOW, both, connection};

both!(
    a_job_asked_for_often_runs_once,
    a_job_asked_for_while_it_runs_runs_again,
    a_lease_that_ends_frees_the_job,
    a_postponed_job_waits,
    two_workers_never_take_one_job,
    an_event_is_stored_once_with_its_job,
    old_events_are_forgotten,
);

const LEASE: Duration = Duration::from_secs(60);

fn key(key: &str) -> JobKey {
    JobKey { kind: "catalog.project".into(), key: key.into() }
}

async fn a_job_asked_for_often_runs_once(f: Fixture) {
    f.store.wake(&[key("a"), key("a"), key("b")]).await.expect("woken");
    f.store.wake(&[key("a")]).await.expect("woken");
    let first = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("due");
    let second = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("due");
    assert_eq!((first.key.key.as_str(), second.key.key.as_str()), ("a", "b"));
    assert_eq!(f.store.claim(&Claim::any(LEASE)).await.expect("claims"), None);
    f.store.finish(std::slice::from_ref(&first)).await.expect("ends");
    f.store.finish(std::slice::from_ref(&second)).await.expect("ends");
    assert_eq!(f.store.next_due().await.expect("due"), None);
}

async fn a_job_asked_for_while_it_runs_runs_again(f: Fixture) {
    f.store.wake(&[key("a")]).await.expect("woken");
    let running = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("due");
    f.store.wake(&[key("a")]).await.expect("woken");
    assert_eq!(f.store.claim(&Claim::any(LEASE)).await.expect("claims"), None);
    f.store.finish(std::slice::from_ref(&running)).await.expect("ends");
    let again = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("due again");
    f.store.finish(std::slice::from_ref(&again)).await.expect("ends");
    assert_eq!(f.store.claim(&Claim::any(LEASE)).await.expect("claims"), None);
}

async fn a_lease_that_ends_frees_the_job(f: Fixture) {
    f.store.wake(&[key("a")]).await.expect("woken");
    let lost = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("due");
    assert_eq!(f.store.next_due().await.expect("due"), Some(NOW + 60_000));
    f.clock.advance(60_000);
    let again = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("free again");
    assert_eq!((again.id, lost.attempts, again.attempts), (lost.id, 0, 1));
}

async fn a_postponed_job_waits(f: Fixture) {
    f.store.wake(&[key("a")]).await.expect("woken");
    let job = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("due");
    f.store.postpone(&job, NOW + 500, "429").await.expect("postponed");
    assert_eq!(f.store.claim(&Claim::any(LEASE)).await.expect("claims"), None);
    assert_eq!(f.store.next_due().await.expect("due"), Some(NOW + 500));
    f.clock.advance(500);
    assert!(f.store.claim(&Claim::any(LEASE)).await.expect("claims").is_some());
}

async fn two_workers_never_take_one_job(f: Fixture) {
    let keys: Vec<_> = (0..40).map(|n| key(&n.to_string())).collect();
    f.store.wake(&keys).await.expect("woken");
    let workers = (0..8).map(|_| {
        let store = f.store.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some(job) = store.claim(&Claim::any(LEASE)).await.expect("claims") {
                taken.push(job.id);
            }
            taken
        })
    });
    let mut taken = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        taken.extend(worker.await.expect("worker"));
    }
    taken.sort_unstable();
    let before = taken.len();
    taken.dedup();
    assert_eq!((before, taken.len()), (40, 40));
}

fn event(id: &str) -> HookEvent {
    HookEvent {
        connection: connection(),
        id: id.into(),
        kind: "push".into(),
        project: Some(ProjectId(7)),
        received_at: NOW,
    }
}

async fn an_event_is_stored_once_with_its_job(f: Fixture) {
    assert_eq!(f.store.accept_hook(event("e1")).await.expect("1"), Accepted::Stored);
    let job = f.store.claim(&Claim::any(LEASE)).await.expect("claims").expect("woken by the event");
    assert_eq!(job.key, key("main/7"));
    f.store.finish(std::slice::from_ref(&job)).await.expect("ends");
    assert_eq!(f.store.accept_hook(event("e1")).await.expect("2"), Accepted::Duplicate);
    assert_eq!(f.store.claim(&Claim::any(LEASE)).await.expect("claims"), None);
    assert_eq!(f.store.accept_hook(event("e2")).await.expect("3"), Accepted::Stored);
}

async fn old_events_are_forgotten(f: Fixture) {
    f.store.accept_hook(event("e1")).await.expect("1");
    assert_eq!(f.store.forget_old_hooks().await.expect("young"), 0);
    f.clock.advance(9 * 24 * 60 * 60 * 1000);
    assert_eq!(f.store.forget_old_hooks().await.expect("old"), 1);
}

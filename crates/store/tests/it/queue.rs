//! Leases, lanes, and jobs that were put aside.

use std::{slice::from_ref, time::Duration};

use store::{Claim, Error, JobKey, LONGEST_WAIT, QueueState};

use crate::support::{Fixture, NOW, both, connection};

both!(
    a_worker_that_comes_back_late_changes_nothing,
    what_a_lost_worker_read_is_not_stored,
    a_renewed_lease_goes_on,
    what_somebody_waits_for_does_not_wait_behind_long_work,
    a_kind_of_a_newer_version_is_left_alone,
    jobs_alike_are_taken_together,
    a_dead_job_waits_for_somebody_who_asks,
    a_dead_job_is_retried_or_dropped_by_hand,
    a_clock_that_was_set_back_stops_nothing,
    counts_and_lists_agree,
);

const LEASE: Duration = Duration::from_secs(60);

fn key(kind: &str, key: &str) -> JobKey {
    JobKey { kind: kind.into(), key: key.into() }
}

fn any() -> Claim<'static> {
    Claim::any(LEASE)
}

async fn a_worker_that_comes_back_late_changes_nothing(f: Fixture) {
    f.store.wake(&[key("k", "a")]).await.expect("woken");
    let late = f.store.claim(&any()).await.expect("claims").expect("due");
    f.clock.advance(60_000);
    let now = f.store.claim(&any()).await.expect("claims").expect("the lease ended");
    f.store.finish(from_ref(&late)).await.expect("said");
    f.store.postpone(&late, NOW + 500_000, "late").await.expect("said");
    f.store.bury(&late, "late").await.expect("said");
    assert_eq!(f.store.renew(from_ref(&late), LEASE).await.expect("said"), Vec::<i64>::new());
    let counts = f.store.queue_counts().await.expect("counts");
    assert_eq!((counts.running, counts.dead, counts.retrying), (1, 0, 0));
    f.store.finish(from_ref(&now)).await.expect("ends");
    assert_eq!(f.store.next_due().await.expect("due"), None);
}

async fn what_a_lost_worker_read_is_not_stored(f: Fixture) {
    f.store.wake(&[key("k", "a")]).await.expect("woken");
    let late = f.store.claim(&any()).await.expect("claims").expect("due");
    f.clock.advance(60_000);
    let now = f.store.claim(&any()).await.expect("claims").expect("the lease ended");
    let project = store::ProjectRow { id: model::ProjectId(1), path: "a/b".into(), record: "{}".into() };
    let of = |job: &store::Job| store::Batch {
        projects: vec![project.clone()],
        jobs: vec![job.clone()],
        ..store::Batch::default()
    };
    let refused = f.store.apply(&connection(), of(&late)).await.expect_err("another worker holds it");
    assert!(matches!(refused, Error::LeaseLost), "{refused}");
    assert!(f.store.projects(&connection()).await.expect("projects").is_empty());
    f.store.apply(&connection(), of(&now)).await.expect("stored");
    assert_eq!(f.store.projects(&connection()).await.expect("projects").len(), 1);
}

async fn a_renewed_lease_goes_on(f: Fixture) {
    f.store.wake(&[key("k", "a")]).await.expect("woken");
    let job = f.store.claim(&any()).await.expect("claims").expect("due");
    f.clock.advance(40_000);
    assert_eq!(f.store.renew(from_ref(&job), LEASE).await.expect("renews"), vec![job.id]);
    f.clock.advance(40_000);
    assert_eq!(f.store.claim(&any()).await.expect("claims"), None);
    f.clock.advance(20_000);
    assert!(f.store.claim(&any()).await.expect("claims").is_some());
}

async fn what_somebody_waits_for_does_not_wait_behind_long_work(f: Fixture) {
    f.store.wake(&[key("pass", "a"), key("pass", "b")]).await.expect("woken");
    f.clock.advance(1);
    f.store.wake_urgently(&[key("project", "c")]).await.expect("woken");
    let urgent = Claim { urgent: true, ..any() };
    let first = f.store.claim(&urgent).await.expect("claims").expect("due");
    assert_eq!(first.key, key("project", "c"));
    assert_eq!(f.store.claim(&urgent).await.expect("claims"), None);
    // The others go by age, so that nothing starves.
    assert_eq!(f.store.claim(&any()).await.expect("claims").expect("due").key, key("pass", "a"));
    // Asked for urgently, what waited becomes urgent.
    f.store.wake_urgently(&[key("pass", "b")]).await.expect("woken");
    assert_eq!(f.store.claim(&urgent).await.expect("claims").expect("due").key, key("pass", "b"));
}

async fn a_kind_of_a_newer_version_is_left_alone(f: Fixture) {
    f.store.wake(&[key("of.tomorrow", "a"), key("known", "b")]).await.expect("woken");
    let claim = Claim { kinds: &["known", "other"], ..any() };
    assert_eq!(f.store.claim(&claim).await.expect("claims").expect("due").key, key("known", "b"));
    assert_eq!(f.store.claim(&claim).await.expect("claims"), None);
    assert_eq!(f.store.queue_counts().await.expect("counts").waiting, 1);
}

async fn jobs_alike_are_taken_together(f: Fixture) {
    let keys = [key("p", "main/1"), key("p", "main/2"), key("p", "mainz/4"), key("p", "other/3"), key("q", "main/5")];
    f.store.wake(&keys).await.expect("woken");
    let first = f.store.claim(&any()).await.expect("claims").expect("due");
    assert_eq!(first.key, keys[0]);
    let more = f.store.claim_alike(&first, "main/", 10, LEASE).await.expect("claims");
    assert_eq!(more.iter().map(|job| &job.key).collect::<Vec<_>>(), [&keys[1]]);
    let all = [vec![first], more].concat();
    f.store.finish(&all).await.expect("ends");
    assert_eq!(f.store.queue(None, 10).await.expect("queue").len(), 3);
}

async fn a_dead_job_waits_for_somebody_who_asks(f: Fixture) {
    f.store.wake(&[key("k", "a")]).await.expect("woken");
    let job = f.store.claim(&any()).await.expect("claims").expect("due");
    f.store.bury(&job, "the file has no end").await.expect("buried");
    f.clock.advance(LONGEST_WAIT * 24);
    assert_eq!(f.store.claim(&any()).await.expect("claims"), None);
    assert_eq!(f.store.next_due().await.expect("due"), None);
    f.store.wake(&[key("k", "a")]).await.expect("woken");
    let again = f.store.claim(&any()).await.expect("claims").expect("asked for");
    assert_eq!((again.id, again.attempts), (job.id, 0));
    // Asked for while it is worked on, it does not die.
    f.store.wake(&[key("k", "a")]).await.expect("woken");
    f.store.bury(&again, "still").await.expect("said");
    assert_eq!(f.store.queue_counts().await.expect("counts").dead, 0);
    assert!(f.store.claim(&any()).await.expect("claims").is_some());
}

async fn a_dead_job_is_retried_or_dropped_by_hand(f: Fixture) {
    f.store.wake(&[key("k", "a"), key("k", "b"), key("k", "c")]).await.expect("woken");
    while let Some(job) = f.store.claim(&any()).await.expect("claims") {
        f.store.bury(&job, "no").await.expect("buried");
    }
    let dead = f.store.queue(Some(QueueState::Dead), 10).await.expect("queue");
    assert_eq!(dead.len(), 3);
    assert_eq!(dead[0].last_error.as_deref(), Some("no"));
    assert_eq!(f.store.retry_jobs(Some(dead[0].id)).await.expect("retried"), 1);
    assert_eq!(f.store.retry_jobs(Some(-1)).await.expect("none"), 0);
    let job = f.store.claim(&any()).await.expect("claims").expect("retried");
    assert_eq!((job.id, job.attempts), (dead[0].id, 0));
    assert!(f.store.drop_dead_job(dead[1].id).await.expect("dropped"));
    assert!(!f.store.drop_dead_job(dead[1].id).await.expect("gone already"));
    assert!(!f.store.drop_dead_job(dead[0].id).await.expect("it is being worked on"));
    assert_eq!(f.store.retry_jobs(None).await.expect("the rest"), 1);
    assert_eq!(f.store.queue_counts().await.expect("counts").dead, 0);
}

async fn a_clock_that_was_set_back_stops_nothing(f: Fixture) {
    f.clock.advance(6 * LONGEST_WAIT);
    f.store.wake(&[key("k", "a"), key("k", "b")]).await.expect("woken");
    let held = f.store.claim(&any()).await.expect("claims").expect("due");
    f.clock.advance(-5 * LONGEST_WAIT);
    let waiting = f.store.claim(&any()).await.expect("claims").expect("its time lies too far ahead to be meant");
    let freed = f.store.claim(&any()).await.expect("claims").expect("so does its lease");
    let mut taken = [waiting.id, freed.id];
    taken.sort_unstable();
    assert!(taken.contains(&held.id) && taken[0] != taken[1]);
    f.store.postpone(&waiting, model::Clock::now(&f.clock) + 30_000, "later").await.expect("said");
    assert_eq!(f.store.claim(&any()).await.expect("claims"), None);
    f.clock.advance(-1_000);
    f.store.pull_in_jobs().await.expect("pulled in");
    let again = f.store.claim(&any()).await.expect("claims").expect("due by the clock as it is now");
    assert_eq!(again.id, waiting.id);
    f.store.postpone(&freed, NOW + 900 * LONGEST_WAIT, "asked to wait for weeks").await.expect("said");
    f.clock.advance(LONGEST_WAIT);
    assert!(f.store.claim(&any()).await.expect("claims").is_some());
}

async fn counts_and_lists_agree(f: Fixture) {
    f.store
        .wake(&[key("k", "dead"), key("k", "retrying"), key("k", "running"), key("k", "waiting")])
        .await
        .expect("woken");
    let jobs = [(); 3].map(|()| ());
    let mut taken = Vec::new();
    for () in jobs {
        taken.push(f.store.claim(&any()).await.expect("claims").expect("due"));
    }
    f.store.bury(&taken[0], "no").await.expect("buried");
    f.store.postpone(&taken[1], NOW + 5_000, "not yet").await.expect("postponed");
    let rows = f.store.queue(None, 10).await.expect("queue");
    let states: Vec<QueueState> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [QueueState::Dead, QueueState::Retrying, QueueState::Running, QueueState::Waiting]);
    assert_eq!(
        (rows[1].failed_at, rows[1].run_at, rows[1].last_error.as_deref()),
        (Some(NOW), NOW + 5_000, Some("not yet"))
    );
    let counts = f.store.queue_counts().await.expect("counts");
    assert_eq!((counts.dead, counts.retrying, counts.running, counts.waiting), (1, 1, 1, 1));
    assert_eq!(counts.oldest_due, Some(NOW));
}

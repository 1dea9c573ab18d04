//! The feed, what a later reading takes the place of, and what left the catalog.

use model::ProjectId;
use store::{Accepted, Batch, HookEvent, Reading, Replacement, Root, Told};

use crate::support::{Fixture, NOW, all, both, connection, entity};

both!(
    every_change_is_told_in_order,
    a_follower_that_was_away_too_long_is_told_so,
    a_row_by_a_clock_that_goes_wrong_leaves_no_gap,
    a_pass_leaves_what_a_job_stored_since_it_began,
    a_job_leaves_what_another_stored_and_says_so,
    what_left_the_catalog_comes_back_as_it_was,
    what_left_long_ago_is_forgotten,
    events_that_come_together_are_stored_once_each,
    one_of_several_leads,
);

fn replacement(project: u64, notes: &[&str]) -> Replacement {
    let entities = notes.iter().map(|note| entity(note, Some("catalog-info.yaml"), note)).collect();
    Replacement { root: Root::Project(ProjectId(project)), entities, reach: Vec::new() }
}

fn batch(reading: Reading, replacements: Vec<Replacement>) -> Batch {
    Batch { replacements, reading, ..Batch::default() }
}

async fn every_change_is_told_in_order(f: Fixture) {
    assert_eq!(f.store.feed_head().await.expect("head"), 0);
    let first =
        f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a", "b"])])).await.expect("stored");
    let second =
        f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a"])])).await.expect("stored");
    let same =
        f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a"])])).await.expect("stored");
    f.store.remove_connection(&connection()).await.expect("told, whether there is one or not");
    assert_eq!(same.seq, None);
    let rows = f.store.feed_after(0, 100).await.expect("feed").expect("kept");
    assert_eq!(rows.iter().map(|row| Some(row.seq)).take(2).collect::<Vec<_>>(), [first.seq, second.seq]);
    let ids: Vec<i64> = first.put.iter().map(|entity| entity.id).collect();
    assert!(matches!(&rows[0].told, Told::Catalog { put, removed, .. } if *put == ids && removed.is_empty()));
    assert!(
        matches!(&rows[1].told, Told::Catalog { put, removed, .. } if put.is_empty() && *removed == second.removed)
    );
    assert!(matches!(&rows[2].told, Told::Connection { name } if *name == connection()));
    assert_eq!(f.store.feed_head().await.expect("head"), rows[2].seq);
    let held = f.store.entities_by_id(&ids).await.expect("entities");
    assert_eq!(held.len(), 1, "what is gone is not handed out");
    let later = f.store.feed_after(rows[0].seq, 100).await.expect("feed").expect("kept");
    assert_eq!(later.len(), 2);
    assert_eq!(f.store.feed_after(rows[2].seq, 100).await.expect("feed"), Some(Vec::new()));
}

async fn a_follower_that_was_away_too_long_is_told_so(f: Fixture) {
    let first =
        f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a"])])).await.expect("stored");
    f.clock.advance(2 * 60 * 60 * 1000);
    f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(2, &["b"])])).await.expect("stored");
    assert_eq!(f.store.forget_old_feed().await.expect("forgotten"), 1);
    assert_eq!(f.store.feed_after(first.seq.expect("told"), 100).await.expect("feed"), None);
    f.clock.advance(2 * 60 * 60 * 1000);
    assert_eq!(f.store.forget_old_feed().await.expect("the newest stays"), 0);
}

async fn a_row_by_a_clock_that_goes_wrong_leaves_no_gap(f: Fixture) {
    let store = async |root: u64, name: &str| {
        let batch = batch(Reading::Latest, vec![replacement(root, &[name])]);
        f.store.apply(&connection(), batch).await.expect("stored").seq.expect("told")
    };
    let first = store(1, "a").await;
    // A process whose clock is hours behind.
    f.clock.advance(-5 * 60 * 60 * 1000);
    let wrong = store(2, "b").await;
    f.clock.advance(5 * 60 * 60 * 1000);
    let last = store(3, "c").await;
    assert_eq!(f.store.forget_old_feed().await.expect("forgotten"), 0, "what stays before it keeps it");
    let followed = f.store.feed_after(first, 100).await.expect("feed").expect("kept");
    assert_eq!(followed.iter().map(|row| row.seq).collect::<Vec<_>>(), [wrong, last]);
    // And one whose clock is hours ahead forgets everything but the newest, which a follower notices.
    f.clock.advance(5 * 60 * 60 * 1000);
    assert_eq!(f.store.forget_old_feed().await.expect("forgotten"), 2);
    assert_eq!(f.store.feed_after(wrong, 100).await.expect("feed"), None);
}

async fn a_pass_leaves_what_a_job_stored_since_it_began(f: Fixture) {
    let since = f.store.feed_head().await.expect("head");
    f.store.apply(&connection(), batch(Reading::Job { since }, vec![replacement(1, &["new"])])).await.expect("stored");
    let applied = f
        .store
        .apply(
            &connection(),
            batch(Reading::Pass { since }, vec![replacement(1, &["old"]), replacement(2, &["other"])]),
        )
        .await
        .expect("stored");
    assert_eq!(applied.overtaken, [Root::Project(ProjectId(1))]);
    assert_eq!(applied.put.len(), 1);
    let held = f.store.entities_of(&connection(), &Root::Project(ProjectId(1))).await.expect("entities");
    assert_eq!(held[0].entity_ref.name(), "new");
    // A pass that begins now is younger than the job.
    let since = f.store.feed_head().await.expect("head");
    let pass = batch(Reading::Pass { since }, vec![replacement(1, &["newer"])]);
    assert!(f.store.apply(&connection(), pass).await.expect("stored").overtaken.is_empty());
    // Nor is a project taken away that a job saw meanwhile.
    f.store
        .apply(&connection(), batch(Reading::Job { since }, vec![replacement(1, &["newest"])]))
        .await
        .expect("stored");
    let gone = Batch { projects_gone: vec![ProjectId(1)], reading: Reading::Pass { since }, ..Batch::default() };
    assert!(f.store.apply(&connection(), gone).await.expect("stored").removed.is_empty());
}

async fn a_job_leaves_what_another_stored_and_says_so(f: Fixture) {
    let since = f.store.feed_head().await.expect("head");
    f.store.apply(&connection(), batch(Reading::Job { since }, vec![replacement(1, &["a"])])).await.expect("stored");
    let late = f
        .store
        .apply(&connection(), batch(Reading::Job { since }, vec![replacement(1, &["b"])]))
        .await
        .expect("stored");
    assert_eq!((late.overtaken, late.put.len()), (vec![Root::Project(ProjectId(1))], 0));
}

async fn what_left_the_catalog_comes_back_as_it_was(f: Fixture) {
    let stored =
        f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a"])])).await.expect("stored");
    let before = stored.put[0].clone();
    f.clock.advance(1_000);
    let gone = Batch {
        projects_gone: vec![ProjectId(1)],
        because: Some("GitLab answered 404".to_owned()),
        ..Batch::default()
    };
    assert_eq!(f.store.apply(&connection(), gone).await.expect("stored").removed, [before.id]);
    assert_eq!(all(&f.store).await.len(), 0);
    let (total, removed) = f.store.removed(10).await.expect("removed");
    assert_eq!((total, removed[0].because.as_str(), removed[0].removed_at), (1, "GitLab answered 404", NOW + 1_000));
    assert_eq!(removed[0].entity.entity_ref, before.entity_ref);
    f.clock.advance(1_000);
    let back =
        f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a"])])).await.expect("stored");
    assert_eq!((back.put[0].id, back.put[0].claimed_at), (before.id, before.claimed_at));
    assert_eq!(f.store.removed(10).await.expect("removed").0, 0);
    // And goes again only once.
    let gone = Batch { projects_gone: vec![ProjectId(1)], ..Batch::default() };
    assert_eq!(f.store.apply(&connection(), gone.clone()).await.expect("stored").removed.len(), 1);
    assert_eq!(f.store.apply(&connection(), gone).await.expect("stored").removed.len(), 0);
}

async fn what_left_long_ago_is_forgotten(f: Fixture) {
    f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a", "b"])])).await.expect("stored");
    f.store.apply(&connection(), batch(Reading::Latest, vec![replacement(1, &["a"])])).await.expect("stored");
    f.clock.advance(7 * 24 * 60 * 60 * 1000);
    assert_eq!(f.store.forget_removed().await.expect("kept to the end of the seventh day"), 0);
    f.clock.advance(1);
    assert_eq!(f.store.forget_removed().await.expect("forgotten"), 1);
    assert_eq!(all(&f.store).await.len(), 1);
}

async fn events_that_come_together_are_stored_once_each(f: Fixture) {
    let event = |id: u32, project: u64| HookEvent {
        connection: connection(),
        id: id.to_string(),
        kind: "push".into(),
        project: Some(ProjectId(project)),
        received_at: NOW,
    };
    // Each of 400 ids three times, over five projects, from many callers.
    let callers = (0..1_200_u32).map(|n| {
        let (store, event) = (f.store.clone(), event(n % 400, u64::from(n % 5)));
        tokio::spawn(async move { store.accept_hook(event).await.expect("taken") })
    });
    let answers = futures::future::join_all(callers.collect::<Vec<_>>()).await;
    let stored = answers.into_iter().filter(|answer| matches!(answer, Ok(Accepted::Stored))).count();
    assert_eq!(stored, 400);
    let jobs = f.store.queue(None, 100).await.expect("queue");
    assert_eq!(jobs.len(), 5);
    let job =
        f.store.claim(&store::Claim::any(std::time::Duration::from_secs(60))).await.expect("claims").expect("due");
    let taken = job.wakes;
    // While it is worked on, an event counts; one that comes before does not ask again.
    f.store
        .accept_hook(HookEvent { id: "more".into(), ..event(0, job.key.key[5..].parse().expect("id")) })
        .await
        .expect("taken");
    f.store.finish(std::slice::from_ref(&job)).await.expect("ends");
    let again = f.store.claim(&store::Claim::any(std::time::Duration::from_secs(60))).await.expect("claims");
    assert!(taken <= 80, "no event asked twice");
    assert!(f.store.queue(None, 100).await.expect("queue").iter().any(|row| row.id == job.id), "{again:?}");
    assert_eq!(f.store.told_of(&connection(), NOW).await.expect("told").len(), 5);
}

async fn one_of_several_leads(f: Fixture) {
    let clock = std::sync::Arc::new(f.clock.clone());
    let options = store::OpenOptions { replica: Some("other".to_owned()), ..store::OpenOptions::default() };
    let other = store::Store::open_with(&f.url, clock, options).await.expect("opens");
    assert!(f.store.lead().await.expect("leads"));
    let alone = f.store.dialect() == store::Dialect::Sqlite;
    assert_eq!(other.lead().await.expect("asks"), alone, "on SQLite there is only one process");
    assert!(f.store.lead().await.expect("goes on"));
    f.store.be_seen("{}").await.expect("seen");
    other.be_seen("{}").await.expect("seen");
    let seen = f.store.replicas().await.expect("replicas");
    assert_eq!(seen.iter().map(|r| (r.id.as_str(), r.leads)).collect::<Vec<_>>(), [("alone", true), ("other", alone)]);
    f.store.resign().await.expect("resigns");
    assert!(other.lead().await.expect("leads now"));
    f.store.tell_status(&connection(), "{\"phase\":\"idle\"}").await.expect("told");
    assert_eq!(f.store.statuses_of_others().await.expect("read"), []);
    assert_eq!(other.statuses_of_others().await.expect("read")[0].origin, "alone");
    other.close().await;
}

//! How much is asked while webhooks tell of everything, and how it shows that they do not.

use model::{Clock, Discovery, ProjectId};
use store::HookEvent;

use super::{
    fake::{Fake, World, component, project},
    house::{House, NOW, name},
};
use crate::timetable::{GRACE, LISTENING_PASS, LISTENING_POLL};

fn estate(projects: u64) -> World {
    let mut world = World::default();
    for number in 1..=projects {
        let text = format!("c{number}");
        world = world.add(number, project(&format!("a/p{number}")).component(&text));
    }
    world
}

/// A push that moves the project's activity.
fn push(fake: &Fake, id: u64, text: &str) {
    fake.change(|world| {
        let path = world.projects[&id].path.clone();
        let mut pushed = project(&path).with("main", "catalog-info.yaml", &component(&format!("c{id}"), text));
        pushed.active_at = Some("2026-11-20T12:00:00Z".to_owned());
        world.projects.insert(id, pushed);
    });
}

async fn hook(house: &House, id: u64) {
    let event = HookEvent {
        connection: name("main"),
        id: format!("event-{id}-{}", house.clock.now()),
        kind: "push".to_owned(),
        project: Some(ProjectId(id)),
        received_at: house.clock.now(),
    };
    house.store.accept_hook(event).await.expect("stored");
    house.catalog.hook_received(&name("main"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_hour_costs_few_requests() {
    for (listening, most) in [(true, 2 * 60), (false, 10 * 60)] {
        let house = House::new().await;
        let fake = Fake::start(estate(1_000)).await;
        house.read("main", &fake, Discovery::default()).await;
        house.catalog.set_listening(&name("main"), listening);
        let before = fake.asked().len();
        for _ in 0..60 {
            house.later(60_000).await;
            house.until_done().await;
            house.until("idle", |house| house.status("main").next_at.is_some_and(|at| at > house.clock.now())).await;
            house.until_done().await;
        }
        let requests = fake.asked().len() - before;
        assert!(requests > 10 && requests <= most, "{requests} requests in an hour, listening: {listening}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_when_it_is_read_next() {
    let house = House::new().await;
    let fake = Fake::start(estate(1)).await;
    let ended = house.read("main", &fake, Discovery::default()).await;
    let at = ended.finished_at.expect("ended");
    assert_eq!((ended.next_at, ended.interval_seconds), (Some(at + 600_000), 600));
    house.catalog.set_listening(&name("main"), true);
    let status = house.status("main");
    assert_eq!((status.next_at, status.interval_seconds), (Some(at + LISTENING_PASS), 1_800));
    assert!(status.webhooks.listening);
    house.later(600_000).await;
    house.until_done().await;
    assert_eq!(house.status("main").started_at, ended.started_at, "not before it was announced");
    house.later(LISTENING_PASS - 600_000).await;
    house.until("read", |house| house.status("main").started_at > ended.started_at).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_no_webhook_told_ends_the_trust() {
    let house = House::new().await;
    let fake = Fake::start(estate(2)).await;
    house.read("main", &fake, Discovery::default()).await;
    house.catalog.set_listening(&name("main"), true);
    push(&fake, 1, "second");
    house.later(LISTENING_POLL).await;
    house.until("found", |house| fake_description(house, "c1") == "second").await;
    assert!(house.status("main").webhooks.listening, "it may be on its way");
    house.until_done().await;
    house.later(GRACE).await;
    house.until("doubted", |house| !house.status("main").webhooks.listening).await;
    let webhooks = house.status("main").webhooks;
    assert_eq!(webhooks.doubted_since, Some(NOW + 1 + LISTENING_POLL + GRACE));
    assert!(webhooks.why.contains("a/p1"), "{}", webhooks.why);
    assert_eq!(house.status("main").interval_seconds, 600);
    house.catalog.set_listening(&name("main"), true);
    assert!(!house.status("main").webhooks.listening, "saying it again proves nothing");
    hook(&house, 2).await;
    assert!(house.status("main").webhooks.listening);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_comes_late_is_enough() {
    let house = House::new().await;
    let fake = Fake::start(estate(2)).await;
    house.read("main", &fake, Discovery::default()).await;
    house.catalog.set_listening(&name("main"), true);
    push(&fake, 1, "second");
    house.later(LISTENING_POLL).await;
    house.until("found", |house| fake_description(house, "c1") == "second").await;
    house.until_done().await;
    house.later(GRACE / 2).await;
    hook(&house, 1).await;
    house.later(GRACE / 2).await;
    house.until_done().await;
    assert!(house.status("main").webhooks.listening);
}

fn fake_description(house: &House, component: &str) -> String {
    let index = house.catalog.index();
    let key = model::RefKey::parse(&format!("component:default/{component}")).expect("key");
    let Some(view) = index.get(&key) else { return String::new() };
    let body: serde_json::Value = serde_json::from_str(&view.entity().body).expect("json");
    body["metadata"]["description"].as_str().unwrap_or_default().to_owned()
}

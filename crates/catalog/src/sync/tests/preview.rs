//! What a discovery would find, before it is followed.

use gitlab::Kind;
use model::{Discovery, People};

use super::{
    fake::{Fake, World, project},
    house::House,
};
use crate::discovery::preview;

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn estate(projects: u64) -> World {
    let mut world = World::default();
    for number in 1..=projects {
        let kind = if number % 4 == 0 { "api" } else { "web" };
        world = world.add(number, project(&format!("a/g{}/{kind}-{number}", number % 3)));
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gitlab_counts_is_one_page() {
    let house = House::new().await;
    let mut world = estate(300);
    world.projects.get_mut(&7).expect("one").archived = true;
    let fake = Fake::start(world).await;
    let client = house.client("main", &fake);
    let found = preview(&client, &Discovery::default()).await.expect("answered");
    assert_eq!((found.projects, found.exact, found.groups, found.requests), (299, true, 4, 2));
    assert_eq!((found.examples.len(), found.notes), (20, vec![]));
    let groups = Discovery { groups: texts(&["a/g0", "a/g1", "gone"]), ..Discovery::default() };
    let found = preview(&client, &groups).await.expect("answered");
    assert_eq!((found.projects, found.exact, found.groups), (199, true, 2));
    assert!(found.notes[0].contains("gone"), "{:?}", found.notes);
    let none = Discovery { people: People { read: false, ..People::default() }, ..Discovery::default() };
    assert_eq!(preview(&client, &none).await.expect("answered").requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_patterns_leave_is_counted_and_then_estimated() {
    let house = House::new().await;
    let apis = Discovery { projects: texts(&["/api-"]), ..Discovery::default() };
    let fake = Fake::start(estate(300)).await;
    let found = preview(&house.client("main", &fake), &apis).await.expect("answered");
    assert_eq!((found.projects, found.exact, found.requests), (75, true, 4));
    assert!(found.examples.iter().all(|path| path.contains("api-")));
    let fake = Fake::start(estate(4_000)).await;
    let found = preview(&house.client("main", &fake), &apis).await.expect("answered");
    assert_eq!((found.projects, found.exact), (1_000, false));
    assert!(found.requests <= 22, "{}", found.requests);
    assert_eq!(found.notes, ["estimated from the newest 2000 of 4000 projects"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discovery_that_cannot_be_followed_is_refused_without_a_question() {
    let house = House::new().await;
    let fake = Fake::start(World::default()).await;
    let bad = Discovery { projects: texts(&["("]), ..Discovery::default() };
    let error = preview(&house.client("main", &fake), &bad).await.expect_err("refused");
    assert_eq!(error.kind, Kind::Configuration);
    assert!(error.message.starts_with("/projects/0"), "{}", error.message);
    assert!(fake.asked().is_empty());
}

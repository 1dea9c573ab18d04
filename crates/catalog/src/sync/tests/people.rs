//! Groups and people: who becomes part of the catalog, and what reading them costs.

use model::{Discovery, People};

use super::{
    fake::{Fake, FakeGroup, World, project},
    house::House,
};

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn estate() -> World {
    World::default()
        .add(1, project("sandrill/checkout/pay"))
        .add(2, project("sandrill/ops/web"))
        .member("sandrill", 1, "odd")
        .member("sandrill/checkout", 2, "ilse")
        .member("sandrill/ops", 3, "kai")
}

fn people(people: People) -> Discovery {
    Discovery { people, ..Discovery::default() }
}

fn member_of(house: &House, user: &str) -> Vec<String> {
    let index = house.catalog.index();
    let key = model::RefKey::parse(&format!("user:default/{user}")).expect("key");
    let body = index.get(&key).expect("held").entity().body.clone();
    let body: serde_json::Value = serde_json::from_str(&body).expect("json");
    body["spec"]["memberOf"].as_array().expect("list").iter().map(|g| g.as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_that_are_not_read_ask_no_tree() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(house.held("user"), ["ilse", "kai", "odd"]);
    let before = fake.asked().len();
    house.read("main", &fake, people(People { read: false, ..People::default() })).await;
    assert_eq!((house.held("user"), house.held("group")), (vec![], vec![]));
    assert_eq!(fake.asked()[before..], ["CatalogPage"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_keep_some_groups_and_people() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    let some = People { groups: texts(&["/checkout$"]), ..People::default() };
    house.read("main", &fake, people(some)).await;
    assert_eq!((house.held("group"), house.held("user")), (texts(&["sandrill.checkout"]), texts(&["ilse"])));
    assert_eq!(fake.asked().iter().filter(|asked| asked.starts_with("Group")).count(), 2, "{:?}", fake.asked());
    house.read("main", &fake, people(People { users: texts(&["^[ik]"]), ..People::default() })).await;
    assert_eq!(house.held("user"), ["ilse", "kai"]);
    let before = fake.asked().len();
    house.read("main", &fake, people(People { groups: texts(&["^harbour/"]), ..People::default() })).await;
    assert_eq!(fake.asked()[before..], ["CatalogPage"], "no tree can have such a group");
    assert_eq!(house.held("group"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_may_have_to_be_members_of_one_group() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    let one = |group: &str| people(People { restrict_to: Some(group.to_owned()), ..People::default() });
    house.read("main", &fake, one("sandrill/ops")).await;
    assert_eq!(house.held("user"), ["kai"]);
    assert_eq!(house.held("group").len(), 3);
    // Who may be there cannot be known: nobody comes and nobody goes.
    let status = house.read("main", &fake, one("sandrill/gone")).await;
    assert_eq!(house.held("user"), ["kai"]);
    assert_eq!(status.partial[0].what, "group sandrill/gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_groups_above_may_count() {
    let house = House::new().await;
    let mut world = estate();
    world.groups.get_mut("sandrill/checkout").expect("group").inherited = vec![(1, "odd".to_owned())];
    let fake = Fake::start(world).await;
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(member_of(&house, "odd"), ["sandrill"]);
    let inherited = People { inherited: true, ..People::default() };
    house.read("main", &fake, people(inherited.clone())).await;
    assert_eq!(member_of(&house, "odd"), ["sandrill", "sandrill.checkout", "sandrill.ops"]);
    assert_eq!(member_of(&house, "ilse"), ["sandrill.checkout"]);
    // The group above is not read at all; GitLab says who inherits.
    let groups = texts(&["sandrill/checkout"]);
    house.read("main", &fake, Discovery { groups, people: inherited, ..Discovery::default() }).await;
    assert_eq!(member_of(&house, "odd"), ["sandrill.checkout"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_people_that_a_list_leaves_out_stay_until_gitlab_says_that_they_are_gone() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    let held = || (house.held("group"), house.held("user"));
    let before = held();
    for left_out in ["sandrill/ops", "kai"] {
        fake.change(|world| world.unlisted = texts(&[left_out]));
        let status = house.read("main", &fake, Discovery::default()).await;
        assert_eq!(held(), before, "{left_out} is there all the same");
        assert!(status.partial[0].reason.contains("which it has all the same"), "{:?}", status.partial);
    }
    fake.change(|world| {
        world.unlisted.clear();
        world.groups.get_mut("sandrill/checkout").expect("group").members.clear();
    });
    let status = house.read("main", &fake, Discovery::default()).await;
    assert_eq!((status.partial, house.held("user")), (vec![], texts(&["kai", "odd"])));
    fake.change(|world| {
        world.projects.remove(&2);
        world.groups.remove("sandrill/ops");
    });
    let status = house.read("main", &fake, Discovery::default()).await;
    assert_eq!((status.partial, house.held("user")), (vec![], texts(&["odd"])));
    assert_eq!(house.held("group"), ["sandrill", "sandrill.checkout"]);
}

/// Ten thousand groups below one, a member in each.
fn large() -> World {
    let mut world = World::default().add(1, project("big/g00000/p"));
    for number in 0..10_000_u64 {
        let member = (number, format!("u{number}"));
        world.groups.insert(format!("big/g{number:05}"), FakeGroup { members: vec![member], ..FakeGroup::default() });
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_tree_costs_a_request_for_each_hundred_groups() {
    for (patterns, kept) in
        [(vec![], 10_001), (texts(&["0\\d\\d$"]), 1_000), (texts(&["g000[01]\\d$"]), 20), (texts(&["."]), 10_001)]
    {
        let house = House::new().await;
        let fake = Fake::start(large()).await;
        let status = house.read("main", &fake, people(People { groups: patterns.clone(), ..People::default() })).await;
        assert_eq!(status.partial, [], "{patterns:?}");
        assert_eq!(house.held("group").len(), kept, "{patterns:?}");
        assert!(house.held("user").len() >= kept - 1, "{patterns:?}");
        let requests = fake.asked().len();
        assert!(requests <= 100 + 20, "{requests} requests for {patterns:?}");
    }
}

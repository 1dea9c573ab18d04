//! What is found follows the discovery, and nothing else is asked for.

use model::{Discovery, ProjectId, RefKey};

use super::{
    fake::{Fake, World, component, project},
    house::{House, name},
};
use crate::{Phase, handle::project_job};

fn estate() -> World {
    World::default()
        .add(1, project("sandrill/pay").component("pay"))
        .add(2, project("sandrill/deep/web").component("web"))
        .add(3, project("harbour/crane").component("crane"))
        .add(4, project("ilse/notes").component("notes"))
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_groups_only_their_trees_are_asked_for() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery { groups: texts(&["sandrill"]), ..Discovery::default() }).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
    assert_eq!(house.held("group"), ["sandrill", "sandrill.deep"]);
    assert_eq!(fake.asked(), ["CatalogGroupPage", "CatalogTexts", "GroupTree"]);
    house.read("main", &fake, Discovery { groups: texts(&["sandrill"]), nested: false, ..Discovery::default() }).await;
    assert_eq!((house.held("component"), house.held("group")), (texts(&["pay"]), texts(&["sandrill"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_meant_leaves_after_a_complete_list() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(house.held("component"), ["crane", "notes", "pay", "web"]);
    let before = fake.asked().len();
    let fewer =
        Discovery { exclude: texts(&["harbour"]), projects: texts(&["^(sandrill|harbour)/"]), ..Discovery::default() };
    house.read("main", &fake, fewer.clone()).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
    assert!(!fake.asked()[before..].iter().any(|asked| asked.starts_with("/api/v4/projects/")), "nobody need be asked");
    // An error removes nothing, though the discovery names less.
    fake.change(|world| world.refuse_at = Some("CatalogPage"));
    let none = Discovery { projects: texts(&["^nothing$"]), ..Discovery::default() };
    assert_eq!(house.read("main", &fake, none.clone()).await.phase, Phase::Failed);
    assert_eq!(house.held("component"), ["pay", "web"]);
    // Neither does a list that names nothing at all; it says so.
    fake.change(|world| world.refuse_at = None);
    let status = house.read("main", &fake, none).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
    assert!(status.partial.iter().any(|p| p.reason.contains("patterns")), "{:?}", status.partial);
    // Then a push to what is not meant does not bring it in.
    house.read("main", &fake, fewer).await;
    house.job(project_job(&name("main"), ProjectId(3))).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_not_seen_is_told_and_removes_nothing() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    let both = Discovery { groups: texts(&["sandrill", "harbour"]), ..Discovery::default() };
    house.read("main", &fake, both.clone()).await;
    fake.change(|world| {
        world.groups.remove("harbour");
        world.projects.remove(&2);
    });
    let status = house.pass("main").await;
    assert_eq!(house.held("component"), ["crane", "pay", "web"]);
    let told: Vec<&str> = status.partial.iter().map(|partial| partial.what.as_str()).collect();
    assert_eq!(told, ["group harbour"], "once, not for its projects and again for its people");
    assert!(status.partial[0].reason.contains("make the token's user a member"), "{}", status.partial[0].reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_ones_forks_topics_and_foreign_ones() {
    let house = House::new().await;
    let world = estate();
    let fake = Fake::start(world).await;
    fake.change(|world| {
        world.projects.get_mut(&1).expect("pay").archived = true;
        world.projects.get_mut(&2).expect("web").forked = true;
        world.projects.get_mut(&3).expect("crane").foreign = true;
        world.projects.get_mut(&4).expect("notes").topics = texts(&["Service"]);
    });
    let found = |house: &House| house.held("component");
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(found(&house), ["notes", "web"]);
    house.read("main", &fake, Discovery { archived: true, ..Discovery::default() }).await;
    assert_eq!(found(&house), ["notes", "pay", "web"]);
    house.read("main", &fake, Discovery { forks: false, ..Discovery::default() }).await;
    assert_eq!(found(&house), ["notes"]);
    house.read("main", &fake, Discovery { membership: false, ..Discovery::default() }).await;
    assert_eq!(found(&house), ["crane", "notes", "web"]);
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(found(&house), ["notes", "web"]);
    house.job(project_job(&name("main"), ProjectId(3))).await;
    assert_eq!(found(&house), ["notes", "web"], "the user is no member of what a system hook told of");
    house.read("main", &fake, Discovery { topics: texts(&["service"]), ..Discovery::default() }).await;
}

fn branch_of(house: &House, component: &str) -> Option<String> {
    let index = house.catalog.index();
    let key = RefKey::parse(&format!("component:default/{component}")).expect("key");
    index.get(&key)?.entity().source.git_ref.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_from_the_branch_that_is_named() {
    let house = House::new().await;
    let world = World::default()
        .add(1, project("a/one").component("one-main").with("release", "catalog-info.yaml", &component("one", "r")))
        .add(2, project("a/two").component("two-main").with("stable", "catalog-info.yaml", &component("two", "s")))
        .add(3, project("a/three").component("three-main"));
    let fake = Fake::start(world).await;
    let branch = Some("release".to_owned());
    house.read("main", &fake, Discovery { branch: branch.clone(), ..Discovery::default() }).await;
    assert_eq!(house.held("component"), ["a.three", "a.two", "one"], "the others are only known to be there");
    let fallback_branch = Some("stable".to_owned());
    let both = Discovery { branch, fallback_branch, ..Discovery::default() };
    house.read("main", &fake, both).await;
    assert_eq!(house.held("component"), ["a.three", "one", "two"]);
    assert_eq!(branch_of(&house, "two").as_deref(), Some("stable"));
    house.job(project_job(&name("main"), ProjectId(2))).await;
    assert_eq!(house.held("component"), ["a.three", "one", "two"], "a push reads the same branch");
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(house.held("component"), ["one-main", "three-main", "two-main"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_name_leaves_no_orphans() {
    let house = House::new().await;
    let other = project("a/one").component("first").with("main", "meta/catalog.yaml", &component("second", "x"));
    let fake = Fake::start(World::default().add(1, other)).await;
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(house.held("component"), ["first"]);
    let file = Some("meta/catalog.yaml".to_owned());
    house.read("main", &fake, Discovery { file, ..Discovery::default() }).await;
    assert_eq!(house.held("component"), ["second"]);
    // Also when it was changed while no process ran.
    let house = house.again().await;
    house.read("main", &fake, Discovery::default()).await;
    assert_eq!(house.held("component"), ["first"]);
}

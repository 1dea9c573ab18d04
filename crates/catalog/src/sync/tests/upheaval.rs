//! Projects that are renamed, moved or deleted while they are read.

use model::{Discovery, ProjectId, RefKey};

use super::{
    fake::{Fake, World, component, project},
    house::{House, name},
};
use crate::{
    Phase,
    handle::{pass_job, project_job},
};

fn estate() -> World {
    World::default()
        .add(1, project("a/pay").component("pay"))
        .add(2, project("a/web").component("web"))
        .add(3, project("b/own"))
}

fn path_of(house: &House, key: &str) -> Option<String> {
    let index = house.catalog.index();
    let view = index.get(&RefKey::parse(key).expect("key"))?;
    Some(view.entity().source.project_path.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_renamed_after_it_was_listed_is_read_by_its_id() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    let gate = fake.hold("CatalogTexts");
    house.connect("main", &fake, Discovery::default()).await;
    gate.arrived().await;
    fake.change(|world| world.projects.get_mut(&1).expect("pay").path = "a/payments".to_owned());
    gate.open();
    house.until("read", |house| house.catalog.is_ready()).await;
    assert_eq!(path_of(&house, "component:default/pay").as_deref(), Some("a/pay"), "as it was listed");
    house.job(project_job(&name("main"), ProjectId(1))).await;
    assert_eq!(path_of(&house, "component:default/pay").as_deref(), Some("a/payments"));
    assert_eq!(house.held("component").len(), 3, "it is one project");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_read_while_a_pass_ran_is_newer() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    fake.change(|world| {
        world.projects.insert(2, project("a/web").with("main", "catalog-info.yaml", &component("web", "two")));
    });
    let gate = fake.hold("CatalogTexts");
    house.clock.advance(1);
    house.store.wake(&[pass_job(&name("main"))]).await.expect("woken");
    gate.arrived().await;
    // Moved to another group while the pass holds what it listed before.
    fake.change(|world| {
        let moved = world.projects.get_mut(&2).expect("web");
        moved.path = "b/web".to_owned();
    });
    house.store.wake(&[project_job(&name("main"), ProjectId(2))]).await.expect("woken");
    gate.arrived().await;
    gate.open();
    house.until_done().await;
    house.pass("main").await;
    assert_eq!(path_of(&house, "component:default/web").as_deref(), Some("b/web"));
    assert_eq!(house.held("component").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_deleted_after_it_was_listed_goes_with_the_pass() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    fake.change(|world| {
        world.projects.insert(2, project("a/web").with("main", "catalog-info.yaml", &component("web", "two")));
    });
    let gate = fake.hold("CatalogTexts");
    let mut events = house.catalog.events(None).coming;
    house.clock.advance(1);
    house.store.wake(&[pass_job(&name("main"))]).await.expect("woken");
    gate.arrived().await;
    fake.change(|world| drop(world.projects.remove(&2)));
    gate.open();
    house.until_done().await;
    while events.try_recv().is_ok() {}
    assert_eq!(house.held("component"), ["b.own", "pay"]);
    assert_eq!(house.status("main").partial, [], "GitLab said clearly that it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_moved_out_of_the_groups_that_are_read_goes() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    let a = Discovery { groups: vec!["a".to_owned()], ..Discovery::default() };
    house.read("main", &fake, a).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
    fake.change(|world| world.projects.get_mut(&2).expect("web").path = "b/web".to_owned());
    house.job(project_job(&name("main"), ProjectId(2))).await;
    assert_eq!(house.held("component"), ["pay"]);
    fake.change(|world| world.projects.get_mut(&2).expect("web").path = "a/web".to_owned());
    house.job(project_job(&name("main"), ProjectId(2))).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
    fake.change(|world| world.projects.get_mut(&1).expect("pay").path = "b/pay".to_owned());
    house.pass("main").await;
    assert_eq!(house.held("component"), ["web"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_another_project_took_over_is_that_one_s() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    fake.change(|world| {
        world.projects.get_mut(&1).expect("pay").path = "a/old-pay".to_owned();
        world.projects.insert(8, project("a/pay").component("new-pay"));
    });
    house.pass("main").await;
    assert_eq!(path_of(&house, "component:default/pay").as_deref(), Some("a/old-pay"));
    assert_eq!(path_of(&house, "component:default/new-pay").as_deref(), Some("a/pay"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_ends_half_way_hides_no_change_from_the_next() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    let list =
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: list}\nspec: {targets: [./more.yaml]}\n";
    fake.change(|world| {
        let listing = project("a/web").with("main", "catalog-info.yaml", list);
        world.projects.insert(2, listing.with("main", "more.yaml", &component("more", "the first")));
        // What a Location leads to is asked for after all pages: there the pass breaks off.
        world.refuse_at = Some("CatalogSizes");
    });
    house.clock.advance(1);
    house.store.wake(&[pass_job(&name("main"))]).await.expect("woken");
    house.until("broken off", |house| house.status("main").phase == Phase::Failed).await;
    fake.change(|world| world.refuse_at = None);
    house.read("main", &fake, Discovery::default()).await;
    assert!(house.held("component").contains(&"more".to_owned()), "{:?}", house.held("component"));
}

//! Connections that come, change and go.

use model::{Discovery, ProjectId};
use store::Root;

use super::{
    fake::{Fake, World, project},
    house::{House, name},
};
use crate::{CatalogError, Phase, handle::project_job};

fn estate() -> World {
    World::default()
        .add(1, project("sandrill/pay").component("pay"))
        .add(2, project("sandrill/web").component("web"))
        .member("sandrill", 7, "ilse")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_connection_nothing_is_missing() {
    let house = House::new().await;
    assert!(house.catalog.is_ready());
    house.sync.disconnect(&name("main")).await.expect("nothing to do");
    let fake = Fake::start(estate()).await;
    let gate = fake.hold("CatalogPage");
    house.connect("main", &fake, Discovery::default()).await;
    assert!(!house.catalog.is_ready(), "what the connection has is not known yet");
    gate.open();
    house.until("ready", |house| house.catalog.is_ready()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_connection_brought_leaves_with_it() {
    let house = House::new().await;
    let (one, other) =
        (Fake::start(estate()).await, Fake::start(World::default().add(9, project("b/own").component("own"))).await);
    house.read("main", &one, Discovery::default()).await;
    house.read("other", &other, Discovery::default()).await;
    assert_eq!(house.held("component"), ["own", "pay", "web"]);
    let mut events = house.catalog.events(None).coming;
    house.sync.disconnect(&name("main")).await.expect("gone");
    assert_eq!(house.held("component"), ["own"]);
    assert_eq!((house.held("user"), house.held("group")), (vec![], vec!["b".to_owned()]));
    assert_eq!(house.store.connections_held().await.expect("held"), [name("other")]);
    assert_eq!(house.catalog.status().connections.len(), 1);
    let mut told = 0;
    while let Ok(event) = events.try_recv() {
        told += usize::from(matches!(event, crate::Event::Entities { removed, .. } if removed.len() == 4));
    }
    assert_eq!(told, 1, "pages are told what went");
    // A webhook that was on its way changes nothing.
    house.job(project_job(&name("main"), ProjectId(1))).await;
    assert_eq!(house.held("component"), ["own"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_was_under_way_stores_nothing_afterwards() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    let gate = fake.hold("CatalogTexts");
    house.connect("main", &fake, Discovery::default()).await;
    gate.arrived().await;
    house.sync.disconnect(&name("main")).await.expect("gone");
    gate.open();
    house.until_done().await;
    assert!(house.catalog.index().is_empty());
    assert!(house.store.connections_held().await.expect("held").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_gitlab_under_a_name_does_not_mix_with_the_first() {
    let house = House::new().await;
    let (one, other) =
        (Fake::start(estate()).await, Fake::start(World::default().add(1, project("b/own").component("own"))).await);
    house.read("main", &one, Discovery::default()).await;
    let gate = other.hold("CatalogPage");
    house.connect("main", &other, Discovery::default()).await;
    assert!(house.catalog.index().is_empty(), "before anything of the other was read");
    assert!(!house.catalog.is_ready());
    gate.open();
    house.until("read", |house| house.status("main").phase == Phase::Idle).await;
    assert_eq!(house.held("component"), ["own"]);
    // Also when the address changed while no process ran.
    let house = house.again().await;
    house.read("main", &one, Discovery::default()).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_gitlab_keeps_what_it_brought() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    fake.change(|world| world.refuse = Some((503, serde_json::json!({"message": "503 Service Unavailable"}))));
    house.connect("main", &fake, Discovery::default()).await;
    house.until("failed", |house| house.status("main").phase == Phase::Failed).await;
    assert_eq!(house.held("component"), ["pay", "web"]);
    assert!(house.catalog.is_ready());
    assert_eq!(house.status("main").entities, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_while_nothing_ran_is_not_shown() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    house.read("kept", &fake, Discovery::default()).await;
    let house = house.again().await;
    house.sync.forget_others(&[name("kept")]).await.expect("forgotten");
    assert_eq!(house.store.connections_held().await.expect("held"), [name("kept")]);
    assert_eq!(house.held("component"), ["pay", "web"], "what the other has stays");
    assert!(house.store.entities_of(&name("main"), &Root::Project(ProjectId(1))).await.expect("read").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discovery_that_cannot_be_followed_changes_nothing() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    let bad = Discovery { projects: vec!["(".to_owned()], ..Discovery::default() };
    let refused = house.sync.connect(name("main"), house.client("main", &fake), bad).await;
    let Err(CatalogError::Discovery(faults)) = refused else { panic!("{refused:?}") };
    assert_eq!(faults[0].pointer, "/projects/0");
    assert_eq!(house.pass("main").await.phase, Phase::Idle, "it is still read as before");
}

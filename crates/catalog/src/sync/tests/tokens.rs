//! A token that expires, is revoked or was rotated by somebody else.

use model::{Discovery, ProjectId};
use serde_json::json;

use super::{
    fake::{Fake, World, component, project},
    house::{House, name},
};
use crate::{Phase, handle::project_job};

fn estate() -> World {
    World::default()
        .add(1, project("a/pay").component("pay"))
        .add(2, project("a/web").component("web"))
        .member("a", 7, "ilse")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_amid_a_pass_removes_nothing_and_is_not_hammered() {
    for operation in ["CatalogPage", "CatalogTexts", "GroupTree", "/api/v4/projects/2"] {
        let house = House::new().await;
        let fake = Fake::start(estate()).await;
        house.read("main", &fake, Discovery::default()).await;
        fake.change(|world| {
            world.refuse_at = Some(operation);
            world.projects.remove(&2);
            world.projects.get_mut(&1).expect("pay").files.clear();
            let one = project("a/pay").with("main", "catalog-info.yaml", &component("pay", "the second"));
            world.projects.insert(1, one);
        });
        let status = house.pass("main").await;
        let error = status.error.expect("an error");
        assert_eq!((status.phase, error.code.as_str()), (Phase::Failed, "token-revoked"), "{operation}");
        assert!(error.remedy.contains("rotated"), "{}", error.remedy);
        assert!(
            house.has("component:default/pay") && house.has("component:default/web") && house.has("user:default/ilse")
        );
        let stale = house
            .catalog
            .index()
            .get(&model::RefKey::parse("component:default/pay").expect("key"))
            .expect("pay")
            .entity()
            .stale
            .clone();
        assert_eq!(stale, None, "{operation}: it is the connection that fails, not a file");
        house.until("told", |house| house.status("main").next_at.is_some()).await;
        house.until_waiting().await;
        // Webhooks and people asking for more change nothing for a minute.
        let before = fake.asked().len();
        house.store.wake(&[project_job(&name("main"), ProjectId(1))]).await.expect("woken");
        house.later(30_000).await;
        house.until_waiting().await;
        assert_eq!(fake.asked().len(), before, "{operation}");
        // Then one question is enough to know that it is good again.
        fake.change(|world| world.refuse_at = None);
        house.later(31_000).await;
        house.until("read", |house| house.status("main").phase == Phase::Idle).await;
        assert_eq!(house.status("main").error, None);
        assert!(!house.has("component:default/web"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_tried_at_once() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    fake.change(|world| world.refuse = Some((401, json!({"error": "invalid_token", "error_description": "Token is expired. You can either do re-authorization or token refresh."}))));
    let status = house.read("main", &fake, Discovery::default()).await;
    assert_eq!(status.error.expect("an error").code, "token-expired");
    house.until("told", |house| house.status("main").next_at.is_some()).await;
    assert_eq!(house.status("main").next_at, Some(model::Clock::now(&house.clock) + 60_000));
    fake.change(|world| world.refuse = None);
    assert_eq!(house.read("main", &fake, Discovery::default()).await.phase, Phase::Idle);
    assert_eq!(house.held("component"), ["pay", "web"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_finds_the_token_refused_shows_it() {
    let house = House::new().await;
    let fake = Fake::start(estate()).await;
    house.read("main", &fake, Discovery::default()).await;
    fake.change(|world| world.refuse_at = Some("CatalogProjects"));
    house.store.wake(&[project_job(&name("main"), ProjectId(1))]).await.expect("woken");
    house.until("shown", |house| house.status("main").phase == Phase::Failed).await;
    house.until_waiting().await;
    assert_eq!(house.status("main").error.expect("an error").code, "token-revoked");
    fake.change(|world| world.refuse_at = None);
    house.later(61_000).await;
    house.until("read", |house| house.status("main").phase == Phase::Idle).await;
}

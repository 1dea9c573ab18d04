//! Webhooks: registered where the token may, told where it may not.

use broker::{BrokerError, HookPlan, HookTarget};
use serde_json::json;

use crate::support::{House, connection, control, gitlab, name};

async fn one(house: &House, target: &HookTarget) -> HookPlan {
    let plans = house.broker.plan_hooks(&name("main"), std::slice::from_ref(target)).await;
    plans.expect("planned").pop().expect("one plan")
}

#[tokio::test]
async fn a_hook_that_gitlab_cannot_deliver_to_is_kept_with_its_words() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &sandbox.admin_token)).await.expect("added");
    house.told();
    let HookPlan::Register(target, action) = one(&house, &HookTarget::System).await else { panic!("not planned") };
    let permit = house.permit(*action).await;
    // Nothing listens at our address in this test.
    let hook = house.broker.register_hook(&permit, &target).await.expect("registered");
    house.done(permit).await;
    assert!(hook.error.is_some(), "{hook:?}");
    house.broker.keep_hooks(&name("main"), &[hook]).await.expect("kept");
    assert_eq!(house.told(), ["listening main false"]);
    assert!(matches!(one(&house, &HookTarget::System).await, HookPlan::There(_)), "a second one is not made");
}

#[tokio::test]
async fn what_the_token_may_not_is_told_with_what_would() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &sandbox.tokens["maintainer"])).await.expect("added");
    for (target, part) in [
        (HookTarget::System, "administrator"),
        (HookTarget::Group("sandrill".to_owned()), "Premium"),
        (HookTarget::Project("sandrill/none".to_owned()), "Maintainer"),
    ] {
        let HookPlan::Refused(_, error) = one(&house, &target).await else { panic!("{target:?} is not refused") };
        assert!(error.remedy.contains(part), "{target:?}: {error}");
    }
}

#[tokio::test]
async fn an_address_that_gitlab_blocks_is_told_with_the_setting() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &sandbox.admin_token)).await.expect("added");
    control(&sandbox, "outbound", json!({ "allow": false })).await;
    let HookPlan::Register(target, action) = one(&house, &HookTarget::System).await else { panic!("not planned") };
    let permit = house.permit(*action).await;
    let refused = house.broker.register_hook(&permit, &target).await.expect_err("blocked");
    house.done(permit).await;
    let BrokerError::Gitlab(error) = refused else { panic!("{refused}") };
    assert!(error.remedy.contains("Outbound requests"), "{error}");
}

//! The one write: it does what the permit says, once.

use std::sync::Arc;

use async_trait::async_trait;
use gitlab::{HookScope, Kind, RegisterHook};
use model::{ConnectionName, Ctx, FixedRandom, GroupId, ManualClock, Millis, Principal, ProjectId, RequestId};
use policy::{Gate, Permit, Trail, TrailEntry, TrailError, TrailId};
use secrecy::SecretString;
use serde_json::json;

use crate::fixture::*;

#[derive(Debug)]
struct NoTrail;

#[async_trait]
impl Trail for NoTrail {
    async fn decided(&self, _: &TrailEntry) -> Result<TrailId, TrailError> {
        Ok(TrailId(1))
    }

    async fn ended(&self, _: TrailId, _: Millis, _: &str) -> Result<(), TrailError> {
        Ok(())
    }

    fn abandoned(&self, _: TrailId) {}
}

pub(crate) async fn permit(connection: &str) -> Permit<RegisterHook> {
    permit_for(connection, HookScope::System).await
}

async fn permit_for(connection: &str, scope: HookScope) -> Permit<RegisterHook> {
    let ctx = Ctx::new(Principal::System, RequestId::fresh(&FixedRandom::seeded(1)), Arc::new(ManualClock::at(NOW)));
    let action = RegisterHook {
        connection: ConnectionName::parse(connection).expect("legal"),
        scope,
        url: "https://stagedoor.example/hooks/gitlab/main".parse().expect("address"),
        secret: SecretString::from("hook-secret".to_owned()),
        signing: None,
    };
    Gate::new(Arc::new(NoTrail)).permit(&ctx, action).await.expect("allowed")
}

#[tokio::test]
async fn a_hook_is_created_as_permitted() {
    let hook = json!({"id": 12, "url": "https://stagedoor.example/hooks/gitlab/main", "push_events": true, "enable_ssl_verification": true});
    // Documented as a list, in fact an object.
    for body in [hook.clone(), json!([hook])] {
        let server = Server::start(move |_, _| json(201, &body)).await;
        let created = server.client().create_hook(&permit("main").await).await.expect("created");
        assert_eq!((created.id, created.push_events), (12, true));
        let seen = &server.seen()[0];
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/api/v4/hooks"));
        assert_eq!(seen.body["url"], "https://stagedoor.example/hooks/gitlab/main");
        assert_eq!((&seen.body["token"], &seen.body["push_events"]), (&json!("hook-secret"), &json!(true)));
        assert_eq!(seen.body["enable_ssl_verification"], json!(true));
    }
}

#[tokio::test]
async fn a_permit_for_another_connection_opens_nothing_here() {
    let server = Server::start(|_, _| json(201, &json!({"id": 1, "url": "x"}))).await;
    let error = server.client().create_hook(&permit("other").await).await.expect_err("not ours");
    assert_eq!((error.kind, server.count()), (Kind::Configuration, 0));
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    for status in [429, 502, 503, 504] {
        let server = Server::start(move |_, _| json(status, &json!({"message": "no"}))).await;
        server.client().create_hook(&permit("main").await).await.expect_err("failed");
        assert_eq!(server.count(), 1, "{status}");
    }
    let cut = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"id\"".to_vec();
    let gitlab = client(settings(raw(vec![cut]).await));
    gitlab.create_hook(&permit("main").await).await.expect_err("cut off");
    assert_eq!((gitlab.usage().sent, gitlab.usage().retried), (1, 0));
}

#[tokio::test]
async fn hooks_are_listed() {
    let server = Server::start(|_, _| {
        json(200, &json!([{"id": 1, "url": "https://a.example", "push_events": true, "alert_status": "disabled"}]))
    })
    .await;
    let hooks = server.client().hooks(HookScope::System).await.expect("answered");
    assert_eq!((hooks[0].id, hooks[0].alert_status.as_deref()), (1, Some("disabled")));
}

#[test]
fn the_permit_s_action_prints_no_secret() {
    let action = RegisterHook {
        connection: ConnectionName::parse("main").expect("legal"),
        scope: HookScope::System,
        url: "https://stagedoor.example".parse().expect("address"),
        secret: SecretString::from("hook-secret".to_owned()),
        signing: Some(SecretString::from("whsec_hook-secret".to_owned())),
    };
    assert!(!format!("{action:?}").contains("hook-secret"));
}

#[tokio::test]
async fn each_place_has_its_own_list_and_its_own_test() {
    for (scope, list, test) in [
        (HookScope::System, "/api/v4/hooks", "/api/v4/hooks/12"),
        (HookScope::Group(GroupId(7)), "/api/v4/groups/7/hooks", "/api/v4/groups/7/hooks/12/test/push_events"),
        (HookScope::Project(ProjectId(9)), "/api/v4/projects/9/hooks", "/api/v4/projects/9/hooks/12/test/push_events"),
    ] {
        let server = Server::start(|_, _| json(201, &json!({"id": 12, "url": "https://a.example"}))).await;
        let (client, permit) = (server.client(), permit_for("main", scope).await);
        client.create_hook(&permit).await.expect("created");
        client.test_hook(&permit, 12).await.expect("tried");
        let seen: Vec<_> = server.seen().into_iter().map(|seen| (seen.method, seen.path)).collect();
        let post = |path: &str| ("POST".to_owned(), path.to_owned());
        assert_eq!(seen, [post(list), post(test)]);
        let other = permit_for("other", scope).await;
        assert_eq!(client.test_hook(&other, 12).await.expect_err("not ours").kind, Kind::Configuration);
        assert_eq!(server.count(), 2, "nothing is sent for another's permit");
    }
}

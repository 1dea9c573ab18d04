//! The one write: it does what the permit says, once.

use std::sync::Arc;

use async_trait::async_trait;
use gitlab::{Kind, RegisterHook};
use model::{ConnectionName, Ctx, FixedRandom, ManualClock, Millis, Principal, RequestId};
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
    let ctx = Ctx::new(Principal::System, RequestId::fresh(&FixedRandom::seeded(1)), Arc::new(ManualClock::at(NOW)));
    let action = RegisterHook {
        connection: ConnectionName::parse(connection).expect("legal"),
        url: "https://stagedoor.example/hooks/gitlab/main".parse().expect("address"),
        secret: SecretString::from("hook-secret".to_owned()),
    };
    Gate::new(Arc::new(NoTrail)).permit(&ctx, action).await.expect("allowed")
}

#[tokio::test]
async fn a_hook_is_created_as_permitted() {
    let hook = json!({"id": 12, "url": "https://stagedoor.example/hooks/gitlab/main", "push_events": true, "enable_ssl_verification": true});
    // Documented as a list, in fact an object.
    for body in [hook.clone(), json!([hook])] {
        let server = Server::start(move |_, _| json(201, &body)).await;
        let created = server.client().create_system_hook(&permit("main").await).await.expect("created");
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
    let error = server.client().create_system_hook(&permit("other").await).await.expect_err("not ours");
    assert_eq!((error.kind, server.count()), (Kind::Configuration, 0));
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    for status in [429, 502, 503, 504] {
        let server = Server::start(move |_, _| json(status, &json!({"message": "no"}))).await;
        server.client().create_system_hook(&permit("main").await).await.expect_err("failed");
        assert_eq!(server.count(), 1, "{status}");
    }
    let cut = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"id\"".to_vec();
    let gitlab = client(settings(raw(vec![cut]).await));
    gitlab.create_system_hook(&permit("main").await).await.expect_err("cut off");
    assert_eq!((gitlab.usage().sent, gitlab.usage().retried), (1, 0));
}

#[tokio::test]
async fn hooks_are_listed() {
    let server = Server::start(|_, _| {
        json(200, &json!([{"id": 1, "url": "https://a.example", "push_events": true, "alert_status": "disabled"}]))
    })
    .await;
    let hooks = server.client().list_system_hooks().await.expect("answered");
    assert_eq!((hooks[0].id, hooks[0].alert_status.as_deref()), (1, Some("disabled")));
}

#[test]
fn the_permit_s_action_prints_no_secret() {
    let action = RegisterHook {
        connection: ConnectionName::parse("main").expect("legal"),
        url: "https://stagedoor.example".parse().expect("address"),
        secret: SecretString::from("hook-secret".to_owned()),
    };
    assert!(!format!("{action:?}").contains("hook-secret"));
}

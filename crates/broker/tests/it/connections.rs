//! Connections come, change, fail, are mended and go.

use broker::{
    BrokerError, ChangeDiscovery, Declared, RemoveConnection, Spec, TestConnection, UpdateToken,
    check::{CheckId, State},
};
use gitlab::RotateToken;
use model::Discovery;
use secrets::SecretRef;
use serde_json::json;

use crate::support::{House, bytes_of, connection, control, gitlab, name, pasted};

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn what_is_added_is_read_at_once_and_after_a_restart() {
    let sandbox = gitlab().await;
    let token = &sandbox.tokens["group_bot"];
    let house = House::new().await;
    let added = house.add(connection("main", &format!("{}/sandrill", sandbox.url), token)).await.expect("added");
    assert_eq!(added.url.as_str(), format!("{}/", sandbox.url), "the address was corrected");
    assert!(added.failing.is_none() && added.report.expect("a report").reads);
    assert_eq!(house.told(), ["connected main", "listening main false"]);
    let bytes = bytes_of(house.folder.path());
    assert!(!bytes.is_empty() && !holds(&bytes, token), "the token stands in the database");
    let again = house.restarted().await;
    assert_eq!(again.told(), ["connected main", "listening main false"]);
    let client = again.broker.gitlab(&name("main")).expect("known").expect("a client");
    assert_eq!(client.own_token().await.expect("accepted").name, "sandbox group_bot");
}

#[tokio::test]
async fn one_that_cannot_read_is_not_kept() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    let refused = house.add(connection("main", &sandbox.url, &sandbox.tokens["lonely"])).await.expect_err("refused");
    let BrokerError::Fails(report) = refused else { panic!("{refused}") };
    assert_eq!(report.failing().expect("one").id, CheckId::Projects);
    assert!(house.broker.list().is_empty() && house.told().is_empty());
    assert!(!house.store.has_secrets().await.expect("asked"), "no secret is left behind");
}

#[tokio::test]
async fn one_gitlab_is_not_read_twice_unless_each_has_its_groups() {
    let sandbox = gitlab().await;
    let owner = &sandbox.tokens["owner"];
    let house = House::new().await;
    let with = |called: &str, groups: &[&str]| {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let discovery = Discovery { groups, ..Discovery::default() };
        broker::NewConnection { discovery, ..connection(called, &sandbox.url, owner) }
    };
    house.add(with("checkout", &["sandrill/checkout"])).await.expect("the first");
    let twin = house.add(with("all", &[])).await.expect_err("everything holds checkout, too");
    assert!(matches!(twin, BrokerError::SameInstance { ref other, .. } if *other == name("checkout")), "{twin}");
    let below = house.add(with("ledger", &["sandrill/checkout/ledger"])).await.expect_err("it lies below");
    assert!(matches!(below, BrokerError::SameInstance { .. }), "{below}");
    house.add(with("terminals", &["sandrill/terminals"])).await.expect("beside it");
    let taken = house.add(with("terminals", &["sandrill/data"])).await.expect_err("the name is taken");
    assert!(matches!(taken, BrokerError::Taken(_)), "{taken}");
}

#[tokio::test]
async fn a_token_is_replaced_only_by_one_that_reads() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &sandbox.tokens["maintainer"])).await.expect("added");
    house.told();
    let permit = house.permit(UpdateToken { name: name("main"), token: pasted(&sandbox.tokens["expired"]) }).await;
    let refused = house.broker.update_token(&permit).await.expect_err("refused");
    assert!(matches!(refused, BrokerError::Fails(_)), "{refused}");
    house.done(permit).await;
    assert!(house.told().is_empty());
    let own = |house: &House| house.broker.gitlab(&name("main")).expect("known").expect("a client");
    assert_eq!(own(&house).own_token().await.expect("the old one works").name, "sandbox maintainer");
    let permit = house.permit(UpdateToken { name: name("main"), token: pasted(&sandbox.tokens["owner"]) }).await;
    house.broker.update_token(&permit).await.expect("replaced");
    house.done(permit).await;
    assert_eq!(house.told(), ["connected main", "listening main false"]);
    let again = house.restarted().await;
    assert_eq!(own(&again).own_token().await.expect("the new one").name, "sandbox owner");
}

#[tokio::test]
async fn a_rotated_token_is_used_and_kept_and_the_old_one_is_dead() {
    let sandbox = gitlab().await;
    let old = sandbox.tokens["self_rotate"].clone();
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &old)).await.expect("added");
    let before = house.broker.gitlab(&name("main")).expect("known").expect("a client");
    let permit = house.permit(RotateToken { connection: name("main"), expires: None }).await;
    house.broker.rotate_token(&permit).await.expect("rotated");
    house.done(permit).await;
    before.own_token().await.expect_err("the old one has ended");
    let after = house.broker.gitlab(&name("main")).expect("known").expect("a client");
    after.own_token().await.expect("the new one works");
    assert!(!holds(&bytes_of(house.folder.path()), &old));
    let again = house.restarted().await;
    let kept = again.broker.gitlab(&name("main")).expect("known").expect("a client");
    kept.own_token().await.expect("and is kept");
}

#[tokio::test]
async fn what_worked_and_stopped_says_since_when_and_by_which_check() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &sandbox.tokens["maintainer"])).await.expect("added");
    let worked = house.broker.get(&name("main")).expect("known").checked_at.expect("checked");
    house.clock.advance(60_000);
    control(&sandbox, "tokens/maintainer", json!({ "state": "revoked" })).await;
    let test = || async {
        let permit = house.permit(TestConnection::Kept(name("main"))).await;
        let report = house.broker.test(&permit, &mut |_| {}).await.expect("tested");
        house.done(permit).await;
        report
    };
    let report = test().await;
    assert!(!report.reads && report.checks.iter().all(|c| c.id < CheckId::Token || c.state != State::Passed));
    house.clock.advance(60_000);
    test().await;
    let failing = house.broker.get(&name("main")).expect("known").failing.expect("failing");
    assert_eq!((failing.check, failing.since, failing.worked_until), (CheckId::Token, worked + 60_000, Some(worked)));
    assert!(failing.remedy.is_some());
    let house = house.restarted().await;
    let kept = house.broker.get(&name("main")).expect("known").failing.expect("still failing");
    assert_eq!(kept.since, worked + 60_000, "a restart forgets nothing");
    control(&sandbox, "tokens/maintainer", json!({ "state": "active" })).await;
    let permit = house.permit(TestConnection::Kept(name("main"))).await;
    assert!(house.broker.test(&permit, &mut |_| {}).await.expect("tested").reads);
    house.done(permit).await;
    assert!(house.broker.get(&name("main")).expect("known").failing.is_none());
}

#[tokio::test]
async fn a_removed_connection_leaves_no_secret() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &sandbox.tokens["owner"])).await.expect("added");
    house.told();
    let permit = house.permit(RemoveConnection { name: name("main") }).await;
    house.broker.remove(&permit).await.expect("removed");
    house.done(permit).await;
    assert_eq!(house.told(), ["disconnected main"]);
    assert!(!house.store.has_secrets().await.expect("asked"));
    assert!(house.broker.hook_secrets(&name("main")).is_none());
    let permit = house.permit(ChangeDiscovery { name: name("main"), discovery: Discovery::default() }).await;
    let gone = house.broker.change_discovery(&permit).await.expect_err("gone");
    house.done(permit).await;
    assert!(matches!(gone, BrokerError::Unknown(_)), "{gone}");
}

#[tokio::test]
async fn a_secret_that_cannot_be_opened_stops_its_connection_alone() {
    let sandbox = gitlab().await;
    let house = House::new().await;
    house.add(connection("main", &sandbox.url, &sandbox.tokens["owner"])).await.expect("added");
    std::fs::write(house.folder.path().join("secrets.key"), "ab".repeat(32)).expect("another key");
    let house = house.restarted().await;
    let connection = house.broker.get(&name("main")).expect("known");
    let failing = connection.failing.expect("failing");
    assert!(failing.detail.contains("not in the key file"), "{}", failing.detail);
    assert!(house.told().is_empty(), "nobody is told to read with it");
    assert!(house.broker.gitlab(&name("main")).expect("known").is_none());
}

#[tokio::test]
async fn a_token_by_reference_is_taken_up_when_it_changes_there() {
    let sandbox = gitlab().await;
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), &sandbox.tokens["maintainer"]).expect("written");
    let declared = Declared {
        name: name("main"),
        url: sandbox.url.parse().expect("address"),
        spec: Spec { token: Some(SecretRef::File(file.path().to_owned())), ..Spec::default() },
        proxy_password: None,
        hook_token: None,
        hook_signing: None,
        register: None,
    };
    let house = House::with(vec![declared]).await;
    assert_eq!(house.told(), ["connected main", "listening main false"]);
    std::fs::write(file.path(), &sandbox.tokens["owner"]).expect("written");
    let permit = house.permit(TestConnection::Kept(name("main"))).await;
    house.broker.test(&permit, &mut |_| {}).await.expect("tested");
    house.done(permit).await;
    assert_eq!(house.told(), ["connected main", "listening main false"]);
    let client = house.broker.gitlab(&name("main")).expect("known").expect("a client");
    assert_eq!(client.own_token().await.expect("accepted").name, "sandbox owner");
    let permit = house.permit(RotateToken { connection: name("main"), expires: None }).await;
    let refused = house.broker.rotate_token(&permit).await.expect_err("not ours to rotate");
    house.done(permit).await;
    assert!(matches!(refused, BrokerError::Declared(_)), "{refused}");
}

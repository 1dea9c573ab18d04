use proptest::prelude::*;
use serde_json::json;

use super::*;

fn check(text: &str, expected: Result<&str, &str>) {
    let found = EntityRef::parse(text, Some("Component"), "default");
    match expected {
        Ok(expected) => assert_eq!(found.map(|r| r.to_string()).as_deref(), Ok(expected), "{text}"),
        Err(part) => {
            let message = found.expect_err(text).to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}

#[test]
fn references_take_defaults_and_refuse_what_is_ambiguous() {
    check("payments-api", Ok("Component:default/payments-api"));
    check("API:payments-v2", Ok("API:default/payments-v2"));
    check("ops/payments-api", Ok("Component:ops/payments-api"));
    check("group:ops/Checkout", Ok("group:ops/Checkout"));
    check(" user:ilse ", Ok("user:default/ilse"));
    check("", Err("empty part"));
    check("group:", Err("empty part"));
    check("/x", Err("empty part"));
    check("a/b/c", Err("too many"));
    check("a:b:c", Err("too many"));
    check("ns/na:me", Err("too many"));
    assert!(EntityRef::parse("x", None, "default").expect_err("no kind").to_string().contains("needs a kind"));
}

#[test]
fn references_compare_without_case_and_keep_it() {
    let written = EntityRef::parse("API:Ops/Payments", None, "default").expect("legal");
    assert_eq!(written, EntityRef::new("api", "ops", "payments"));
    assert_eq!(written.to_string(), "API:Ops/Payments");
    assert_eq!(written.key().as_str(), "api:ops/payments");
    assert_eq!((written.key().kind(), written.key().namespace(), written.key().name()), ("api", "ops", "payments"));
}

#[test]
fn every_relation_has_an_inverse_that_leads_back() {
    for relation in RelationType::ALL {
        assert_ne!(relation.inverse(), *relation);
        assert_eq!(relation.inverse().inverse(), *relation);
        assert_eq!(RelationType::parse(&relation.as_str().to_uppercase()), Some(*relation));
    }
}

#[test]
fn a_component_states_its_relations_once_and_in_order() {
    let spec = json!({"owner": "checkout", "providesApis": ["payments-v2", "API:payments-v2"],
        "dependsOn": ["resource:payments-db", "payments-db", 7]});
    let found = implied_relations(&EntityRef::new("Component", "default", "payments-api"), &spec);
    let found: Vec<_> = found.iter().map(|(t, r)| format!("{} {r}", t.as_str())).collect();
    // `dependsOn` has no default kind, so the second reference says nothing.
    assert_eq!(
        found,
        [
            "ownedBy group:default/checkout",
            "dependsOn resource:default/payments-db",
            "providesApi api:default/payments-v2"
        ]
    );
}

#[test]
fn safe_names_keep_colliding_paths_apart() {
    assert_eq!(safe_name("sandrill/harbour-ops"), "sandrill.harbour-ops");
    assert_ne!(safe_name("a/b-c"), safe_name("a-b/c"));
    assert_ne!(safe_name("a/b.c"), safe_name("a/b/c"));
    assert!(safe_name("_x_").starts_with("x.."));
    assert_eq!(user_name("ilse.brandvold"), "ilse.brandvold");
    assert_ne!(user_name("_ilse"), user_name("ilse"));
    assert_ne!(user_name("x..1"), "x..1");
    let aliases: Vec<_> = group_aliases("sandrill/harbour/ops").iter().map(ToString::to_string).collect();
    assert_eq!(aliases, ["group:default/sandrill-harbour-ops", "group:default/harbour-ops", "group:default/ops"]);
}

#[test]
fn global_ids_of_another_kind_are_refused() {
    assert_eq!(ProjectId::from_gid("gid://gitlab/Project/17"), Some(ProjectId(17)));
    assert_eq!(ProjectId::from_gid("gid://gitlab/Group/17"), None);
    assert_eq!(GroupId(4).to_gid(), "gid://gitlab/Group/4");
}

#[test]
fn connection_names_are_short_and_plain() {
    for good in ["gitlab", "a", "main-2"] {
        assert_eq!(ConnectionName::parse(good).expect(good).as_str(), good);
    }
    for bad in ["", "-a", "a-", "A", "a/b", "a b", &"x".repeat(64)] {
        assert!(ConnectionName::parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_reference_that_parses_prints_what_parses_again(text in "[A-Za-z:/. -]{0,20}") {
        if let Ok(first) = EntityRef::parse(&text, Some("Component"), "default") {
            let again = EntityRef::parse(&first.to_string(), None, "other").expect("printed form");
            prop_assert_eq!(first.key(), again.key());
        }
    }

    #[test]
    fn safe_names_are_legal_entity_names(path in "[a-zA-Z0-9_.-]{1,80}(/[a-zA-Z0-9_.-]{1,80}){0,3}") {
        let name = safe_name(&path);
        prop_assert!((1..=63).contains(&name.len()), "{}", name);
        prop_assert!(name.starts_with(|c: char| c.is_ascii_alphanumeric()));
        prop_assert!(name.ends_with(|c: char| c.is_ascii_alphanumeric()));
        prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
    }

    #[test]
    fn different_paths_have_different_names(a in "[a-b./-]{1,6}", b in "[a-b./-]{1,6}") {
        prop_assume!(!a.eq_ignore_ascii_case(&b));
        prop_assert_ne!(safe_name(&a).to_lowercase(), safe_name(&b).to_lowercase());
    }
}

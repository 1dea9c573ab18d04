//! What single questions are answered with.

use serde_json::{Value, json};

use super::make::{entity, index, key, sandrill};
use crate::index::{Filter, Index, Query, QueryError};

fn meant(index: &Index, filter: Filter) -> Vec<String> {
    let query = Query { filter, limit: 100, ..Query::default() };
    let page = index.query(&query).expect("a legal question");
    page.items.iter().map(|view| view.key().name().to_owned()).collect()
}

fn params(texts: &[&str]) -> Filter {
    Filter::parse_params(texts).expect("a legal filter")
}

fn predicate(value: &Value) -> Filter {
    Filter::from_predicate(value).expect("a legal predicate")
}

#[test]
fn query_strings_join_and_repeat_as_in_the_reference() {
    let index = index(sandrill());
    let check = |texts: &[&str], wanted: &[&str]| assert_eq!(meant(&index, params(texts)), wanted, "{texts:?}");
    check(&["kind=Component,spec.type=service"], &["ferries", "payments-api"]);
    check(&["kind=component,kind=api,spec.lifecycle=PRODUCTION"], &["payments", "payments-api", "website"]);
    check(&["kind=system", "spec.type=website"], &["website", "ticketing"]);
    check(&["kind=component,metadata.title"], &["payments-api"]);
    check(&["metadata.tags.java=true"], &["payments-api"]);
    check(&["metadata.tags.java"], &["payments-api"]);
    check(&["metadata.tags=java,metadata.tags=go"], &["ferries", "payments-api"]);
    check(&["metadata.annotations.gitlab.com/project-slug=sandrill/PAYMENTS"], &["payments-api"]);
    check(&["metadata.links.url=https://log.example"], &["payments-api"]);
    check(&["metadata.labels.tier=1"], &["payments-api"]);
    check(&["metadata.name="], &[]);
    check(
        &[""],
        &["payments", "ferries", "payments-api", "website", "sandrill.checkout", "sandrill.harbour", "ticketing"],
    );
    assert_eq!(Filter::parse_params(&["kind=api,=x"]), Err(QueryError::Filter("=x".into())));
}

#[test]
fn relations_and_owners_are_found_under_every_name() {
    let index = index(sandrill());
    for name in ["group:default/checkout", "group:sandrill.checkout", "GROUP:default/sandrill-checkout"] {
        assert_eq!(
            meant(&index, params(&[&format!("relations.ownedBy={name}")])),
            ["payments", "payments-api"],
            "{name}"
        );
        assert_eq!(
            meant(&index, params(&[&format!("stagedoor.owner={name}")])),
            ["payments", "payments-api"],
            "{name}"
        );
    }
    assert_eq!(meant(&index, params(&["relations.ownerOf=component:default/ferries"])), ["sandrill.harbour"]);
    assert_eq!(meant(&index, params(&["relations.apiConsumedBy=component:ferries"])), ["payments"]);
    assert_eq!(meant(&index, params(&["relations.providesApi"])), ["payments-api"]);
    assert_eq!(meant(&index, params(&["relations.dependsOn=resource:default/payments-db"])), ["payments-api"]);
    assert_eq!(meant(&index, params(&["stagedoor.owner=none"])), ["website"]);
    assert_eq!(
        meant(&index, params(&["stagedoor.problem=dangling", "stagedoor.problem=no-owner"])),
        ["payments-api", "website"]
    );
    assert_eq!(meant(&index, params(&["stagedoor.language=java"])), ["payments-api"]);
    assert_eq!(
        meant(&index, params(&["stagedoor.system=system:ticketing,stagedoor.origin=file"])),
        ["ferries", "payments-api"]
    );
}

#[test]
fn long_values_exist_and_are_not_compared() {
    let index = index(sandrill());
    assert_eq!(meant(&index, params(&["spec.definition"])), ["payments"]);
    assert_eq!(meant(&index, Filter::any_of("spec.definition", ["x".repeat(5_000)])), [""; 0]);
    let mut facets = index.facets(&Filter::All, &["spec.definition"]);
    assert_eq!(facets.pop(), Some(("spec.definition".to_owned(), Vec::new())));
}

#[test]
fn predicates_are_one_algebra() {
    let index = index(sandrill());
    let check = |value: Value, wanted: &[&str]| assert_eq!(meant(&index, predicate(&value)), wanted, "{value}");
    check(json!({"kind": "component", "spec.type": {"$in": ["website", "library"]}}), &["website"]);
    check(json!({"$all": [{"kind": "Component"}, {"$not": {"spec.type": "service"}}]}), &["website"]);
    check(json!({"$any": [{"kind": "api"}, {"kind": "system"}]}), &["payments", "ticketing"]);
    check(json!({"kind": "component", "metadata.title": {"$exists": false}}), &["ferries", "website"]);
    check(json!({"metadata.name": {"$hasPrefix": "PAY"}}), &["payments", "payments-api"]);
    check(json!({"metadata.tags": {"$contains": "Money"}}), &["payments-api"]);
    // A single value is no list.
    check(json!({"spec.type": {"$contains": "service"}}), &[]);
    let owned = json!({"relations": {"$contains": {"type": "ownedBy", "targetRef": "group:default/harbour"}}});
    check(owned, &["ferries"]);
    let part = json!({"relations": {"$contains": {"type": {"$hasPrefix": "api"}, "targetRef": {"$hasPrefix": "component:default/f"}}}});
    check(part, &["payments"]);
    // Both must hold of one link.
    check(
        json!({"metadata.links": {"$contains": {"title": "Logs", "url": {"$hasPrefix": "https://log"}}}}),
        &["payments-api"],
    );
    check(json!({"metadata.links": {"$contains": {"title": "Board", "url": "https://log.example"}}}), &[]);
    check(json!({"$all": []}), &[]);
    assert_eq!(meant(&index, predicate(&json!({}))).len(), 7);
}

#[test]
fn predicates_that_say_nothing_clear_are_refused() {
    let mut deep = json!({"kind": "api"});
    for _ in 0..40 {
        deep = json!({"$not": deep});
    }
    for wrong in [
        json!("component"),
        json!({"$all": {"kind": "api"}}),
        json!({"$any": [], "kind": "api"}),
        json!({"$nor": []}),
        json!({"kind": {"$regex": "a"}}),
        json!({"kind": {"$in": "api"}}),
        json!({"kind": {"$in": [["api"]]}}),
        json!({"kind": {"$exists": "yes"}}),
        json!({"kind": {"$in": ["api"], "$exists": true}}),
        json!({"kind": ["api"]}),
        json!({"kind": null}),
        deep,
    ] {
        assert!(matches!(Filter::from_predicate(&wrong), Err(QueryError::Predicate(_))), "{wrong}");
    }
}

#[test]
fn words_are_found_where_people_look() {
    let index = index(sandrill());
    let check = |text: &str, wanted: &[&str]| assert_eq!(meant(&index, Filter::words(text)), wanted, "{text}");
    check("money back", &["payments-api"]);
    check("JAVA", &["payments-api"]);
    check("checkout production", &[]);
    // The owner's title and name, under which nobody wrote it.
    check("checkout payments", &["payments", "payments-api"]);
    check("sandrill/ferries", &["ferries"]);
    check(
        "  ",
        &["payments", "ferries", "payments-api", "website", "sandrill.checkout", "sandrill.harbour", "ticketing"],
    );
    let hits = index.search("pay", 10);
    let found: Vec<_> = hits.iter().map(|hit| (hit.view.key().as_str(), hit.why)).collect();
    assert_eq!(found, [("api:default/payments", "name"), ("component:default/payments-api", "name")]);
    let hits = index.search("money", 10);
    assert_eq!(hits.iter().map(|hit| hit.why).collect::<Vec<_>>(), ["tag"]);
    assert!(index.search("", 10).is_empty());
    assert_eq!(index.search("a", 1).len(), 1);
}

#[test]
fn full_text_looks_at_the_fields_it_is_given() {
    let index = index(sandrill());
    assert_eq!(meant(&index, Filter::full_text("ER", ["metadata.name"])), ["ferries"]);
    assert_eq!(meant(&index, Filter::full_text("boats", ["metadata.description", "metadata.name"])), ["ferries"]);
    assert_eq!(meant(&index, Filter::full_text(" ", ["metadata.name"])).len(), 7);
}

#[test]
fn what_is_nearly_right_is_suggested() {
    let index = index(sandrill());
    let check = |text: &str, wanted: &[&str]| {
        let found: Vec<_> = index.suggestions(&key(text)).iter().map(ToString::to_string).collect();
        assert_eq!(found, wanted, "{text}");
    };
    check("component:default/payments", &["api:default/payments", "component:default/payments-api"]);
    check("component:default/feries", &["component:default/ferries"]);
    check("group:default/checkout", &["group:default/sandrill.checkout"]);
    check("component:default/zzz", &[]);
}

#[test]
fn facets_show_what_was_written_and_count_without_case() {
    let index = index(sandrill());
    let facets = index.facets(&params(&["kind=component"]), &["spec.type", "Metadata.Tags", "relations.ownedBy"]);
    let plain: Vec<(&str, Vec<(&str, u64)>)> =
        facets.iter().map(|(key, of)| (key.as_str(), of.iter().map(|(v, n)| (&**v, *n)).collect())).collect();
    assert_eq!(
        plain,
        [
            ("spec.type", vec![("Service", 2), ("website", 1)]),
            ("Metadata.Tags", vec![("go", 1), ("java", 1), ("money", 1)]),
            ("relations.ownedBy", vec![("group:default/sandrill.checkout", 1), ("group:default/sandrill.harbour", 1)]),
        ]
    );
}

#[test]
fn documents_come_with_what_the_catalog_adds() {
    let index = index(sandrill());
    let view = index.get(&key("component:default/payments-api")).expect("held");
    let whole: Value = serde_json::from_str(&view.json(None)).expect("JSON");
    assert_eq!(whole["metadata"]["uid"], json!(view.uid()));
    assert_eq!(whole["metadata"]["etag"], json!(view.etag()));
    assert_eq!(whole["metadata"]["name"], json!("Payments-API"));
    assert_eq!(
        whole["relations"],
        json!([
            {"type": "dependsOn", "targetRef": "resource:default/payments-db"},
            {"type": "ownedBy", "targetRef": "group:default/sandrill.checkout"},
            {"type": "partOf", "targetRef": "system:default/ticketing"},
            {"type": "providesApi", "targetRef": "api:default/payments"},
        ])
    );
    let fields = |of: &[&str]| {
        let fields: Vec<String> = of.iter().map(|field| (*field).to_owned()).collect();
        serde_json::from_str::<Value>(&view.json(Some(&fields))).expect("JSON")
    };
    assert_eq!(fields(&["kind", "metadata.name"]), json!({"kind": "Component", "metadata": {"name": "Payments-API"}}));
    let slug = json!({"metadata": {"annotations": {"gitlab.com/project-slug": "sandrill/payments"}}});
    assert_eq!(fields(&["metadata.annotations.gitlab.com/project-slug", "metadata.nothing.here"]), slug);
    assert_eq!(index.by_uid(&view.uid().to_uppercase()).map(|v| v.key().clone()), Some(view.key().clone()));
    assert!(index.by_uid("no uid").is_none());
}

#[test]
fn uids_follow_from_the_reference_and_never_change() {
    // Held against Python: uuid5(uuid5(NAMESPACE_DNS, "stagedoor.catalog"), "component:default/ferries").
    let index = index(sandrill());
    let view = index.get(&key("component:default/ferries")).expect("held");
    assert_eq!(view.uid(), UID_OF_FERRIES);
}

const UID_OF_FERRIES: &str = "6ffb6711-587e-5710-b9a0-7c506f4c45f3";

#[test]
fn damaged_documents_are_shown_as_far_as_they_go() {
    let mut broken = entity(1, "component:default/a", &json!({}), &json!({}));
    broken.body = "{\"kind\":".into();
    let index = index([broken]);
    let view = index.get(&key("component:default/a")).expect("held");
    let whole: Value = serde_json::from_str(&view.json(None)).expect("JSON");
    assert_eq!(whole["metadata"]["name"], json!("a"));
    assert_eq!(view.summary(), crate::index::Summary::default());
}

//! References, other names, claims and what follows from them.

use model::{Code, Problem, RelationType, Severity};
use serde_json::json;

use super::make::{entity, index, key, put, sandrill};
use crate::index::{Change, Edge, GraphEdge, Index, ProblemQuery, Resolution};

fn edges(index: &Index, of: &str) -> Vec<String> {
    let show = |edge: &Edge| format!("{} {}{}", edge.kind.as_str(), edge.target, if edge.exists { "" } else { " ?" });
    index.relations(&key(of)).iter().map(show).collect()
}

fn problems(index: &Index, of: &str) -> Vec<(Code, Severity, String)> {
    let view = index.get(&key(of)).expect("held");
    view.problems().into_iter().map(|problem| (problem.code, problem.severity, problem.message)).collect()
}

fn refs(keys: &[model::RefKey]) -> Vec<&str> {
    keys.iter().map(model::RefKey::as_str).collect()
}

#[test]
fn other_names_lead_to_the_one_that_has_them() {
    let mut index = index(sandrill());
    assert_eq!(
        index.resolve(&key("group:default/checkout")),
        Resolution::Alias(key("group:default/sandrill.checkout"))
    );
    assert_eq!(index.resolve(&key("api:default/payments")), Resolution::Held(key("api:default/payments")));
    assert_eq!(index.resolve(&key("group:default/kitchen")), Resolution::Unknown);
    assert_eq!(
        edges(&index, "group:default/sandrill.checkout"),
        ["ownerOf api:default/payments", "ownerOf component:default/payments-api"]
    );

    // A second group of that name: nobody can say which is meant.
    let mut other = entity(20, "group:default/north.checkout", &json!({}), &json!({"type": "team", "children": []}));
    other.aliases = vec![key("group:default/checkout")];
    let touched = index.apply([put(other.clone())]);
    let both = vec![key("group:default/north.checkout"), key("group:default/sandrill.checkout")];
    assert_eq!(index.resolve(&key("group:default/checkout")), Resolution::Ambiguous(both));
    assert_eq!(edges(&index, "group:default/sandrill.checkout"), ["ownerOf api:default/payments"]);
    assert_eq!(
        refs(&touched.changed),
        ["component:default/payments-api", "group:default/north.checkout", "group:default/sandrill.checkout"]
    );
    let (code, severity, message) = problems(&index, "component:default/payments-api").remove(0);
    assert_eq!((code, severity), (Code::AmbiguousOwner, Severity::Warning));
    assert!(message.contains("group:default/north.checkout, group:default/sandrill.checkout"), "{message}");

    // A group that really is called that takes the name from both.
    other.entity_ref = model::EntityRef::new("Group", "default", "checkout");
    other.aliases = Vec::new();
    index.apply([put(other)]);
    assert_eq!(edges(&index, "group:default/checkout"), ["ownerOf component:default/payments-api"]);
}

#[test]
fn owners_that_become_known_change_the_pages_they_own() {
    let mut index = index(sandrill());
    let (code, _, message) = problems(&index, "system:default/ticketing").remove(0);
    assert_eq!(code, Code::UnknownOwner);
    assert_eq!(message, "The owner group:default/nobody-here is not in the catalog");
    let owner = entity(
        30,
        "group:default/nobody-here",
        &json!({"title": "Somebody"}),
        &json!({"type": "team", "children": []}),
    );
    let touched = index.apply([put(owner.clone())]);
    assert_eq!(refs(&touched.changed), ["group:default/nobody-here", "system:default/ticketing"]);
    assert!(problems(&index, "system:default/ticketing").is_empty());
    // Its title is on the pages of what it owns, too.
    let mut renamed = owner;
    renamed.body = renamed.body.replace("Somebody", "Someone");
    assert_eq!(index.apply([put(renamed.clone())]).changed, touched.changed);
    // The same again is nothing new.
    assert!(index.apply([put(renamed)]).changed.is_empty());
    let touched = index.apply([Change::Remove(30)]);
    assert_eq!(refs(&touched.removed), ["group:default/nobody-here"]);
    assert_eq!(refs(&touched.changed), ["system:default/ticketing"]);
}

#[test]
fn the_first_claim_holds_and_both_show_the_conflict() {
    let mut index = index(sandrill());
    let mut rival = entity(
        40,
        "Component:default/ferries",
        &json!({"title": "Other boats"}),
        &json!({"type": "service", "lifecycle": "production", "owner": "checkout"}),
    );
    rival.source.project_path = "elsewhere/boats".into();
    rival.claimed_at = 5_000;
    rival.problems.push(Problem::new(Code::InvalidField, Severity::Warning, "odd", "mend it"));
    index.apply([put(rival)]);
    let view = index.get(&key("component:default/ferries")).expect("held");
    assert_eq!((view.entity().id, view.holds()), (4, true));
    let claims: Vec<_> = view.conflicts().iter().map(|claim| (claim.entity().id, claim.holds())).collect();
    assert_eq!(claims, [(4, true), (40, false)]);
    let (code, severity, message) = problems(&index, "component:default/ferries").remove(0);
    assert_eq!((code, severity), (Code::Conflict, Severity::Warning));
    assert_eq!(
        message,
        "component:default/ferries is also claimed by catalog-info.yaml of elsewhere/boats, which came later"
    );
    let other = index.by_id(40).expect("known");
    let other: Vec<_> =
        other.problems().into_iter().map(|problem| (problem.code, problem.severity, problem.since)).collect();
    assert_eq!(other, [(Code::Conflict, Severity::Error, 5_000), (Code::InvalidField, Severity::Warning, 0)]);
    // Its statements are not in the catalog.
    assert!(
        !edges(&index, "group:default/sandrill.checkout").contains(&"ownerOf component:default/ferries".to_owned())
    );

    index.apply([Change::Remove(4)]);
    let view = index.get(&key("component:default/ferries")).expect("held by the next");
    assert_eq!((view.entity().id, view.title(), view.conflicts().len()), (40, Some("Other boats"), 0));
    assert!(edges(&index, "group:default/sandrill.checkout").contains(&"ownerOf component:default/ferries".to_owned()));
}

#[test]
fn one_document_that_is_read_twice_claims_nothing_twice() {
    let mut first = sandrill().remove(3);
    first.problems.push(Problem::new(Code::InvalidField, Severity::Warning, "odd", "mend it"));
    let again = model::Entity { id: 50, claimed_at: 5_000, ..first.clone() };
    let mut below = model::Entity { id: 51, claimed_at: 6_000, ..first.clone() };
    below.source.line = Some(20);
    let mut index = index([first, again]);
    let view = index.get(&key("component:default/ferries")).expect("held");
    assert!(view.conflicts().is_empty());
    assert!(view.problems().iter().all(|problem| problem.code != Code::Conflict));
    let all = ProblemQuery { code: vec![Code::InvalidField], limit: 10, ..ProblemQuery::default() };
    assert_eq!(index.problems(&all).expect("legal").total, 1);
    // Two documents of one file are two.
    index.apply([put(below)]);
    let view = index.get(&key("component:default/ferries")).expect("held");
    assert_eq!(view.conflicts().len(), 2);
    let listed = index.problems(&ProblemQuery { limit: 10, ..ProblemQuery::default() }).expect("legal").total;
    let counts = index.problem_counts();
    assert_eq!(listed, (counts.error + counts.warning + counts.note) as u64);
}

#[test]
fn what_is_not_there_is_named_with_its_field() {
    let index = index(sandrill());
    let view = index.get(&key("component:default/payments-api")).expect("held");
    let problem = view.problems().remove(0);
    assert_eq!((problem.code, problem.severity), (Code::Dangling, Severity::Warning));
    assert_eq!(problem.message, "spec.dependsOn names resource:default/payments-db, which is not in the catalog");
    assert_eq!((problem.pointer.as_deref(), problem.since), (Some("spec.dependsOn"), 2_003));
    let counts = index.problem_counts();
    assert_eq!((counts.error, counts.warning, counts.note), (0, 3, 0));
}

#[test]
fn problems_are_listed_filtered_and_counted() {
    let index = index(sandrill());
    let ask = |query: ProblemQuery| -> Vec<String> {
        let page = index.problems(&ProblemQuery { limit: 10, ..query }).expect("legal");
        page.items.iter().map(|row| format!("{} {}", row.view.key().name(), row.problem.code.as_str())).collect()
    };
    assert_eq!(ask(ProblemQuery::default()), ["payments-api dangling", "website no-owner", "ticketing unknown-owner"]);
    let owner = vec!["group:default/checkout".to_owned(), "none".to_owned()];
    assert_eq!(ask(ProblemQuery { owner, ..ProblemQuery::default() }), ["payments-api dangling", "website no-owner"]);
    assert_eq!(ask(ProblemQuery { code: vec![Code::NoOwner], ..ProblemQuery::default() }), ["website no-owner"]);
    assert_eq!(ask(ProblemQuery { severity: vec![Severity::Error], ..ProblemQuery::default() }), [""; 0]);
    assert_eq!(ask(ProblemQuery { words: "payments-DB".into(), ..ProblemQuery::default() }), ["payments-api dangling"]);
    let project = vec!["sandrill/website".to_owned()];
    assert_eq!(ask(ProblemQuery { project, ..ProblemQuery::default() }), ["website no-owner"]);
    let facets = index.problem_facets(&ProblemQuery { code: vec![Code::NoOwner], ..ProblemQuery::default() });
    assert_eq!(facets.severity, [(Severity::Warning, 1)]);
    assert_eq!(facets.code, [(Code::Dangling, 1), (Code::NoOwner, 1), (Code::UnknownOwner, 1)]);
    assert_eq!(facets.owner, [(None, 1)]);
}

#[test]
fn graphs_show_each_relation_once() {
    let index = index(sandrill());
    let graph = index.graph(&key("component:default/ferries"), 1, &[]);
    let nodes: Vec<_> = graph.nodes.iter().map(|node| (node.key.name(), node.depth, node.exists)).collect();
    assert_eq!(
        nodes,
        [("ferries", 0, true), ("payments", 1, true), ("sandrill.harbour", 1, true), ("ticketing", 1, true)]
    );
    assert!(!graph.truncated);
    let edge = |from: &str, to: &str, kind| GraphEdge { from: key(from), to: key(to), kind };
    let ferries = "component:default/ferries";
    assert_eq!(
        graph.edges,
        [
            edge(ferries, "api:default/payments", RelationType::ConsumesApi),
            edge(ferries, "group:default/sandrill.harbour", RelationType::OwnedBy),
            edge(ferries, "system:default/ticketing", RelationType::PartOf),
        ]
    );
    let apis = index.graph(&key(ferries), 3, &[RelationType::ProvidesApi, RelationType::ApiConsumedBy]);
    let nodes: Vec<_> = apis.nodes.iter().map(|node| (node.key.name(), node.depth)).collect();
    assert_eq!(nodes, [("ferries", 0), ("payments", 1), ("payments-api", 2)]);
    assert!(index.graph(&key("component:default/none"), 3, &[]).nodes.is_empty());
}

#[test]
fn graphs_of_great_owners_stop() {
    let mut all = sandrill();
    all.extend(
        (100..700)
            .map(|n| entity(n, &format!("component:default/part-{n}"), &json!({}), &json!({"owner": "checkout"}))),
    );
    let graph = index(all).graph(&key("group:default/sandrill.checkout"), 2, &[]);
    assert_eq!((graph.nodes.len(), graph.truncated), (400, true));
    let known: std::collections::BTreeSet<_> = graph.nodes.iter().map(|node| &node.key).collect();
    assert!(graph.edges.iter().all(|edge| known.contains(&edge.from) && known.contains(&edge.to)));
}

#[test]
fn locations_are_the_parents_of_what_they_lead_to() {
    let at = |id, reference: &str, spec: &serde_json::Value, file: &str| {
        let mut entity = entity(id, reference, &json!({}), spec);
        entity.source.project_path = "sandrill/mono".into();
        entity.source.project_url = "https://gitlab.example/sandrill/mono".into();
        entity.source.file = Some(file.into());
        entity
    };
    let index = index([
        at(
            1,
            "location:default/root",
            &json!({"targets": ["./services/all.yaml", "../out.yaml"]}),
            "catalog-info.yaml",
        ),
        at(2, "location:default/all", &json!({"target": "boats/catalog-info.yaml"}), "services/all.yaml"),
        at(3, "component:default/boats", &json!({}), "services/boats/catalog-info.yaml"),
    ]);
    let chain: Vec<_> =
        index.ancestry(&key("component:default/boats")).into_iter().map(|a| (a.key, a.parents)).collect();
    let (boats, all, root) =
        (key("component:default/boats"), key("location:default/all"), key("location:default/root"));
    assert_eq!(chain, [(boats, vec![all.clone()]), (all, vec![root.clone()]), (root, vec![])]);
    assert!(index.ancestry(&key("component:default/none")).is_empty());
}

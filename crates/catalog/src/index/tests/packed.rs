//! Catalogs so large that what is held of their entities is packed.

use std::collections::BTreeMap;

use model::{Code, Entity, Problem, Severity};
use serde_json::json;

use super::make::{entity, put};
use crate::index::{Change, Filter, Index, Order, Query, Touched};

/// Enough that packing begins, and goes on for some changes.
const MANY: i64 = 4_400;

fn some(id: i64, version: i64) -> Entity {
    let metadata = json!({"title": format!("Part {id}"), "description": format!("Carries {id} boxes, {version} at a time"),
        "annotations": {"example.com/slug": format!("sandrill/harbour/part-{id}"), "example.com/instance": "gitlab.example"}});
    let owner = if id % 3 == 0 { "harbour" } else { "nobody" };
    let spec = json!({"type": "service", "lifecycle": "production", "owner": owner,
        "dependsOn": [format!("component:part-{}", id / 2)]});
    let mut entity = entity(id, &format!("component:default/Part-{id}"), &metadata, &spec);
    if id % 5 == 0 {
        entity.problems.push(Problem::new(Code::InvalidField, Severity::Error, "wrong", "mend it"));
    }
    entity
}

fn packed(index: &Index) -> usize {
    index
        .query(&Query { limit: usize::MAX, ..Query::default() })
        .expect("legal")
        .items
        .iter()
        .filter(|v| v.is_packed())
        .count()
}

#[test]
fn entities_come_out_as_they_went_in() {
    let mut index = Index::new();
    let mut wanted: BTreeMap<i64, Entity> = (1..=MANY).map(|id| (id, some(id, 0))).collect();
    for batch in wanted.values().cloned().collect::<Vec<_>>().chunks(300) {
        index.apply(batch.iter().cloned().map(put));
    }
    assert!(packed(&index) > 0);
    // Nothing but time passes, and the rest is packed; some of it changes meanwhile, and the same again is no change.
    for id in 1..=60 {
        let changed = some(id * 7, id);
        assert!(!index.apply([put(changed.clone())]).changed.is_empty());
        assert_eq!(index.apply([put(changed.clone())]), Touched::default());
        wanted.insert(changed.id, changed);
    }
    assert_eq!(packed(&index), wanted.len());
    for (id, entity) in &wanted {
        let view = index.by_id(*id).expect("held");
        assert_eq!(view.entity(), entity);
        assert_eq!(view.name(), entity.entity_ref.name());
        assert_eq!(view.problem_counts().error, usize::from(id % 5 == 0));
    }
    // A second claim is weighed against a packed one.
    let mut rival = some(9, 0);
    (rival.id, rival.claimed_at, rival.source.line) = (MANY + 1, 1, Some(40));
    index.apply([put(rival)]);
    let view = index.by_id(9).expect("held");
    assert!(!view.holds());
    assert_eq!(view.conflicts().len(), 2);
    let query =
        |filter: Filter| Query { filter, order: vec![Order::asc("metadata.name")], limit: 5, ..Query::default() };
    let page = index.query(&query(Filter::words("Part-44"))).expect("legal");
    let found: Vec<&str> = page.items.iter().map(|view| view.key().name()).collect();
    assert_eq!((page.total, found), (12, vec!["part-44", "part-440", "part-4400", "part-441", "part-442"]));
    let slug = Filter::any_of("metadata.annotations.example.com/slug", ["sandrill/harbour/part-77"]);
    assert_eq!(index.query(&query(slug)).expect("legal").total, 1);
}

#[test]
fn nothing_is_left_when_everything_goes() {
    let mut index = Index::new();
    index.apply((1..=MANY).map(|id| put(some(id, 0))));
    index.apply((1..=MANY).map(Change::Remove));
    assert!(index.is_empty());
    assert_eq!(index.problem_counts(), crate::ProblemCounts::default());
    let left: usize = index.weight().iter().filter(|(part, _)| *part != "numbers").map(|(_, bytes)| bytes).sum();
    // What stays is room in lists, and nothing of it by entity.
    assert!(left < 1_500_000, "{left}");
    index.apply([put(some(1, 0))]);
    assert_eq!(index.by_id(1).expect("held").entity(), &some(1, 0));
}

//! Random catalogs, against looking at everything.

use std::collections::{BTreeMap, BTreeSet};

use model::{Code, ConnectionName, Entity, Evidence, Origin, Ownership, Problem, RefKey, Severity};
use proptest::prelude::*;
use serde_json::json;

use super::{
    make::{entity, key, put},
    naive::Naive,
};
use crate::index::{Change, Cursor, Filling, Filter, Index, Order, ProblemQuery, ProblemSort, Query};

const NAMES: [&str; 4] = ["alpha", "Beta", "beta-two", "g"];
const PATHS: [&str; 16] = [
    "kind",
    "metadata.name",
    "Metadata.Title",
    "metadata.tags",
    "metadata.tags.go",
    "metadata.annotations.example.com/slug",
    "metadata.description",
    "spec.type",
    "spec.deep.list",
    "spec.deep.list.go",
    "spec.owner",
    "spec.nothing",
    "relations.ownedBy",
    "relations.ownerOf",
    "relations.dependsOn",
    "stagedoor.owner",
];
const VALUES: [&str; 12] = [
    "component",
    "group",
    "alpha",
    "BETA",
    "go",
    "Java",
    "true",
    "service",
    "a/b",
    "none",
    "group:default/team",
    "component:default/alpha",
];

fn some_entity() -> impl Strategy<Value = Entity> {
    let kind = prop::sample::select(vec!["Component", "group", "API"]);
    let reference =
        prop::option::of(prop::sample::select(vec!["team", "group:alpha", "group:default/g", "user:x", "g"]));
    let depends = prop::collection::vec(
        prop::sample::select(vec!["component:alpha", "Component:Beta", "api:g", "group:team"]),
        0..3,
    );
    let tags = prop::collection::vec(prop::sample::select(vec!["go", "java", "rust"]), 0..3);
    let texts = (prop::option::of(prop::sample::select(vec!["Go team", "alpha", "Zed"])), prop::bool::ANY, 0_u8..4);
    let names = (1_i64..7, kind, prop::sample::select(NAMES.to_vec()), 0_i64..3);
    let others = (
        prop::collection::vec(prop::sample::select(vec!["team", "g", "beta"]), 0..2),
        prop::bool::ANY,
        prop::bool::ANY,
    );
    (names, reference, depends, tags, texts, others).prop_map(
        |((id, kind, name, claimed), owner, depends, tags, (title, deep, kinds), (aliases, broken, again))| {
            let mut metadata =
                json!({"tags": tags, "annotations": {"example.com/slug": if deep { "a/b" } else { "alpha" }}});
            if let Some(title) = title {
                metadata["title"] = json!(title);
                metadata["description"] = json!("x".repeat(if deep { 300 } else { 3 }));
            }
            let kind_type = ["service", "Service", "library", "team"][usize::from(kinds)];
            let mut spec = json!({"dependsOn": depends, "type": kind_type});
            if let Some(owner) = owner {
                spec["owner"] = json!(owner);
            }
            if deep {
                spec["deep"] = json!({"list": tags, "none": null});
            }
            let mut entity = entity(id, &format!("{kind}:default/{name}"), &metadata, &spec);
            entity.changed_at = claimed * 7 % 3;
            if again {
                // Files that are reached in two ways.
                entity.source.project = None;
            }
            entity.claimed_at = claimed;
            if kind == "group" {
                entity.aliases = aliases.iter().map(|name| key(&format!("group:default/{name}"))).collect();
                entity.origin = Origin::Directory;
            } else if broken {
                entity.problems.push(Problem::new(Code::InvalidField, Severity::Error, "wrong", "mend it"));
                if owner.is_none() {
                    let owner = Some(key("group:default/team"));
                    entity.ownership =
                        Some(Ownership { owner, evidence: Evidence::Group, detail: String::new(), share: None });
                }
            }
            entity
        },
    )
}

fn some_change() -> impl Strategy<Value = Change> {
    prop_oneof![4 => some_entity().prop_map(put), 1 => (1_i64..7).prop_map(Change::Remove)]
}

fn some_filter() -> impl Strategy<Value = Filter> {
    let path = || prop::sample::select(PATHS.to_vec()).prop_map(ToOwned::to_owned);
    let value = || prop::sample::select(VALUES.to_vec()).prop_map(ToOwned::to_owned);
    let values = || prop::collection::vec(value(), 0..3);
    let part = || prop::sample::select(vec!["", "a", "G", "com", "be", "group:"]).prop_map(ToOwned::to_owned);
    let lists = prop::sample::select(vec!["metadata.tags", "spec.deep.list", "spec.type"]);
    let leaf = prop_oneof![
        Just(Filter::All),
        Just(Filter::Nothing),
        path().prop_map(Filter::Exists),
        (path(), values()).prop_map(|(path, values)| Filter::In(path, values)),
        (path(), part()).prop_map(|(path, prefix)| Filter::Prefix(path, prefix)),
        (lists, values()).prop_map(|(path, values)| Filter::Item(path.to_owned(), values)),
        (part(), prop::collection::vec(path(), 0..3)).prop_map(|(text, paths)| Filter::Text(text, paths)),
        prop::sample::select(vec!["go", "alpha go", "sandrill", "team", "be"]).prop_map(Filter::words),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn some_order() -> impl Strategy<Value = Vec<Order>> {
    let own = ["stagedoor.changed", "stagedoor.problems", "stagedoor.problems"];
    let field = prop::sample::select([&PATHS[..], &own].concat());
    let order = (field, prop::bool::ANY).prop_map(|(field, descending)| Order { field: field.to_owned(), descending });
    prop::collection::vec(order, 0..3)
}

/// What is left after all changes, by looking at them one by one.
fn left(changes: &[Change]) -> Vec<Entity> {
    let mut left = BTreeMap::new();
    for change in changes {
        match change {
            Change::Put(entity) => left.insert(entity.id, entity.as_ref().clone()),
            Change::Remove(id) => left.remove(id),
        };
    }
    left.into_values().collect()
}

fn built(changes: &[Change]) -> Index {
    let mut index = Index::new();
    for change in changes {
        index.apply([change.clone()]);
    }
    index
}

fn keys(index: &Index, query: &Query) -> Vec<RefKey> {
    index.query(query).expect("a legal question").items.iter().map(|view| view.key().clone()).collect()
}

/// What a page shows, all of it.
fn shown(index: &Index) -> BTreeMap<RefKey, String> {
    let all = index.query(&Query { limit: usize::MAX, ..Query::default() }).expect("a legal question").items;
    let show = |view: &crate::index::View<'_>| {
        let (edges, problems, owner, system) = (view.edges(), view.problems(), view.owner(), view.system());
        let rivals: Vec<i64> = view.conflicts().iter().map(|rival| rival.entity().id).collect();
        format!(
            "{} {edges:?} {problems:?} {owner:?} {system:?} {rivals:?} {:?}",
            view.json(None),
            view.problem_counts()
        )
    };
    all.iter().map(|view| (view.key().clone(), show(view))).collect()
}

fn folded(index: &Index) -> Vec<(String, BTreeMap<String, u64>)> {
    let facets = index.facets(&Filter::All, &[&PATHS[..], &["stagedoor.problem", "relations.hasPart"]].concat());
    facets.into_iter().map(|(k, v)| (k, v.into_iter().map(|(v, n)| (v.to_lowercase(), n)).collect())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn filters_and_orders_mean_what_looking_at_everything_says(
        changes in prop::collection::vec(some_change(), 0..14), filter in some_filter(), order in some_order(),
    ) {
        let index = built(&changes);
        let naive = Naive::of(&left(&changes)).with_problems_of(&index);
        let query = Query { filter, order, limit: 100, ..Query::default() };
        let wanted = naive.query(&query.filter, &query.order);
        prop_assert_eq!(keys(&index, &query), wanted.clone());
        prop_assert_eq!(index.query(&query).expect("legal").total, wanted.len() as u64);
    }

    #[test]
    fn facets_count_what_looking_at_everything_counts(
        changes in prop::collection::vec(some_change(), 0..14), filter in some_filter(),
        path in prop::sample::select(PATHS.to_vec()),
    ) {
        let naive = Naive::of(&left(&changes));
        let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
        for (key, entity) in naive.held.iter().filter(|(key, entity)| naive.means(&filter, key, entity)) {
            let rows: BTreeSet<_> = naive.rows(key, entity).into_iter().collect();
            for value in rows.into_iter().filter(|(p, _)| *p == path.to_lowercase()).filter_map(|(_, v)| v) {
                *wanted.entry(value).or_default() += 1;
            }
        }
        let index = built(&changes);
        let found = index.facets(&filter, &[path]).remove(0).1;
        let found: BTreeMap<String, u64> = found.into_iter().map(|(v, n)| (v.to_lowercase(), n)).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn relations_are_known_from_both_ends(changes in prop::collection::vec(some_change(), 0..14)) {
        let naive = Naive::of(&left(&changes));
        let index = built(&changes);
        prop_assert_eq!(index.len(), naive.held.len());
        let connection = ConnectionName::parse("main").expect("a name");
        prop_assert_eq!(index.count_of(&connection), left(&changes).len());
        for (key, _) in &naive.held {
            let found = index.relations(key);
            let set: BTreeSet<_> = found.iter().map(|e| (e.kind.as_str().to_owned(), e.target.clone())).collect();
            prop_assert_eq!(set.len(), found.len());
            prop_assert_eq!(&set, &naive.relations(key));
            for edge in found.iter().filter(|edge| edge.exists) {
                let back = index.relations(&edge.target);
                prop_assert!(back.iter().any(|b| b.kind == edge.kind.inverse() && b.target == *key));
            }
        }
    }

    #[test]
    fn the_way_there_does_not_matter(
        changes in prop::collection::vec(some_change(), 0..14), cut in 0_usize..14,
    ) {
        let all = left(&changes);
        let fresh = super::make::index(all.clone());
        let mut filling = Filling::default();
        all.iter().cloned().for_each(|entity| filling.put(entity));
        let filled = filling.finish();
        let backwards = super::make::index(all.into_iter().rev());
        let steps = built(&changes);
        let mut batches = Index::new();
        let (first, second) = changes.split_at(cut.min(changes.len()));
        batches.apply(first.to_vec());
        batches.apply(second.to_vec());
        for other in [&filled, &backwards, &steps, &batches] {
            prop_assert_eq!(shown(other), shown(&fresh));
            prop_assert_eq!(folded(other), folded(&fresh));
            prop_assert_eq!(other.problem_counts(), fresh.problem_counts());
        }
        let listed = fresh.problems(&ProblemQuery { limit: 1_000, ..ProblemQuery::default() }).expect("legal").total;
        let counts = fresh.problem_counts();
        prop_assert_eq!(listed, (counts.error + counts.warning + counts.note) as u64);
    }

    #[test]
    fn what_looks_different_is_said_to_have_changed(
        before in prop::collection::vec(some_change(), 0..10), batch in prop::collection::vec(some_change(), 0..4),
    ) {
        let mut index = built(&before);
        let old = shown(&index);
        let touched = index.apply(batch);
        let new = shown(&index);
        let gone: Vec<_> = old.keys().filter(|key| !new.contains_key(*key)).cloned().collect();
        prop_assert_eq!(&touched.removed, &gone);
        for (key, text) in &new {
            prop_assert!(old.get(key) == Some(text) || touched.changed.contains(key), "{} changed silently", key);
        }
        prop_assert!(touched.changed.iter().all(|key| new.contains_key(key)));
        prop_assert_eq!(index.apply(Vec::new()), crate::index::Touched::default());
    }

    #[test]
    fn paging_covers_every_row_once_in_order(
        changes in prop::collection::vec(some_change(), 0..14), filter in some_filter(), order in some_order(),
        limit in 1_usize..5,
    ) {
        let index = built(&changes);
        let naive = Naive::of(&left(&changes)).with_problems_of(&index);
        let wanted = naive.query(&filter, &order);
        let mut query = Query { filter, order, limit, ..Query::default() };
        let mut forward = Vec::new();
        let mut last = None;
        loop {
            let page = index.query(&query).expect("our own cursor");
            prop_assert_eq!(page.total, wanted.len() as u64);
            forward.extend(page.items.iter().map(|view| view.key().clone()));
            last = page.prev.or(last);
            match page.next {
                Some(next) => query = Query { cursor: Some(next), limit, ..Query::default() },
                None => break,
            }
            prop_assert!(forward.len() <= wanted.len());
        }
        prop_assert_eq!(&forward, &wanted);
        let tail = forward.len() - forward.len().saturating_sub(1) / limit * limit;
        let mut backward: Vec<RefKey> = forward.split_off(forward.len() - tail.min(forward.len()));
        while let Some(cursor) = last {
            let page = index.query(&Query { cursor: Some(cursor), limit, ..Query::default() }).expect("our own cursor");
            let mut rows: Vec<RefKey> = page.items.iter().map(|view| view.key().clone()).collect();
            rows.append(&mut backward);
            backward = rows;
            last = page.prev;
            prop_assert!(backward.len() <= wanted.len());
        }
        prop_assert_eq!(backward, wanted);
    }

    #[test]
    fn problems_page_like_entities(
        changes in prop::collection::vec(some_change(), 0..14), limit in 1_usize..5, descending in prop::bool::ANY,
        sort in prop::sample::select(vec![ProblemSort::Severity, ProblemSort::Code, ProblemSort::Owner, ProblemSort::Since, ProblemSort::Ref]),
    ) {
        let index = built(&changes);
        let text = |row: &crate::index::ProblemRow<'_>| format!("{} {} {}", row.view.key(), row.view.entity().id, row.problem.message);
        let all = ProblemQuery { sort, descending, limit: 1_000, ..ProblemQuery::default() };
        let wanted: Vec<String> = index.problems(&all).expect("legal").items.iter().map(text).collect();
        let mut query = ProblemQuery { limit, ..all };
        let mut found = Vec::new();
        loop {
            let page = index.problems(&query).expect("our own cursor");
            found.extend(page.items.iter().map(text));
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
            prop_assert!(found.len() <= wanted.len());
        }
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn broken_cursors_are_refused_and_never_worse(
        changes in prop::collection::vec(some_change(), 1..10), filter in some_filter(), order in some_order(),
        at in 0_usize..200, with in prop::char::any(), noise in ".{0,40}",
    ) {
        let index = built(&changes);
        let page = index.query(&Query { filter, order, limit: 1, ..Query::default() }).expect("legal");
        let mut texts = vec![noise.clone()];
        if let Some(next) = page.next {
            let mut chars: Vec<char> = next.as_str().chars().collect();
            let place = at % chars.len();
            chars[place] = with;
            texts.push(chars.into_iter().collect());
            use base64::Engine;
            let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
            let json = String::from_utf8(engine.decode(next.as_str()).expect("ours")).expect("JSON");
            for (old, new) in [("null", "7"), ("\"In\"", "\"Not\""), ("false", "true"), ("[", "[[")] {
                texts.push(engine.encode(json.replacen(old, new, 1)));
            }
        }
        for text in texts {
            let cursor = Some(Cursor::new(text));
            // Whatever it is, it is answered or refused; and never as a cursor of the other list.
            let _answer = index.query(&Query { cursor: cursor.clone(), ..Query::default() });
            let foreign = index.problems(&ProblemQuery { cursor, limit: 5, ..ProblemQuery::default() });
            prop_assert!(foreign.is_err());
        }
        let cursor = Some(Cursor::new(format!("!{noise}")));
        let broken = index.query(&Query { cursor, ..Query::default() });
        prop_assert!(broken.is_err());
    }
}

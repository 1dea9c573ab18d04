//! Order, offsets and cursors.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::make::{entity, index, key, put, sandrill};
use crate::index::{Change, Cursor, Filter, Index, Order, Page, Query, QueryError};

fn names(page: &Page<'_>) -> Vec<String> {
    page.items.iter().map(|view| view.key().name().to_owned()).collect()
}

fn many(count: i64) -> Index {
    let all = (1..=count).map(|n| {
        let kind_type = ["service", "library", "website"][usize::try_from(n % 3).expect("small")];
        let spec = json!({"type": kind_type, "owner": "a"});
        entity(n, &format!("component:default/part-{n:05}"), &json!({"tags": [format!("t{}", n % 7), "all"]}), &spec)
    });
    index(all)
}

#[test]
fn orders_put_what_lacks_the_field_last() {
    let index = index(sandrill());
    let by = |order: &[Order]| {
        let filter = Filter::any_of("kind", ["component", "system", "api"]);
        names(&index.query(&Query { filter, order: order.to_vec(), ..Query::default() }).expect("legal"))
    };
    let [asc, desc] = [Order::asc, Order::desc].map(|order| by(&[order("spec.lifecycle")]));
    assert_eq!(asc, ["ferries", "payments", "payments-api", "website", "ticketing"]);
    assert_eq!(desc, ["payments", "payments-api", "website", "ferries", "ticketing"]);
    let two = by(&[Order::asc("spec.lifecycle"), Order::desc("metadata.name")]);
    assert_eq!(two, ["ferries", "website", "payments-api", "payments", "ticketing"]);
    assert_eq!(by(&[Order::desc("stagedoor.changed")])[..2], ["website", "ticketing"]);
    assert_eq!(by(&[Order::desc("stagedoor.problems")])[..3], ["payments-api", "website", "ticketing"]);
    assert_eq!(by(&[Order::asc("spec.absent")]), ["payments", "ferries", "payments-api", "website", "ticketing"]);
    assert_eq!(by(&[Order::asc("metadata.description")])[..2], ["payments-api", "ferries"]);
}

#[test]
fn order_texts_are_read_as_the_catalog_api_writes_them() {
    assert_eq!(Order::parse("metadata.name"), Ok(Order::asc("metadata.name")));
    assert_eq!(Order::parse("metadata.name,desc"), Ok(Order::desc("metadata.name")));
    for wrong in ["", ",asc", "metadata.name,up", "metadata.name,asc,desc"] {
        assert_eq!(Order::parse(wrong), Err(QueryError::Order(wrong.into())));
    }
}

#[test]
fn pages_of_a_large_catalog_are_walked_and_sorted_alike() {
    let index = many(3_000);
    // Few meant: sorted. Many meant: walked. One after the other must be the same as all at once.
    for filter in
        [Filter::All, Filter::any_of("metadata.tags", ["t3"]), Filter::any_of("metadata.name", ["part-00009"])]
    {
        for order in [
            vec![],
            vec![Order::desc("metadata.name")],
            vec![Order::asc("spec.type")],
            vec![Order::desc("metadata.tags"), Order::asc("spec.type")],
        ] {
            let all = Query { filter: filter.clone(), order, limit: usize::MAX, ..Query::default() };
            let wanted = names(&index.query(&all).expect("legal"));
            let mut query = Query { limit: 170, ..all };
            let mut found = Vec::new();
            loop {
                let page = index.query(&query).expect("ours");
                assert_eq!(page.total, wanted.len() as u64);
                found.extend(names(&page));
                let Some(next) = page.next else { break };
                query.cursor = Some(next);
            }
            assert_eq!(found, wanted, "{:?} {:?}", query.filter, query.order);
        }
    }
}

#[test]
fn offsets_leave_out_and_lead_back() {
    let index = many(50);
    let page = index.query(&Query { offset: 10, limit: 5, ..Query::default() }).expect("legal");
    assert_eq!(names(&page)[0], "part-00011");
    let before = index.query(&Query { cursor: page.prev, limit: 5, ..Query::default() }).expect("ours");
    assert_eq!(names(&before), ["part-00006", "part-00007", "part-00008", "part-00009", "part-00010"]);
    let none = index.query(&Query { offset: 60, limit: 5, ..Query::default() }).expect("legal");
    assert_eq!((none.items.len(), none.total, none.next), (0, 50, None));
    let total = index.query(&Query { limit: 0, ..Query::default() }).expect("legal");
    assert_eq!((total.items.len(), total.total, total.next, total.prev), (0, 50, None, None));
}

#[test]
fn a_cursor_keeps_its_place_when_its_row_goes() {
    let mut index = many(10);
    let page =
        index.query(&Query { order: vec![Order::asc("metadata.name")], limit: 4, ..Query::default() }).expect("legal");
    let next = page.next.clone();
    index.apply([Change::Remove(4), put(entity(90, "component:default/part-00000", &json!({}), &json!({})))]);
    let page = index.query(&Query { cursor: next, limit: 2, ..Query::default() }).expect("ours");
    assert_eq!(names(&page), ["part-00005", "part-00006"]);
}

#[test]
fn cursors_of_others_are_refused() {
    let index = many(10);
    let page = index
        .query(&Query { order: vec![Order::desc("stagedoor.changed")], limit: 4, ..Query::default() })
        .expect("legal");
    let ours = page.next.expect("more");
    let json = String::from_utf8(URL_SAFE_NO_PAD.decode(ours.as_str()).expect("base64")).expect("JSON");
    let refused = |json: &str| {
        let cursor = Some(Cursor::new(URL_SAFE_NO_PAD.encode(json)));
        index.query(&Query { cursor, ..Query::default() }).err()
    };
    assert_eq!(refused(&json), None);
    for (old, new) in [
        ("\"entities\":1", "\"entities\":2"),
        ("\"back\":false", "\"back\":false,\"more\":1"),
        ("\"worth\":[", "\"worth\":[null,"),
        ("component:default/", "component::"),
        ("stagedoor.changed", "metadata.name"),
        ("\"All\"", "\"Some\""),
    ] {
        let changed = json.replacen(old, new, 1);
        assert_ne!(changed, json, "{old}");
        assert_eq!(refused(&changed), Some(QueryError::Cursor), "{new}");
    }
    for text in ["", "%%%", "bnVsbA", &"A".repeat(70_000)] {
        let query = Query { cursor: Some(Cursor::new(text)), ..Query::default() };
        assert_eq!(index.query(&query).err(), Some(QueryError::Cursor), "{text:.10}");
    }
    assert_eq!(key("component:default/part-00001").name(), "part-00001");
}

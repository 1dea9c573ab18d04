//! Weighs the index: bytes an entity, times of taking changes in, and of each kind of question.
//!
//! `cargo run --release -p catalog --example weigh -- 120000` makes the estate of so many projects (two entities each).
//! Memory is what the process grew by (Linux only).

mod estate;

use std::time::{Duration, Instant};

use catalog::index::{Change, Cursor, Filter, Index, Order, Query, View};
use estate::{Estate, mix};
use model::{Entity, RefKey};

/// How many entities come together while everything is read for the first time.
const PAGE: usize = 300;

fn main() {
    let projects = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(120_000);
    let Some(estate) = Estate::new(projects) else { return };
    let before = resident();
    let mut index = Index::new();
    let (mut times, mut entities, mut bodies) = (Vec::new(), 0_u64, 0_u64);
    let mut rest = estate.entities().peekable();
    while rest.peek().is_some() {
        let batch: Vec<Change> = rest.by_ref().take(PAGE).map(put).collect();
        for change in &batch {
            if let Change::Put(entity) = change {
                entities += 1;
                bodies += entity.body.len() as u64;
            }
        }
        let mut batch = batch.into_iter().peekable();
        while batch.peek().is_some() {
            times.push(timed(|| index.apply_some(&mut batch)));
        }
    }
    let grown = resident().saturating_sub(before);
    println!("{entities} entities, documents of {} bytes", bodies / entities.max(1));
    println!("memory               {:>9} bytes an entity, {} MB in all", grown / entities.max(1), grown >> 20);
    for (part, bytes) in index.weight() {
        println!("  {part:<24} {:>5} bytes an entity", bytes as u64 / entities.max(1));
    }
    report("first load, at once", &mut times);
    updates(&mut index, &estate);
    questions(&index, &estate);
    forget(&mut index, entities);
}

fn put(entity: Entity) -> Change {
    Change::Put(Box::new(entity))
}

/// One project after the other says something else.
fn updates(index: &mut Index, estate: &Estate) {
    let mut times = Vec::new();
    for n in 0..500 {
        let id = mix(21, n) % estate.projects + 1;
        let changed = estate.project(id, n + 1).into_iter().filter_map(|entity| {
            let id = index.get(&entity.entity_ref.key())?.entity().id;
            Some(put(Entity { id, changed_at: 1_796_000_000_000 + i64::try_from(n).unwrap_or(0), ..entity }))
        });
        let changed: Vec<Change> = changed.collect();
        times.push(timed(|| index.apply(changed)));
    }
    report("one project changed", &mut times);
}

/// What is done with a question of a number, and how long that takes.
fn each(what: &str, rounds: usize, ask: &mut dyn FnMut(usize)) {
    let mut times: Vec<Duration> = (0..rounds).map(|n| timed(|| ask(n))).collect();
    report(what, &mut times);
}

fn by_name() -> Vec<Order> {
    vec![Order::asc("metadata.name")]
}

fn component() -> Filter {
    Filter::any_of("kind", ["component"])
}

fn lists(index: &Index, names: &[RefKey]) {
    let owner = |n: usize| {
        let owner = names.get(n).and_then(|key| index.get(key)).and_then(|view| Some(view.owner()?.target?.key));
        Filter::any_of("stagedoor.owner", owner.map(|key| key.to_string()))
    };
    let deep = |n: usize| index.len() * (n % 20) / 20;
    let lists: [(&str, &dyn Fn(usize) -> Query); 13] = [
        ("list by reference", &|n| Query { offset: n * 20, ..Query::default() }),
        ("list by name", &|n| Query { order: by_name(), offset: n * 20, ..Query::default() }),
        ("list of components", &|n| Query {
            filter: component(),
            order: by_name(),
            offset: n * 20,
            ..Query::default()
        }),
        ("list of an owner", &|n| Query { filter: owner(n), order: by_name(), ..Query::default() }),
        ("list, deep offset", &|n| Query { order: by_name(), offset: deep(n), ..Query::default() }),
        ("components, deep offset", &|n| Query {
            filter: component(),
            order: by_name(),
            offset: deep(n) / 2,
            ..Query::default()
        }),
        ("list by owner", &|n| Query {
            order: vec![Order::asc("stagedoor.owner"), Order::asc("metadata.name")],
            offset: n * 20,
            ..Query::default()
        }),
        ("list by type", &|n| Query {
            order: vec![Order::desc("spec.type"), Order::asc("metadata.name")],
            offset: n * 20,
            ..Query::default()
        }),
        ("list by change", &|n| Query {
            order: vec![Order::desc("stagedoor.changed"), Order::asc("metadata.name")],
            offset: n * 20,
            ..Query::default()
        }),
        ("list by problems", &|n| Query {
            order: vec![Order::desc("stagedoor.problems"), Order::asc("metadata.name")],
            offset: n * 20,
            ..Query::default()
        }),
        ("words: a name", &|n| Query {
            filter: Filter::words(names.get(n).map(|key| key.name().to_owned()).unwrap_or_default()),
            order: by_name(),
            ..Query::default()
        }),
        ("words: two common", &|n| Query {
            filter: Filter::words(
                ["quay ledger", "rust search", "harb cache", "pier"].get(n % 4).copied().unwrap_or(""),
            ),
            order: by_name(),
            ..Query::default()
        }),
        ("full text in names", &|n| Query {
            filter: Filter::full_text(
                ["ledger-12", "quay", "e", "roster-77"].get(n % 4).copied().unwrap_or_default(),
                ["metadata.name", "metadata.title", "spec.profile.displayName"],
            ),
            order: by_name(),
            ..Query::default()
        }),
    ];
    for (what, query) in lists {
        each(what, 200, &mut |n| show(index, &query(n)));
    }
}

fn questions(index: &Index, estate: &Estate) {
    let names: Vec<RefKey> = (0..2_000)
        .filter_map(|n| estate.project(mix(22, n) % estate.projects + 1, 0).into_iter().next())
        .map(|entity| entity.entity_ref.key())
        .collect();
    each("by name, JSON", names.len(), &mut |n| {
        std::hint::black_box(names.get(n).and_then(|key| index.get(key)).map(|view| view.json(None)));
    });
    each("by name, decoded", names.len(), &mut |n| {
        std::hint::black_box(names.get(n).and_then(|key| index.get(key)).map(|view| view.entity().id));
    });
    lists(index, &names);
    let mut cursor: Option<Cursor> = None;
    each("list by cursor", 500, &mut |_| {
        let query = Query { order: by_name(), cursor: cursor.take(), ..Query::default() };
        if let Ok(page) = index.query(&query) {
            page.items.iter().for_each(row);
            cursor = page.next;
        }
    });
    each("search", 200, &mut |n| {
        let words = ["led", "quay-ledger-12", "rust", "harbour search"].get(n % 4).copied().unwrap_or_default();
        std::hint::black_box(index.search(words, 10).len());
    });
    let (console, api) = (
        ["kind", "spec.type", "stagedoor.owner", "spec.lifecycle"],
        ["kind", "spec.type", "spec.owner", "metadata.tags"],
    );
    each("facets, all", 100, &mut |_| drop(std::hint::black_box(index.facets(&Filter::All, &console))));
    each("facets of components", 100, &mut |_| drop(std::hint::black_box(index.facets(&component(), &api))));
    each("facet project", 20, &mut |_| {
        drop(std::hint::black_box(index.facets_most(&Filter::All, &["stagedoor.project"], 501)))
    });
    each("near names", 20, &mut |n| {
        let key = RefKey::parse(&format!("component:default/quay-ledgr-{n}"));
        std::hint::black_box(key.map(|key| index.suggestions(&key).len()).unwrap_or_default());
    });
}

fn show(index: &Index, query: &Query) {
    if let Ok(page) = index.query(query) {
        page.items.iter().for_each(row);
    }
}

/// What a row of a list takes.
fn row(view: &View<'_>) {
    let entity = view.entity();
    std::hint::black_box((view.summary(), view.owner(), view.system(), view.problem_counts(), entity.changed_at));
}

/// A connection that held everything goes.
fn forget(index: &mut Index, entities: u64) {
    let mut times = Vec::new();
    let ids: Vec<i64> = (1..=i64::try_from(entities).unwrap_or(0)).collect();
    let mut changes = ids.into_iter().map(Change::Remove).peekable();
    while changes.peek().is_some() {
        times.push(timed(|| index.apply_some(&mut changes)));
    }
    report("forgetting, at once", &mut times);
}

fn timed<T>(what: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(what());
    start.elapsed()
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).copied().unwrap_or_default();
    let total: Duration = times.iter().sum();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{what:<24} p50 {:>8.3}  p99 {:>8.3}  most {:>8.3} ms, {} in {:.1} s",
        ms(at(50)),
        ms(at(99)),
        ms(at(100)),
        times.len(),
        total.as_secs_f64()
    );
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1_024
}

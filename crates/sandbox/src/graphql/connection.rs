//! Pages of connections: `first`, `after`, `last`, `before` over a list, or over ids that are walked lazily.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::node::{Node, Page};

/// Rows of a page at most; larger wishes are cut without a word.
const MOST: usize = 100;

/// What a caller asked for.
pub(super) struct Wish {
    first: Option<usize>,
    last: Option<usize>,
    pub(super) after: Option<String>,
    before: Option<String>,
}

impl Wish {
    pub(super) fn of(arguments: &Map<String, Value>) -> Self {
        let number = |name: &str| {
            let value = arguments.get(name).and_then(Value::as_i64)?;
            Some(usize::try_from(value).unwrap_or(0).min(MOST))
        };
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::to_owned);
        Self { first: number("first"), last: number("last"), after: text("after"), before: text("before") }
    }

    /// Rows wanted.
    pub(super) fn size(&self) -> usize {
        self.first.or(self.last).unwrap_or(MOST)
    }

    /// Whether the page is counted from the end or bounded there, which needs the whole list.
    pub(super) fn backward(&self) -> bool {
        self.last.is_some() || self.before.is_some()
    }
}

/// A cursor for a record: GitLab's are the order's columns as JSON, in base64.
pub(super) fn record_cursor(id: u64) -> String {
    BASE64.encode(format!("{{\"id\":\"{id}\"}}"))
}

/// The id in a record's cursor.
pub(super) fn cursor_id(cursor: &str) -> Option<u64> {
    let decoded = BASE64.decode(cursor).ok()?;
    let value: Value = serde_json::from_slice(&decoded).ok()?;
    value.get("id")?.as_str()?.parse().ok()
}

fn place_cursor(place: usize) -> String {
    BASE64.encode(place.to_string())
}

fn cursor_place(cursor: &str) -> Option<usize> {
    String::from_utf8(BASE64.decode(cursor).ok()?).ok()?.parse().ok()
}

/// A page of a list that is there as a whole. Cursors are places, as for GitLab's array connections.
pub(super) fn of_list(nodes: Vec<Node>, wish: &Wish) -> Page {
    let total = nodes.len();
    let mut start = wish.after.as_deref().and_then(cursor_place).unwrap_or(0).min(total);
    let mut end =
        wish.before.as_deref().and_then(cursor_place).map_or(total, |place| place.saturating_sub(1)).min(total);
    end = end.max(start);
    if let Some(first) = wish.first {
        end = end.min(start + first);
    }
    if let Some(last) = wish.last {
        start = start.max(end.saturating_sub(last));
    }
    if wish.first.is_none() && wish.last.is_none() {
        end = end.min(start + MOST);
    }
    let rows: Vec<(String, Node)> = nodes
        .into_iter()
        .enumerate()
        .skip(start)
        .take(end - start)
        .map(|(place, node)| (place_cursor(place + 1), node))
        .collect();
    Page { rows, next: end < total, previous: start > 0, count: Some(total) }
}

/// A page of records by their ids. `ids` are in order and already behind the cursor; `read` makes a node or drops the
/// row. Only as many as needed are read.
pub(super) fn of_records(ids: impl Iterator<Item = u64>, wish: &Wish, read: impl Fn(u64) -> Option<Node>) -> Page {
    let mut rows = Vec::new();
    let mut next = false;
    for id in ids {
        let Some(node) = read(id) else { continue };
        if rows.len() == wish.size() {
            next = true;
            break;
        }
        rows.push((record_cursor(id), node));
    }
    Page { rows, next, previous: wish.after.is_some(), count: None }
}

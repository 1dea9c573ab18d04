//! Pages: the rows after, or before, a position, in order, without sorting more than is shown where that can be
//! avoided.
//!
//! A position is what a row is ordered by, with its reference; so it stays a place even when the row goes. The rows of a
//! page are found either by walking a sorted list (of the first field's values, or of the references) until there are
//! enough, or by sorting all that the filter means; whichever looks at fewer.

use std::{borrow::Cow, cmp::Ordering, ops::Bound};

use model::RefKey;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::{
    Filter, Order, Page, Query, QueryError, View, cursor,
    flatten::lower,
    state::Index,
    terms::{Field, FieldId, Term},
};

/// What a field is worth in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
enum Worth<'a> {
    Number(i64),
    Text(Cow<'a, str>),
}

/// The content of a cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// So that cursors of other lists are refused.
    entities: u8,
    filter: Filter,
    order: Vec<Order>,
    /// One for each of `order`.
    worth: Vec<Option<Worth<'static>>>,
    at: RefKey,
    /// Towards the start.
    back: bool,
}

/// The form of cursors; another number is a cursor of another version.
const FORM: u8 = 1;

/// A field to order by, looked up.
struct Column<'a> {
    by: By<'a>,
    descending: bool,
}

enum By<'a> {
    /// Nothing has the field.
    Absent,
    Terms(FieldId, &'a Field),
    Changed,
    Problems,
    /// Read from the documents.
    Read(String),
}

impl Column<'_> {
    /// Whether a position that came from outside can be one in this column.
    fn could_be(&self, worth: Option<&Worth<'_>>) -> bool {
        match (&self.by, worth) {
            (By::Changed | By::Problems, worth) => matches!(worth, Some(Worth::Number(_))),
            (_, worth) => !matches!(worth, Some(Worth::Number(_))),
        }
    }
}

impl Worth<'_> {
    fn into_owned(self) -> Worth<'static> {
        match self {
            Worth::Number(number) => Worth::Number(number),
            Worth::Text(text) => Worth::Text(text.into_owned().into()),
        }
    }
}

/// What a slot is ordered by.
struct Key<'a> {
    worth: Vec<Option<Worth<'a>>>,
    key: &'a RefKey,
}

/// Where to go on from, which way, and how far.
#[derive(Clone, Copy)]
struct From<'a> {
    after: Option<(&'a [Option<Worth<'static>>], &'a RefKey)>,
    back: bool,
    most: usize,
}

impl Index {
    /// A page of entities.
    ///
    /// # Errors
    /// When the cursor is not one of ours.
    pub fn query(&self, query: &Query) -> Result<Page<'_>, QueryError> {
        let place: Option<Place> = query.cursor.as_ref().map(cursor::read).transpose()?;
        if let Some(place) = &place
            && (place.entities != FORM || place.worth.len() != place.order.len())
        {
            return Err(QueryError::Cursor);
        }
        let (filter, order) = place.as_ref().map_or((&query.filter, &query.order), |p| (&p.filter, &p.order));
        let columns: Vec<Column<'_>> = order.iter().map(|order| self.column(order)).collect();
        if let Some(place) = &place
            && !place.worth.iter().zip(&columns).all(|(worth, column)| column.could_be(worth.as_ref()))
        {
            return Err(QueryError::Cursor);
        }
        let slots = self.meant(filter);
        let offset = if place.is_some() { 0 } else { query.offset };
        let back = place.as_ref().is_some_and(|place| place.back);
        let after = place.as_ref().map(|place| (place.worth.as_slice(), &place.at));
        let mut found = Vec::new();
        if query.limit > 0 {
            let most = offset.saturating_add(query.limit).saturating_add(1);
            found = self.rows_from(&slots, &columns, From { after, back, most });
            found.drain(..offset.min(found.len()));
        }
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        if back {
            found.reverse();
        }
        let leads = |slot: Option<&u32>, back: bool| {
            let slot = *slot?;
            let Key { worth, key } = self.key_of(slot, &columns)?;
            let (filter, order) = (filter.clone(), order.clone());
            let worth = worth.into_iter().map(|worth| worth.map(Worth::into_owned)).collect();
            Some(cursor::write(&Place { entities: FORM, filter, order, worth, at: key.clone(), back }))
        };
        let (before, behind) = if back { (more, true) } else { (place.is_some() || offset > 0, more) };
        let prev = if before { leads(found.first(), true) } else { None };
        let next = if behind { leads(found.last(), false) } else { None };
        let items: Vec<View<'_>> = found.iter().filter_map(|slot| self.view(*slot)).collect();
        Ok(Page { items, total: slots.len(), prev, next })
    }

    fn column(&self, order: &Order) -> Column<'_> {
        let field = lower(&order.field).into_owned();
        let by = match field.as_str() {
            "stagedoor.changed" => By::Changed,
            "stagedoor.problems" => By::Problems,
            path => match self.terms.field(path) {
                Some((id, field)) => By::Terms(id, field),
                None if self.exists(path, &self.live).is_empty() => By::Absent,
                None => By::Read(field),
            },
        };
        Column { by, descending: order.descending }
    }

    fn worth(&self, number: u32, column: &Column<'_>) -> Option<Worth<'_>> {
        match &column.by {
            By::Absent => None,
            By::Terms(field, _) => self.text_worth(number, *field, column.descending).map(|t| Worth::Text(t.into())),
            By::Changed | By::Problems => self.number(number, &column.by).map(Worth::Number),
            By::Read(path) => {
                let values = self.values(number, path).into_iter().map(|value| lower(&value).into_owned());
                let value = if column.descending { values.max() } else { values.min() };
                value.map(|value| Worth::Text(value.into()))
            }
        }
    }

    fn text_worth(&self, number: u32, field: FieldId, descending: bool) -> Option<&str> {
        let slot = self.slot(number)?;
        let texts = |ids| self.terms.of_field(ids, field).map(|term| &*term.text);
        let texts = texts(&slot.statics).chain(texts(&slot.derived));
        if descending { texts.max() } else { texts.min() }
    }

    fn key_of(&self, number: u32, columns: &[Column<'_>]) -> Option<Key<'_>> {
        let worth = columns.iter().map(|column| self.worth(number, column)).collect();
        Some(Key { worth, key: &self.slot(number)?.key })
    }

    fn number(&self, number: u32, by: &By<'_>) -> Option<i64> {
        let slot = self.slot(number)?;
        match by {
            By::Changed => Some(slot.changed_at),
            By::Problems => {
                // Errors weigh more than any number of warnings that one file can have.
                let [error, warning, note] = slot.counts.map(i64::from);
                Some((error << 40) + (warning << 20) + note)
            }
            By::Absent | By::Terms(..) | By::Read(_) => None,
        }
    }

    /// The first of `slots` from a position on; backwards they come in reverse.
    fn rows_from(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: From<'_>) -> Vec<u32> {
        match columns {
            [] => self.by_reference(slots, from),
            [Column { by: By::Absent, .. }, rest @ ..] => {
                // Nothing has it, so a position can have had it only before.
                let after = from.after.map(|(worth, at)| (worth.get(1..).unwrap_or_default(), at));
                self.rows_from(slots, rest, From { after, ..from })
            }
            [first @ Column { by: By::Terms(_, field), .. }, ..] => {
                let walked = cost(from.most, field.by_text.len() as u64, slots.len());
                let walked =
                    if walked < slots.len() { self.walk_terms(slots, first, columns, from, walked) } else { None };
                walked.unwrap_or_else(|| self.sorted(slots, columns, from))
            }
            [only @ Column { by: By::Changed, .. }] => self.sorted_by_number(slots, only, from),
            [only @ Column { by: By::Problems, .. }] => self.by_problems(slots, only, from),
            _ => self.sorted(slots, columns, from),
        }
    }

    /// In order of reference alone: kind by kind, because references begin with it.
    fn by_reference(&self, slots: &RoaringBitmap, from: From<'_>) -> Vec<u32> {
        let Some((_, field)) = self.terms.field("kind") else { return Vec::new() };
        let mut kinds: Vec<(String, &Term)> = Vec::new();
        for (kind, id) in &field.by_text {
            kinds.extend(self.terms.term(*id).map(|term| (format!("{kind}:"), term)));
        }
        kinds.sort_unstable_by(|a, b| if from.back { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        let mut found = Vec::new();
        for (kind, term) in kinds {
            let passed = from.after.is_some_and(|(_, at)| {
                let begins = at.as_str().starts_with(&kind);
                !begins && (at.as_str() > kind.as_str()) != from.back
            });
            if passed {
                continue;
            }
            let group = term.slots.and(slots);
            let most = from.most - found.len();
            if !group.is_empty() {
                found.extend(self.within_kind(&group, &kind, From { most, ..from }, term.slots.len()));
            }
            if found.len() >= from.most {
                break;
            }
        }
        found
    }

    /// In order of reference, all of one kind (`kind:`) of which `all` are held.
    fn within_kind(&self, slots: &RoaringBitmap, kind: &str, from: From<'_>, all: u64) -> Vec<u32> {
        let after = from.after.map(|(_, at)| at);
        let walked = cost(from.most, all, slots.len());
        if walked < slots.len()
            && let Some(found) = self.walk_references(slots, kind, from, walked)
        {
            return found;
        }
        let keys = slots.iter().filter_map(|slot| Some((&self.slot(slot)?.key, slot)));
        let beyond = |key: &RefKey| after.is_none_or(|after| if from.back { key < after } else { key > after });
        let keys = keys.filter(|(key, _)| beyond(key)).collect();
        let by = |a: &(&RefKey, u32), b: &(&RefKey, u32)| if from.back { b.0.cmp(a.0) } else { a.0.cmp(b.0) };
        first(keys, from.most, by).map(|(_, slot)| slot).collect()
    }

    fn walk_references(&self, slots: &RoaringBitmap, kind: &str, from: From<'_>, expected: u64) -> Option<Vec<u32>> {
        // No reference of the kind is smaller than the one, or larger than the other.
        let least = RefKey::parse(&format!("{kind}\u{0}/\u{0}")).ok()?;
        let largest = RefKey::parse(&format!("{kind}\u{10ffff}/\u{10ffff}")).ok()?;
        let after = from.after.map(|(_, at)| at);
        let least = after.filter(|after| !from.back && **after > least).unwrap_or(&least);
        let largest = after.filter(|after| from.back && **after < largest).unwrap_or(&largest);
        let mut range = self.by_ref.range((Bound::Excluded(least), Bound::Excluded(largest))).map(|(_, slot)| *slot);
        let mut found = Vec::new();
        for _ in 0..patience(expected, slots.len()) {
            let Some(slot) = (if from.back { range.next_back() } else { range.next() }) else { return Some(found) };
            if slots.contains(slot) {
                found.push(slot);
                if found.len() >= from.most {
                    return Some(found);
                }
            }
        }
        None
    }

    /// By looking at all of them.
    fn sorted(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: From<'_>) -> Vec<u32> {
        let keys = slots.iter().filter_map(|slot| Some((self.key_of(slot, columns)?, slot)));
        let beyond = |key: &Key<'_>| {
            let order = from.after.map(|(worth, at)| compare(key, (worth, at), columns));
            order.is_none_or(|order| order == if from.back { Ordering::Less } else { Ordering::Greater })
        };
        let keys = keys.filter(|(key, _)| beyond(key)).collect();
        let by = |a: &(Key<'_>, u32), b: &(Key<'_>, u32)| {
            let order = compare(&a.0, (&b.0.worth, b.0.key), columns);
            if from.back { order.reverse() } else { order }
        };
        first(keys, from.most, by).map(|(_, slot)| slot).collect()
    }

    /// By number of problems: most have none, and those go by reference.
    fn by_problems(&self, slots: &RoaringBitmap, column: &Column<'_>, from: From<'_>) -> Vec<u32> {
        let Some((_, field)) = self.terms.field("stagedoor.problem") else { return self.by_reference(slots, from) };
        let number = from.after.and_then(|(worth, _)| match worth.first() {
            Some(Some(Worth::Number(number))) => Some(*number),
            _ => None,
        });
        let with = |from| self.sorted_by_number(&(slots & &field.exists), column, from);
        let without = |from| self.by_reference(&(slots - &field.exists), from);
        let with_first = column.descending != from.back;
        let mut found = match number {
            // The position is in the second part, and nothing of the first comes after it.
            Some(0) if with_first => return without(from),
            Some(1..) if !with_first => return with(from),
            _ if with_first => with(from),
            _ => without(from),
        };
        let most = from.most - found.len();
        if most > 0 {
            let rest = From { after: None, most, ..from };
            found.extend(if with_first { without(rest) } else { with(rest) });
        }
        found
    }

    /// As `sorted`, for the one column that everything has and that costs nothing to compare.
    fn sorted_by_number(&self, slots: &RoaringBitmap, column: &Column<'_>, from: From<'_>) -> Vec<u32> {
        let order = |a: &(i64, &RefKey), b: &(i64, &RefKey)| {
            let numbers = if column.descending { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) };
            let order = numbers.then_with(|| a.1.cmp(b.1));
            if from.back { order.reverse() } else { order }
        };
        let after = from.after.and_then(|(worth, at)| match worth.first() {
            Some(Some(Worth::Number(number))) => Some((*number, at)),
            _ => None,
        });
        let keys = slots.iter().filter_map(|slot| {
            let key = (self.number(slot, &column.by)?, &self.slot(slot)?.key);
            after.as_ref().is_none_or(|after| order(&key, after) == Ordering::Greater).then_some((key, slot))
        });
        first(keys.collect(), from.most, |a, b| order(&a.0, &b.0)).map(|(_, slot)| slot).collect()
    }

    /// Value by value of the first column, until there are enough. `None` when that takes longer than expected.
    fn walk_terms(
        &self,
        slots: &RoaringBitmap,
        column: &Column<'_>,
        columns: &[Column<'_>],
        from: From<'_>,
        expected: u64,
    ) -> Option<Vec<u32>> {
        let By::Terms(id, field) = column.by else { return None };
        let descending = column.descending;
        let start = from.after.map(|(worth, _)| worth.first().and_then(Option::as_ref));
        let upwards = descending == from.back;
        let texts = match start {
            Some(Some(Worth::Text(text))) if upwards => (Bound::Included(&**text), Bound::Unbounded),
            Some(Some(Worth::Text(text))) => (Bound::Unbounded, Bound::Included(&**text)),
            // What has no value comes last, so going on from there forwards leaves no values.
            Some(None) if !from.back => (Bound::Excluded(""), Bound::Excluded("\u{0}")),
            _ => (Bound::Unbounded, Bound::Unbounded),
        };
        let mut found = Vec::new();
        let mut take = |group: &RoaringBitmap, text: Option<&str>| {
            if !group.is_empty() {
                found.extend(self.alike(group, columns, text, From { most: from.most - found.len(), ..from }));
            }
            found.len() >= from.most
        };
        let without = || slots - &field.valued;
        if from.back && !matches!(start, Some(Some(_))) && take(&without(), None) {
            return Some(found);
        }
        let mut terms = field.by_text.range::<str, _>(texts);
        let mut patience = patience(expected, slots.len());
        let step = || if upwards { terms.next() } else { terms.next_back() };
        for (text, term) in std::iter::from_fn(step) {
            patience = patience.checked_sub(1)?;
            let Some(term) = self.terms.term(*term) else { continue };
            let mut group = term.slots.and(slots);
            // Of several values only one counts; a row must not come again with the others.
            for slot in &group & &field.several {
                if self.text_worth(slot, id, descending) != Some(text) {
                    group.remove(slot);
                }
            }
            if take(&group, Some(text)) {
                return Some(found);
            }
        }
        if !from.back {
            take(&without(), None);
        }
        Some(found)
    }

    /// Rows that have the same text in the first column, by the others.
    fn alike(&self, group: &RoaringBitmap, columns: &[Column<'_>], text: Option<&str>, from: From<'_>) -> Vec<u32> {
        let here = |worth: &Option<Worth<'_>>| match (worth, text) {
            (Some(Worth::Text(worth)), Some(text)) => worth == text,
            (None, None) => true,
            _ => false,
        };
        let after = from.after.and_then(|(worth, at)| match worth {
            [first, rest @ ..] if here(first) => Some((rest, at)),
            _ => None,
        });
        if let (None, 1) = (after, group.len()) {
            return group.iter().collect();
        }
        self.rows_from(group, columns.get(1..).unwrap_or_default(), From { after, ..from })
    }
}

/// How many of a sorted list are looked at until `most` of `meant` rows are found.
fn cost(most: usize, list: u64, meant: u64) -> u64 {
    (most as u64).saturating_mul(list) / meant.max(1)
}

/// How many are looked at before another way is taken, because what is meant lies far from the start: about as long as
/// the other way would take, sorting a row costing several steps.
fn patience(expected: u64, meant: u64) -> u64 {
    expected.saturating_mul(8).saturating_add(meant.saturating_mul(4)).saturating_add(1_000)
}

/// The first `most`, in order.
fn first<T>(mut all: Vec<T>, most: usize, by: impl Fn(&T, &T) -> Ordering) -> impl Iterator<Item = T> {
    if most < all.len() {
        all.select_nth_unstable_by(most, &by);
        all.truncate(most);
    }
    all.sort_unstable_by(&by);
    all.into_iter()
}

/// What lacks a value comes last in both directions; ties go by reference.
fn compare(a: &Key<'_>, b: (&[Option<Worth<'_>>], &RefKey), columns: &[Column<'_>]) -> Ordering {
    let pairs = a.worth.iter().zip(b.0).zip(columns);
    let mut orders = pairs.map(|((a, b), column)| match (a, b) {
        (Some(a), Some(b)) if column.descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    orders.find(|order| *order != Ordering::Equal).unwrap_or_else(|| a.key.cmp(b.1))
}

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
    terms::{Field, FieldId},
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

/// Where to go on from, and which way.
struct From<'a> {
    after: Option<Key<'a>>,
    back: bool,
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
        let after = place.as_ref().map(|place| Key { worth: place.worth.clone(), key: &place.at });
        let mut found = Vec::new();
        if query.limit > 0 {
            let most = offset.saturating_add(query.limit).saturating_add(1);
            found = self.rows_from(&slots, &columns, &From { after, back }, most);
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
            By::Changed => self.holder(number).map(|entity| Worth::Number(entity.changed_at)),
            By::Problems => {
                // Errors weigh more than any number of warnings that one file can have.
                let [error, warning, note] = self.slot(number)?.counts.map(i64::from);
                Some(Worth::Number((error << 40) + (warning << 20) + note))
            }
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

    /// The first `most` of `slots` from a position on; backwards they come in reverse.
    fn rows_from(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: &From<'_>, most: usize) -> Vec<u32> {
        match columns {
            [] => self.by_reference(slots, from.after.as_ref().map(|key| key.key), from.back, most),
            [Column { by: By::Terms(id, field), descending }, rest @ ..] => {
                let walked = cost(most, field.by_text.len(), slots.len());
                if walked < slots.len() {
                    self.walk_terms(slots, (*id, field, *descending), (columns, rest), from, most)
                } else {
                    self.sorted(slots, columns, from, most)
                }
            }
            _ => self.sorted(slots, columns, from, most),
        }
    }

    /// In order of reference alone.
    fn by_reference(&self, slots: &RoaringBitmap, after: Option<&RefKey>, back: bool, most: usize) -> Vec<u32> {
        let lower = after.filter(|_| !back).map_or(Bound::Unbounded, Bound::Excluded);
        let upper = after.filter(|_| back).map_or(Bound::Unbounded, Bound::Excluded);
        if cost(most, self.by_ref.len(), slots.len()) < slots.len() {
            let range = self.by_ref.range((lower, upper)).map(|(_, slot)| *slot);
            let mine = |slot: &u32| slots.contains(*slot);
            return if back {
                range.rev().filter(mine).take(most).collect()
            } else {
                range.filter(mine).take(most).collect()
            };
        }
        let keys = slots.iter().filter_map(|slot| Some((&self.slot(slot)?.key, slot)));
        let beyond = |key: &RefKey| after.is_none_or(|after| if back { key < after } else { key > after });
        let keys = keys.filter(|(key, _)| beyond(key)).collect();
        first(keys, most, |a, b| if back { b.0.cmp(a.0) } else { a.0.cmp(b.0) }).map(|(_, slot)| slot).collect()
    }

    /// By looking at all of them.
    fn sorted(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: &From<'_>, most: usize) -> Vec<u32> {
        let keys = slots.iter().filter_map(|slot| Some((self.key_of(slot, columns)?, slot)));
        let beyond = |key: &Key<'_>| {
            let order = from.after.as_ref().map(|after| compare(key, after, columns));
            order.is_none_or(|order| order == if from.back { Ordering::Less } else { Ordering::Greater })
        };
        let keys = keys.filter(|(key, _)| beyond(key)).collect();
        let by = |a: &(Key<'_>, u32), b: &(Key<'_>, u32)| {
            let order = compare(&a.0, &b.0, columns);
            if from.back { order.reverse() } else { order }
        };
        first(keys, most, by).map(|(_, slot)| slot).collect()
    }

    /// Value by value of the first column, until there are enough.
    fn walk_terms(
        &self,
        slots: &RoaringBitmap,
        (id, field, descending): (FieldId, &Field, bool),
        (columns, rest): (&[Column<'_>], &[Column<'_>]),
        from: &From<'_>,
        most: usize,
    ) -> Vec<u32> {
        let start = from.after.as_ref().map(|key| key.worth.first().cloned().flatten());
        let upwards = descending == from.back;
        let texts = match &start {
            Some(Some(Worth::Text(text))) if upwards => (Bound::Included(&**text), Bound::Unbounded),
            Some(Some(Worth::Text(text))) => (Bound::Unbounded, Bound::Included(&**text)),
            // What has no value comes last, so going on from there forwards leaves no values.
            Some(None) if !from.back => (Bound::Excluded(""), Bound::Excluded("\u{0}")),
            _ => (Bound::Unbounded, Bound::Unbounded),
        };
        let mut found = Vec::new();
        let mut take = |group: RoaringBitmap| {
            if !group.is_empty() {
                found.extend(self.group(&group, (columns, rest), from, most - found.len()));
            }
            found.len() >= most
        };
        let without = || slots - &field.valued;
        if from.back && !matches!(start, Some(Some(_))) && take(without()) {
            return found;
        }
        let mut terms = field.by_text.range::<str, _>(texts);
        let step = || if upwards { terms.next() } else { terms.next_back() };
        for (text, term) in std::iter::from_fn(step) {
            let Some(term) = self.terms.term(*term) else { continue };
            let mut group = term.slots.and(slots);
            // Of several values only one counts; a row must not come again with the others.
            let others: Vec<u32> =
                group.iter().filter(|slot| self.text_worth(*slot, id, descending) != Some(text)).collect();
            others.into_iter().for_each(|slot| {
                group.remove(slot);
            });
            if take(group) {
                return found;
            }
        }
        if !from.back {
            take(without());
        }
        found
    }

    /// Rows that are alike in the first column.
    fn group(
        &self,
        group: &RoaringBitmap,
        (columns, rest): (&[Column<'_>], &[Column<'_>]),
        from: &From<'_>,
        most: usize,
    ) -> Vec<u32> {
        let Some(any) = group.min() else { return Vec::new() };
        if !rest.is_empty() {
            return self.sorted(group, columns, from, most);
        }
        let alike =
            |after: &&Key<'_>| columns.first().map(|first| self.worth(any, first)) == after.worth.first().cloned();
        let after = from.after.as_ref().filter(alike).map(|key| key.key);
        self.by_reference(group, after, from.back, most)
    }
}

/// How many of a sorted list are looked at until `most` of `meant` rows are found.
fn cost(most: usize, list: usize, meant: u64) -> u64 {
    (most as u64).saturating_mul(list as u64) / meant.max(1)
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
fn compare(a: &Key<'_>, b: &Key<'_>, columns: &[Column<'_>]) -> Ordering {
    let pairs = a.worth.iter().zip(&b.worth).zip(columns);
    let mut orders = pairs.map(|((a, b), column)| match (a, b) {
        (Some(a), Some(b)) if column.descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    orders.find(|order| *order != Ordering::Equal).unwrap_or_else(|| a.key.cmp(b.key))
}

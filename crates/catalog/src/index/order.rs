//! Pages: the rows after, or before, a position, in order, without sorting more than is shown where that can be
//! avoided.
//!
//! A position is what a row is ordered by, with its reference; so it stays a place even when the row goes. How the rows
//! behind a position are found stands in `walk`.

use std::borrow::Cow;

use model::RefKey;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::{
    Filter, Order, Page, Query, QueryError, View, cursor,
    flatten::lower,
    state::Index,
    terms::Values,
    walk::{From, Rows},
};

/// What a field is worth in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Worth<'a> {
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
pub(super) struct Column<'a> {
    pub(super) by: By<'a>,
    pub(super) descending: bool,
}

pub(super) enum By<'a> {
    /// Nothing has the field.
    Absent,
    Terms(Values<'a>),
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
pub(super) struct Key<'a> {
    pub(super) worth: Vec<Option<Worth<'a>>>,
    pub(super) key: &'a RefKey,
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
        let (found, before, behind) = match &place {
            Some(place) => self.beyond(&slots, &columns, place, query.limit),
            None => self.between(&slots, &columns, query.offset, query.limit),
        };
        let leads = |slot: Option<&u32>, back: bool| {
            let slot = *slot?;
            let Key { worth, key } = self.key_of(slot, &columns)?;
            let (filter, order) = (filter.clone(), order.clone());
            let worth = worth.into_iter().map(|worth| worth.map(Worth::into_owned)).collect();
            Some(cursor::write(&Place { entities: FORM, filter, order, worth, at: key.clone(), back }))
        };
        let prev = if before { leads(found.first(), true) } else { None };
        let next = if behind { leads(found.last(), false) } else { None };
        let items: Vec<View<'_>> = found.iter().filter_map(|slot| self.view(*slot)).collect();
        Ok(Page { items, total: slots.len(), prev, next })
    }

    /// Rows by a cursor, and whether there are others before and behind them.
    fn beyond(
        &self,
        slots: &RoaringBitmap,
        columns: &[Column<'_>],
        place: &Place,
        limit: usize,
    ) -> (Vec<u32>, bool, bool) {
        let from = From { after: Some((&place.worth, &place.at)), back: place.back };
        // One more than is shown, to know whether there is more.
        let most = if limit == 0 { 0 } else { limit.saturating_add(1) };
        let mut found = self.rows_from(slots, columns, from, Rows::of(0, most));
        let more = found.len() > limit;
        found.truncate(limit);
        if place.back {
            found.reverse();
        }
        (found, !place.back || more, place.back || more)
    }

    /// Rows by their numbers, looked for from the nearer end.
    fn between(
        &self,
        slots: &RoaringBitmap,
        columns: &[Column<'_>],
        offset: usize,
        limit: usize,
    ) -> (Vec<u32>, bool, bool) {
        let all = usize::try_from(slots.len()).unwrap_or(usize::MAX);
        let most = limit.min(all.saturating_sub(offset));
        let behind = all.saturating_sub(offset).saturating_sub(most);
        let back = behind < offset;
        let skip = if back { behind } else { offset };
        let mut found = self.rows_from(slots, columns, From { after: None, back }, Rows::of(skip, most));
        if back {
            found.reverse();
        }
        (found, offset > 0, behind > 0)
    }

    fn column(&self, order: &Order) -> Column<'_> {
        let field = lower(&order.field).into_owned();
        let by = match field.as_str() {
            "stagedoor.changed" => By::Changed,
            "stagedoor.problems" => By::Problems,
            path => match self.terms.field(path) {
                Some(values) => By::Terms(values),
                None if self.exists(path, &self.live).is_empty() => By::Absent,
                None => By::Read(field),
            },
        };
        Column { by, descending: order.descending }
    }

    fn worth<'a>(&'a self, number: u32, column: &Column<'a>) -> Option<Worth<'a>> {
        match &column.by {
            By::Absent => None,
            By::Terms(values) => self.text_worth(number, *values, column.descending).map(|t| Worth::Text(t.into())),
            By::Changed | By::Problems => self.number(number, &column.by).map(Worth::Number),
            By::Read(path) => {
                let values = self.values(number, path).into_iter().map(|value| lower(&value).into_owned());
                let value = if column.descending { values.max() } else { values.min() };
                value.map(|value| Worth::Text(value.into()))
            }
        }
    }

    /// The value that counts of those that a slot has.
    pub(super) fn text_worth<'a>(&'a self, number: u32, values: Values<'a>, descending: bool) -> Option<&'a str> {
        let slot = self.slot(number)?;
        let texts = |ids| self.terms.of_field(ids, values.id).map(|term| values.text(term));
        let texts = texts(&slot.statics).chain(texts(&slot.derived));
        if descending { texts.max() } else { texts.min() }
    }

    pub(super) fn key_of<'a>(&'a self, number: u32, columns: &[Column<'a>]) -> Option<Key<'a>> {
        let worth = columns.iter().map(|column| self.worth(number, column)).collect();
        Some(Key { worth, key: self.key(number)? })
    }

    pub(super) fn number(&self, number: u32, by: &By<'_>) -> Option<i64> {
        let slot = self.slot(number)?;
        match by {
            By::Changed => slot.claims.first().map(|holder| holder.changed_at),
            By::Problems => {
                // Errors weigh more than any number of warnings that one file can have.
                let [error, warning, note] = slot.counts.map(i64::from);
                Some((error << 40) + (warning << 20) + note)
            }
            By::Absent | By::Terms(..) | By::Read(_) => None,
        }
    }
}

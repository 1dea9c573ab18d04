//! How the rows of a page are found, without sorting more than is shown where that can be avoided: by walking a sorted
//! list (of the first field's values, or of the references) until there are enough, or by sorting all that the filter
//! means; whichever looks at fewer.
//!
//! Rows come in groups that are alike in the first field, and each group is ordered by the rest. A group that lies
//! wholly before what is shown is only counted.

use std::{cmp::Ordering, ops::Bound};

use model::RefKey;
use roaring::RoaringBitmap;

use super::{
    order::{By, Column, Key, Worth},
    postings::Postings,
    state::Index,
    terms::Values,
};

/// A position: what a row is ordered by, and its reference.
type Position<'a> = (&'a [Option<Worth<'static>>], &'a RefKey);

/// Where to go on from, and which way.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    pub(super) after: Option<Position<'a>>,
    pub(super) back: bool,
}

/// The rows of a page as they are found.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// So many are still to be passed over.
    skip: usize,
    most: usize,
    found: Vec<u32>,
}

impl Rows {
    /// `most` rows behind `skip` others.
    pub(super) fn of(skip: usize, most: usize) -> Self {
        Self { skip, most, found: Vec::new() }
    }

    fn full(&self) -> bool {
        self.found.len() >= self.most
    }

    /// How many rows are still wanted, those to be passed over included.
    fn wanted(&self) -> usize {
        self.skip.saturating_add(self.most - self.found.len())
    }

    /// Whether nothing is shown of a group of so many; then it is passed over.
    fn passes(&mut self, group: u64) -> bool {
        let passes = usize::try_from(group).is_ok_and(|group| group <= self.skip);
        if passes {
            self.skip -= usize::try_from(group).unwrap_or(0);
        }
        passes
    }

    fn push(&mut self, slot: u32) {
        if !self.passes(1) && !self.full() {
            self.found.push(slot);
        }
    }
}

impl Index {
    /// The rows of `slots` behind a position; backwards they come in reverse.
    pub(super) fn rows_from(
        &self,
        slots: &RoaringBitmap,
        columns: &[Column<'_>],
        from: From<'_>,
        mut rows: Rows,
    ) -> Vec<u32> {
        if !rows.full() {
            self.put_rows(slots, columns, from, &mut rows);
        }
        rows.found
    }

    fn put_rows(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: From<'_>, rows: &mut Rows) {
        match columns {
            [] => self.by_reference(slots, from, rows),
            [Column { by: By::Absent, .. }, rest @ ..] => {
                // Nothing has it, so a position can have had it only before.
                let after = from.after.map(|(worth, at)| (worth.get(1..).unwrap_or_default(), at));
                self.put_rows(slots, rest, From { after, ..from }, rows);
            }
            [Column { by: By::Terms(values), .. }, ..] => {
                let walked = cost(rows.wanted(), values.len(), slots.len());
                let as_before = rows.clone();
                if walked >= slots.len().saturating_mul(STEPS)
                    || !self.walk_terms(slots, *values, columns, from, rows, walked)
                {
                    *rows = as_before;
                    self.sorted(slots, columns, from, rows);
                }
            }
            [Column { by: By::Changed, .. }, ..] => {
                let walked = cost(rows.wanted(), self.live.len(), slots.len());
                if walked < slots.len().saturating_mul(STEPS) {
                    self.walk_changed(slots, columns, from, rows);
                } else {
                    self.by_number(slots, columns, from, rows);
                }
            }
            [Column { by: By::Problems, .. }, ..] => self.by_problems(slots, columns, from, rows),
            [Column { by: By::Read(_), .. }, ..] => self.sorted(slots, columns, from, rows),
        }
    }

    /// In order of reference alone: kind by kind, because references begin with it.
    fn by_reference(&self, slots: &RoaringBitmap, from: From<'_>, rows: &mut Rows) {
        let Some(kinds) = self.terms.field("kind") else { return };
        let mut kinds: Vec<(String, &Postings)> =
            kinds.iter().map(|id| (format!("{}:", kinds.text(id)), self.terms.slots(id))).collect();
        kinds.sort_unstable_by(|a, b| if from.back { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        for (kind, postings) in kinds {
            let here = from.after.is_some_and(|(_, at)| at.as_str().starts_with(&kind));
            let passed = from.after.is_some_and(|(_, at)| !here && (at.as_str() > kind.as_str()) != from.back);
            if passed || !here && rows.passes(postings.and_len(slots)) {
                continue;
            }
            let group = postings.and(slots);
            if !group.is_empty() {
                self.within_kind(&group, &kind, from, rows, postings.len());
            }
            if rows.full() {
                break;
            }
        }
    }

    /// In order of reference, all of one kind (`kind:`) of which `all` are held.
    fn within_kind(&self, slots: &RoaringBitmap, kind: &str, from: From<'_>, rows: &mut Rows, all: u64) {
        let after = from.after.map(|(_, at)| at);
        let walked = cost(rows.wanted(), all, slots.len());
        let as_before = rows.clone();
        if walked < slots.len().saturating_mul(STEPS) && self.walk_references(slots, kind, from, rows, walked) {
            return;
        }
        *rows = as_before;
        let keys = slots.iter().filter_map(|slot| Some((self.key(slot)?, slot)));
        let beyond = |key: &RefKey| after.is_none_or(|after| if from.back { key < after } else { key > after });
        let keys = keys.filter(|(key, _)| beyond(key)).collect();
        let by = |a: &(&RefKey, u32), b: &(&RefKey, u32)| if from.back { b.0.cmp(a.0) } else { a.0.cmp(b.0) };
        first(keys, rows.wanted(), by).for_each(|(_, slot)| rows.push(slot));
    }

    /// Along the references of a kind. `false` when that takes longer than expected.
    fn walk_references(
        &self,
        slots: &RoaringBitmap,
        kind: &str,
        from: From<'_>,
        rows: &mut Rows,
        expected: u64,
    ) -> bool {
        // No reference of the kind is smaller than the one, or larger than the other.
        let (least, largest) = (kind.to_owned(), format!("{kind}\u{10ffff}"));
        let after = from.after.map(|(_, at)| at.as_str());
        let least = after.filter(|after| !from.back && **after > *least).unwrap_or(&least);
        let largest = after.filter(|after| from.back && **after < *largest).unwrap_or(&largest);
        let mut range = self.nodes.range(least, largest);
        for _ in 0..patience(expected, slots.len()) {
            let Some(slot) = (if from.back { range.next_back() } else { range.next() }) else { return true };
            if slots.contains(slot) {
                rows.push(slot);
                if rows.full() {
                    return true;
                }
            }
        }
        false
    }

    /// By looking at all of them.
    fn sorted(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: From<'_>, rows: &mut Rows) {
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
        first(keys, rows.wanted(), by).for_each(|(_, slot)| rows.push(slot));
    }

    /// By number of problems: most have none, and those go by the other columns.
    fn by_problems(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: From<'_>, rows: &mut Rows) {
        let exists = self.terms.field("stagedoor.problem").map(Values::exists);
        let with = exists.map_or_else(RoaringBitmap::new, |exists| slots & exists);
        let without = exists.map_or_else(|| slots.clone(), |exists| slots - exists);
        let with_first = columns.first().is_some_and(|column| column.descending) != from.back;
        let number = from.after.and_then(|(worth, _)| number_of(worth));
        // The position may be in the second part; then nothing of the first comes after it.
        let passed = number.is_some_and(|number| (number == 0) == with_first);
        for with_now in [with_first, !with_first] {
            if rows.full() || passed && with_now == with_first {
                continue;
            }
            if with_now {
                self.by_number(&with, columns, from, rows);
            } else {
                self.alike(&without, columns, number == Some(0), from, rows);
            }
        }
    }

    /// By the number that everything has in the first column.
    fn by_number(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: From<'_>, rows: &mut Rows) {
        let Some(column) = columns.first() else { return };
        let start = from.after.and_then(|(worth, _)| number_of(worth));
        let order = |a: i64, b: i64| if column.descending != from.back { b.cmp(&a) } else { a.cmp(&b) };
        let numbers = slots.iter().filter_map(|slot| Some((self.number(slot, &column.by)?, slot)));
        let numbers = numbers.filter(|(number, _)| start.is_none_or(|start| order(*number, start).is_ge()));
        let mut numbers: Vec<(i64, u32)> = numbers.collect();
        // Of those that are alike to the last one wanted, all must be there to be ordered by the rest. Those that are
        // alike to the position come besides: some of them are passed.
        let here = numbers.iter().filter(|(number, _)| Some(*number) == start).count();
        let wanted = rows.wanted().saturating_add(here);
        if wanted < numbers.len() {
            let (_, last, _) = numbers.select_nth_unstable_by(wanted - 1, |a, b| order(a.0, b.0));
            let last = last.0;
            numbers.retain(|(number, _)| order(*number, last).is_le());
        }
        numbers.sort_unstable_by(|a, b| order(a.0, b.0).then(a.1.cmp(&b.1)));
        for group in numbers.chunk_by(|a, b| a.0 == b.0) {
            let here = group.first().map(|(number, _)| *number) == start;
            if !here && rows.passes(group.len() as u64) {
                continue;
            }
            let group = group.iter().map(|(_, slot)| *slot).collect();
            self.alike(&group, columns, here, from, rows);
            if rows.full() {
                return;
            }
        }
    }

    /// Along the times of all changes, until there are enough.
    fn walk_changed(&self, slots: &RoaringBitmap, columns: &[Column<'_>], from: From<'_>, rows: &mut Rows) {
        let start = from.after.and_then(|(worth, _)| number_of(worth));
        let falling = columns.first().is_some_and(|column| column.descending) != from.back;
        let (low, high) = if falling { (None, start) } else { (start, None) };
        let mut times = self
            .changed
            .range(&|(time, _)| low.is_some_and(|low| time < low), &|(time, _)| high.is_some_and(|high| time > high));
        let step = || if falling { times.next_back() } else { times.next() };
        let mut times = std::iter::from_fn(step).filter(|(_, slot)| slots.contains(*slot)).peekable();
        while let Some((time, slot)) = times.next().filter(|_| !rows.full()) {
            let mut group = RoaringBitmap::from_iter([slot]);
            while let Some((_, slot)) = times.next_if(|(other, _)| *other == time) {
                group.insert(slot);
            }
            self.alike(&group, columns, start == Some(time), from, rows);
        }
    }

    /// Value by value of the first column, until there are enough. `false` when that takes longer than expected.
    fn walk_terms(
        &self,
        slots: &RoaringBitmap,
        values: Values<'_>,
        columns: &[Column<'_>],
        from: From<'_>,
        rows: &mut Rows,
        expected: u64,
    ) -> bool {
        let descending = columns.first().is_some_and(|column| column.descending);
        let start = from.after.map(|(worth, _)| worth.first().and_then(Option::as_ref));
        let upwards = descending == from.back;
        let (mut low, mut high) = (Bound::Unbounded, Bound::Unbounded);
        let mut at = None;
        match start {
            Some(Some(Worth::Text(text))) => {
                at = Some(&**text);
                if upwards { low = Bound::Included(&**text) } else { high = Bound::Included(&**text) }
            }
            // What has no value comes last, so going on from there forwards leaves no values.
            Some(None) if !from.back => (low, high) = (Bound::Excluded(""), Bound::Excluded("\u{0}")),
            _ => {}
        }
        let without = || slots - values.valued();
        if from.back && at.is_none() {
            self.alike(&without(), columns, start.is_some(), from, rows);
        }
        let mut terms = values.range(low, high);
        let mut patience = patience(expected, slots.len());
        let several = !values.several().is_empty();
        while !rows.full() {
            let Some(entry) = (if upwards { terms.next() } else { terms.next_back() }) else {
                if !from.back {
                    self.alike(&without(), columns, start == Some(None), from, rows);
                }
                return true;
            };
            let Some(left) = patience.checked_sub(1) else { return false };
            patience = left;
            // Of several values only one counts; a row must not come again with the others.
            let counts = |slot: u32| {
                !several
                    || !values.several().contains(slot)
                    || self.text_worth(slot, values, descending) == Some(values.text(entry.id))
            };
            // Only the first can be where the position is.
            let here = at.take().is_some_and(|at| at == values.text(entry.id));
            if let (Some(only), false) = (entry.only(), here) {
                if slots.contains(only) && counts(only) {
                    rows.push(only);
                }
                continue;
            }
            let mut group = self.terms.slots(entry.id).and(slots);
            for slot in (&group & values.several()).iter().filter(|slot| !counts(*slot)) {
                group.remove(slot);
            }
            self.alike(&group, columns, here, from, rows);
        }
        true
    }

    /// Rows that are alike in the first column, by the others. `here` is whether the position is among them.
    fn alike(&self, group: &RoaringBitmap, columns: &[Column<'_>], here: bool, from: From<'_>, rows: &mut Rows) {
        let after = from.after.filter(|_| here);
        if group.is_empty() || rows.full() || after.is_none() && rows.passes(group.len()) {
            return;
        }
        let after = after.map(|(worth, at)| (worth.get(1..).unwrap_or_default(), at));
        self.put_rows(group, columns.get(1..).unwrap_or_default(), From { after, ..from }, rows);
    }
}

/// The number at the head of a position.
fn number_of(worth: &[Option<Worth<'_>>]) -> Option<i64> {
    if let Some(Some(Worth::Number(number))) = worth.first() { Some(*number) } else { None }
}

/// How many of a sorted list are looked at until `wanted` of `meant` rows are found.
fn cost(wanted: usize, list: u64, meant: u64) -> u64 {
    (wanted as u64).saturating_mul(list) / meant.max(1)
}

/// So many steps along a list take as long as looking up what one row is ordered by (10 ns and about 500).
const STEPS: u64 = 16;

/// How many are looked at before another way is taken, because what is meant lies far from the start: about as long as
/// the other way would take.
fn patience(expected: u64, meant: u64) -> u64 {
    expected.saturating_add(meant.saturating_mul(STEPS)).saturating_add(1_000)
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

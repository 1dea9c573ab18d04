//! Inverted lists: which slots have which value of which field.
//!
//! A slot is the small number under which the index keeps a held reference. A value costs about forty bytes and its
//! text. The texts of a field stand behind one another in one piece of memory: looking through all of them for a part
//! (which is what words and full text do) is one pass over a few megabytes, and needs no index of parts.

use std::{cmp::Ordering, collections::HashMap, ops::Bound};

use memchr::{memchr, memchr2, memmem::Finder, memrchr};
use roaring::RoaringBitmap;

pub(super) use super::postings::Postings;
use super::{postings::bitmap_bytes, sorted::Sorted};

/// The number of a term: a value of a field.
pub(super) type TermId = u32;
/// The number of a field.
pub(super) type FieldId = u32;

/// In a slot's list of terms: the field is there without a value that could be compared.
const NULL: u32 = 1 << 31;

/// Ends a text. No text in UTF-8 has this byte.
const END: u8 = 0xff;
/// Stands between a text in lower case and how it was first written, where that differs. Nor does any have this one.
const WRITTEN: u8 = 0xfe;

/// Texts that went are kept until they are half of all, and at least so many bytes.
const LEAST_WASTE: usize = 4_096;

/// One value of one field.
#[derive(Debug)]
struct Term {
    field: FieldId,
    /// Where its text begins among those of the field.
    start: u32,
    /// Who has it.
    slots: Postings,
}

/// A term in the order of its field, with its slot if it has only one: most have, and walks along an order are long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) id: TermId,
    /// [`NO_SLOT`] when there are several.
    only: u32,
}

const NO_SLOT: u32 = u32::MAX;

impl Entry {
    fn of(id: TermId, slots: &Postings) -> Self {
        Self { id, only: slots.only().unwrap_or(NO_SLOT) }
    }

    pub(super) fn only(self) -> Option<u32> {
        (self.only != NO_SLOT).then_some(self.only)
    }
}

/// One field.
#[derive(Debug, Default)]
pub(super) struct Field {
    texts: Vec<u8>,
    /// Where each text begins and whose it is, as they stand; `None` for those that went.
    places: Vec<(u32, Option<std::num::NonZeroU32>)>,
    wasted: usize,
    /// Its values in order.
    sorted: Sorted<Entry>,
    /// Who has the field at all.
    exists: RoaringBitmap,
    /// Who has a value that can be compared.
    valued: RoaringBitmap,
    /// Who has more than one of them.
    several: RoaringBitmap,
    /// Who has texts in a list here.
    listed: RoaringBitmap,
}

/// All fields and their terms.
#[derive(Debug, Default)]
pub(super) struct Terms {
    terms: Vec<Term>,
    free: Vec<TermId>,
    names: HashMap<Box<str>, FieldId>,
    fields: Vec<Field>,
}

/// The values of one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) id: FieldId,
    field: &'a Field,
    terms: &'a Terms,
}

/// The text in lower case that begins here.
fn text_at(texts: &[u8], start: u32) -> &[u8] {
    let rest = texts.get(start as usize..).unwrap_or_default();
    rest.get(..memchr2(WRITTEN, END, rest).unwrap_or(rest.len())).unwrap_or_default()
}

/// A text that was put in as one.
fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// In a list of places a number is one more, so that it is never zero.
fn owner(id: TermId) -> Option<std::num::NonZeroU32> {
    std::num::NonZeroU32::new(id + 1)
}

impl Terms {
    /// The field of this name (lower case), if anything ever had it.
    pub(super) fn field(&self, name: &str) -> Option<Values<'_>> {
        let id = *self.names.get(name)?;
        Some(Values { id, field: self.fields.get(id as usize)?, terms: self })
    }

    /// The slots of the term with this number, which must come from here.
    pub(super) fn slots(&self, id: TermId) -> &Postings {
        self.terms.get(id as usize).map_or(&Postings::Empty, |term| &term.slots)
    }

    /// The number of the field of this name, made if need be.
    pub(super) fn intern(&mut self, name: &str) -> FieldId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = u32::try_from(self.fields.len()).unwrap_or(NULL - 1);
        self.fields.push(Field::default());
        self.names.insert(name.into(), id);
        id
    }

    /// Notes that `slot` has this value, which `lower` gives in lower case. The answer goes into the slot's list.
    pub(super) fn add(&mut self, field: FieldId, slot: u32, written: &str, lower: &str) -> Option<TermId> {
        let Self { terms, free, fields, .. } = self;
        let entry = fields.get_mut(field as usize)?;
        let order = |terms: &[Term], texts: &[u8], other: Entry| {
            terms.get(other.id as usize).map_or(Ordering::Less, |term| text_at(texts, term.start).cmp(lower.as_bytes()))
        };
        let found = entry.sorted.find_mut(|other| order(terms, &entry.texts, other));
        let known = found.as_ref().map(|found| found.id);
        if let (Some(found), Some(term)) = (found, known.and_then(|id| terms.get_mut(id as usize))) {
            if term.slots.contains(slot) {
                return known;
            }
            term.slots.insert(slot);
            *found = Entry::of(found.id, &term.slots);
        }
        entry.exists.insert(slot);
        if !entry.valued.insert(slot) {
            entry.several.insert(slot);
        }
        if known.is_some() {
            return known;
        }
        let start = u32::try_from(entry.texts.len()).ok()?;
        let term = Term { field, start, slots: Postings::One(slot) };
        let id = match free.pop() {
            Some(id) => {
                *terms.get_mut(id as usize)? = term;
                id
            }
            None => {
                terms.push(term);
                u32::try_from(terms.len() - 1).ok().filter(|id| *id < NULL)?
            }
        };
        entry.texts.extend_from_slice(lower.as_bytes());
        if written != lower {
            entry.texts.push(WRITTEN);
            entry.texts.extend_from_slice(written.as_bytes());
        }
        entry.texts.push(END);
        entry.places.push((start, owner(id)));
        entry.sorted.insert(Entry { id, only: slot }, |other| order(terms, &entry.texts, other));
        Some(id)
    }

    /// Notes that `slot` has the field without a comparable value.
    pub(super) fn add_null(&mut self, field: FieldId, slot: u32) -> TermId {
        if let Some(entry) = self.fields.get_mut(field as usize) {
            entry.exists.insert(slot);
        }
        NULL | field
    }

    /// Notes that `slot` has a list of texts in the field.
    pub(super) fn add_listed(&mut self, field: FieldId, slot: u32) {
        if let Some(entry) = self.fields.get_mut(field as usize) {
            entry.listed.insert(slot);
        }
    }

    /// Forgets everything that `slot` had noted in `ids`. All of a slot's notes in one field go together.
    pub(super) fn remove(&mut self, slot: u32, ids: &[TermId]) {
        for id in ids {
            let field = if id & NULL == 0 { self.remove_term(slot, *id) } else { Some(id & !NULL) };
            if let Some(field) = field.and_then(|field| self.fields.get_mut(field as usize)) {
                field.exists.remove(slot);
                field.valued.remove(slot);
                field.several.remove(slot);
                field.listed.remove(slot);
            }
        }
    }

    fn remove_term(&mut self, slot: u32, id: TermId) -> Option<FieldId> {
        let Self { terms, free, fields, .. } = self;
        let term = terms.get_mut(id as usize)?;
        term.slots.remove(slot);
        let (field, start, gone) = (term.field, term.start, term.slots.is_empty());
        let now = Entry::of(id, &term.slots);
        if let (Some(Field { texts, sorted, .. }), Some(_)) = (fields.get_mut(field as usize), now.only()) {
            let text = text_at(texts, start);
            let order = |other: Entry| {
                terms.get(other.id as usize).map_or(Ordering::Less, |t| text_at(texts, t.start).cmp(text))
            };
            sorted.find_mut(order).into_iter().for_each(|entry| *entry = now);
        }
        let entry = fields.get_mut(field as usize).filter(|_| gone);
        if let Some(Field { texts, places, wasted, sorted, .. }) = entry {
            let text = text_at(texts, start);
            sorted.remove(|other| {
                terms.get(other.id as usize).map_or(Ordering::Less, |t| text_at(texts, t.start).cmp(text))
            });
            if let Ok(place) = places.binary_search_by_key(&start, |(start, _)| *start) {
                let next = places.get(place + 1).map_or(texts.len(), |(start, _)| *start as usize);
                *wasted += next.saturating_sub(start as usize);
                places.get_mut(place).into_iter().for_each(|(_, owner)| *owner = None);
            }
            free.push(id);
            if *wasted > LEAST_WASTE && *wasted * 2 > texts.len() {
                self.tidy(field);
            }
        }
        Some(field)
    }

    /// Lets the texts of a field that went go for good.
    fn tidy(&mut self, field: FieldId) {
        let Some(entry) = self.fields.get_mut(field as usize) else { return };
        let old = std::mem::take(&mut entry.texts);
        let places = std::mem::take(&mut entry.places);
        entry.wasted = 0;
        for (nth, (start, id)) in places.iter().enumerate() {
            let Some(id) = id.map(|id| id.get() - 1) else { continue };
            let next = places.get(nth + 1).map_or(old.len(), |(start, _)| *start as usize);
            let now = u32::try_from(entry.texts.len()).unwrap_or(u32::MAX);
            entry.texts.extend_from_slice(old.get(*start as usize..next).unwrap_or_default());
            entry.places.push((now, owner(id)));
            self.terms.get_mut(id as usize).into_iter().for_each(|term| term.start = now);
        }
    }

    /// Puts a slot's list of terms in the order in which `of_field` finds them: by field.
    pub(super) fn arrange(&self, ids: &mut Vec<TermId>) {
        ids.sort_unstable_by_key(|id| (self.field_of(*id), *id));
        ids.dedup();
    }

    fn field_of(&self, id: TermId) -> FieldId {
        if id & NULL == 0 { self.terms.get(id as usize).map_or(FieldId::MAX, |term| term.field) } else { id & !NULL }
    }

    /// The terms of one field among a slot's.
    pub(super) fn of_field<'a>(&'a self, ids: &'a [TermId], field: FieldId) -> impl Iterator<Item = TermId> + 'a {
        let from = ids.partition_point(|id| self.field_of(*id) < field);
        let here =
            ids.get(from..).unwrap_or_default().iter().copied().take_while(move |id| self.field_of(*id) == field);
        here.filter(|id| id & NULL == 0)
    }

    /// How many bytes it holds on to: for the texts of values, and for everything else.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let texts = self.fields.iter().map(|field| field.texts.capacity()).sum();
        let term = |term: &Term| size_of::<Term>() + term.slots.bytes();
        let field = |field: &Field| {
            let bitmaps = [&field.exists, &field.valued, &field.several, &field.listed];
            bitmaps.into_iter().map(bitmap_bytes).sum::<usize>() + field.places.capacity() * 8 + field.sorted.bytes()
        };
        (texts, self.terms.iter().map(term).sum::<usize>() + self.fields.iter().map(field).sum::<usize>())
    }
}

impl<'a> Values<'a> {
    /// Who has the field at all.
    pub(super) fn exists(self) -> &'a RoaringBitmap {
        &self.field.exists
    }

    /// Who has a value that can be compared.
    pub(super) fn valued(self) -> &'a RoaringBitmap {
        &self.field.valued
    }

    /// Who has more than one of them.
    pub(super) fn several(self) -> &'a RoaringBitmap {
        &self.field.several
    }

    /// Who has texts in a list here.
    pub(super) fn listed(self) -> &'a RoaringBitmap {
        &self.field.listed
    }

    /// How many values there are.
    pub(super) fn len(self) -> u64 {
        self.field.sorted.len() as u64
    }

    fn bytes_of(self, id: TermId) -> &'a [u8] {
        self.terms.terms.get(id as usize).map_or(&[], |term| text_at(&self.field.texts, term.start))
    }

    /// A value of this field, in lower case.
    pub(super) fn text(self, id: TermId) -> &'a str {
        utf8(self.bytes_of(id))
    }

    /// A value of this field as first written.
    pub(super) fn written(self, id: TermId) -> &'a str {
        let start = self.terms.terms.get(id as usize).map_or(self.field.texts.len(), |term| term.start as usize);
        let rest = self.field.texts.get(start..).unwrap_or_default();
        let whole = rest.get(..memchr(END, rest).unwrap_or(rest.len())).unwrap_or_default();
        utf8(whole.get(memrchr(WRITTEN, whole).map_or(0, |at| at + 1)..).unwrap_or_default())
    }

    /// The slots of a value in lower case.
    pub(super) fn postings(self, text: &str) -> Option<&'a Postings> {
        let found = self.field.sorted.find(|entry| self.bytes_of(entry.id).cmp(text.as_bytes()))?;
        Some(self.terms.slots(found.id))
    }

    /// All values, in order.
    pub(super) fn iter(self) -> impl DoubleEndedIterator<Item = TermId> + 'a {
        self.field.sorted.iter().map(|entry| entry.id)
    }

    /// The values between bounds, in order.
    pub(super) fn range(self, from: Bound<&str>, to: Bound<&str>) -> impl DoubleEndedIterator<Item = Entry> + use<'a> {
        let below = |entry: Entry| match from {
            Bound::Included(from) => self.bytes_of(entry.id) < from.as_bytes(),
            Bound::Excluded(from) => self.bytes_of(entry.id) <= from.as_bytes(),
            Bound::Unbounded => false,
        };
        let beyond = |entry: Entry| match to {
            Bound::Included(to) => self.bytes_of(entry.id) > to.as_bytes(),
            Bound::Excluded(to) => self.bytes_of(entry.id) >= to.as_bytes(),
            Bound::Unbounded => false,
        };
        self.field.sorted.range(&below, &beyond)
    }

    /// The values that begin with `prefix`.
    pub(super) fn prefixed(self, prefix: &str) -> impl Iterator<Item = TermId> + use<'a> {
        let prefix = prefix.as_bytes();
        let beyond = |entry: Entry| {
            let text = self.bytes_of(entry.id);
            text > prefix && !text.starts_with(prefix)
        };
        self.field.sorted.range(&|entry| self.bytes_of(entry.id) < prefix, &beyond).map(|entry| entry.id)
    }

    /// Sets the bits of all slots that have a value with `part` (lower case) in it.
    pub(super) fn mark_containing(self, part: &str, bits: &mut [u8]) {
        let Field { texts, places, .. } = self.field;
        let finder = Finder::new(part);
        let (mut at, mut nth) = (0, 0);
        while let Some(found) = texts.get(at..).and_then(|rest| finder.find(rest)) {
            let found = at + found;
            // Often it is one of the next texts, so they are looked at in ever longer steps.
            let begins = |nth: usize| places.get(nth).is_some_and(|(start, _)| *start as usize <= found);
            let mut step = 1;
            while begins(nth + step) {
                nth += step;
                step *= 2;
            }
            let behind = places.get(nth + 1..places.len().min(nth + step)).unwrap_or_default();
            nth += behind.partition_point(|(start, _)| *start as usize <= found);
            let Some((_, owner)) = places.get(nth) else { return };
            if let Some(owner) = owner {
                self.terms.slots(owner.get() - 1).mark(bits);
            }
            nth += 1;
            let Some((next, _)) = places.get(nth) else { return };
            at = *next as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    const TEXTS: [&str; 7] = ["", "a", "ab", "abc", "b/ab", "ünter", "zz"];

    proptest! {
        #[test]
        fn values_are_found_by_text_beginning_and_part(
            steps in prop::collection::vec((0_u32..9, prop::sample::select(TEXTS.to_vec()), 0_u32..400), 0..300),
            part in prop::sample::select(vec!["", "a", "b", "ab", "ü", "/a", "q"]),
        ) {
            let mut terms = Terms::default();
            let field = terms.intern("field");
            let mut wanted: BTreeMap<u32, (TermId, String)> = BTreeMap::new();
            for (slot, text, number) in steps {
                if let Some((id, _)) = wanted.remove(&slot) {
                    terms.remove(slot, &[id]);
                }
                // Long enough that texts which went are let go at times.
                let text = if number < 300 { format!("{text}{}", "-".repeat(number as usize)) } else { text.to_owned() };
                let id = terms.add(field, slot, &text.to_uppercase(), &text).expect("few");
                wanted.insert(slot, (id, text));
            }
            let values = terms.field("field").expect("interned");
            let set = |meant: &dyn Fn(&str) -> bool| -> BTreeSet<u32> {
                wanted.iter().filter(|(_, (_, text))| meant(text)).map(|(slot, _)| *slot).collect()
            };
            let texts: BTreeSet<&str> = wanted.values().map(|(_, text)| &**text).collect();
            prop_assert_eq!(values.iter().map(|id| values.text(id)).collect::<Vec<_>>(), texts.iter().copied().collect::<Vec<_>>());
            for text in &texts {
                let mut found = RoaringBitmap::new();
                values.postings(text).expect("there").add_to(&mut found);
                prop_assert_eq!(found.iter().collect::<BTreeSet<_>>(), set(&|other| other == *text));
            }
            for id in values.iter() {
                prop_assert_eq!(values.written(id), values.text(id).to_uppercase());
            }
            let mut bits = vec![0_u8; 2];
            values.mark_containing(part, &mut bits);
            let found: BTreeSet<u32> = RoaringBitmap::from_lsb0_bytes(0, &bits).iter().collect();
            prop_assert_eq!(found, set(&|text| text.contains(part)));
            let mut found = RoaringBitmap::new();
            values.prefixed(part).for_each(|id| terms.slots(id).add_to(&mut found));
            prop_assert_eq!(found.iter().collect::<BTreeSet<_>>(), set(&|text| text.starts_with(part)));
        }
    }
}

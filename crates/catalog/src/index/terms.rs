//! Inverted lists: which slots have which value of which field.
//!
//! A slot is the small number under which the index keeps a held reference. A value that only one slot has costs no
//! bitmap, because most values are of that sort (names, titles, paths).

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::Arc,
};

use roaring::RoaringBitmap;

/// The number of a term: a value of a field.
pub(super) type TermId = u32;
/// The number of a field.
pub(super) type FieldId = u32;

/// In a slot's list of terms: the field is there without a value that could be compared.
const NULL: u32 = 1 << 31;

/// The slots of one term.
#[derive(Debug, Clone, Default)]
pub(super) enum Postings {
    #[default]
    Empty,
    One(u32),
    Many(Box<RoaringBitmap>),
}

impl Postings {
    fn insert(&mut self, slot: u32) {
        match self {
            Self::Empty => *self = Self::One(slot),
            Self::One(only) if *only == slot => {}
            Self::One(only) => *self = Self::Many(Box::new(RoaringBitmap::from_iter([*only, slot]))),
            Self::Many(slots) => {
                slots.insert(slot);
            }
        }
    }

    fn contains(&self, slot: u32) -> bool {
        match self {
            Self::Empty => false,
            Self::One(only) => *only == slot,
            Self::Many(slots) => slots.contains(slot),
        }
    }

    fn remove(&mut self, slot: u32) {
        match self {
            Self::One(only) if *only == slot => *self = Self::Empty,
            Self::Many(slots) => {
                slots.remove(slot);
                if let (1, Some(only)) = (slots.len(), slots.min()) {
                    *self = Self::One(only);
                }
            }
            Self::Empty | Self::One(_) => {}
        }
    }

    /// Puts them all into `into`.
    pub(super) fn add_to(&self, into: &mut RoaringBitmap) {
        match self {
            Self::Empty => {}
            Self::One(only) => {
                into.insert(*only);
            }
            Self::Many(slots) => *into |= slots.as_ref(),
        }
    }

    /// Sets their bits, the lowest of each byte first.
    pub(super) fn mark(&self, bits: &mut [u8]) {
        let mut set = |slot: u32| {
            if let Some(byte) = bits.get_mut(slot as usize / 8) {
                *byte |= 1 << (slot % 8);
            }
        };
        match self {
            Self::Empty => {}
            Self::One(only) => set(*only),
            Self::Many(slots) => slots.iter().for_each(set),
        }
    }

    /// Those that are in `within`.
    pub(super) fn and(&self, within: &RoaringBitmap) -> RoaringBitmap {
        match self {
            Self::One(only) if within.contains(*only) => RoaringBitmap::from_iter([*only]),
            Self::Many(slots) => slots.as_ref() & within,
            Self::Empty | Self::One(_) => RoaringBitmap::new(),
        }
    }

    /// How many.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Many(slots) => slots.len(),
        }
    }

    /// How many of them are in `within`.
    pub(super) fn and_len(&self, within: &RoaringBitmap) -> u64 {
        match self {
            Self::Empty => 0,
            Self::One(only) => u64::from(within.contains(*only)),
            Self::Many(slots) => slots.intersection_len(within),
        }
    }
}

/// One value of one field.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// Whose value.
    pub(super) field: FieldId,
    /// In lower case.
    pub(super) text: Arc<str>,
    /// As it was written by the first that had it, where that differs.
    written: Option<Box<str>>,
    /// Who has it.
    pub(super) slots: Postings,
}

impl Term {
    /// The value as first written.
    pub(super) fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }
}

/// One field.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    /// Its values, in order.
    pub(super) by_text: BTreeMap<Arc<str>, TermId>,
    /// Who has the field at all.
    pub(super) exists: RoaringBitmap,
    /// Who has a value that can be compared.
    pub(super) valued: RoaringBitmap,
    /// Who has more than one of them.
    pub(super) several: RoaringBitmap,
    /// Who has texts in a list here.
    pub(super) listed: RoaringBitmap,
}

impl Field {
    /// The terms whose text begins with `prefix`.
    pub(super) fn prefixed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = TermId> + 'a {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.by_text.range::<str, _>(from).take_while(move |(text, _)| text.starts_with(prefix)).map(|(_, id)| *id)
    }
}

/// All fields and their terms.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    terms: Vec<Term>,
    free: Vec<TermId>,
    names: HashMap<Box<str>, FieldId>,
    fields: Vec<Field>,
}

impl Terms {
    /// The field of this name (lower case), if anything ever had it.
    pub(super) fn field(&self, name: &str) -> Option<(FieldId, &Field)> {
        let id = *self.names.get(name)?;
        self.fields.get(id as usize).map(|field| (id, field))
    }

    /// The term with this number, which must come from here.
    pub(super) fn term(&self, id: TermId) -> Option<&Term> {
        self.terms.get(id as usize)
    }

    /// The slots that have this value (lower case).
    pub(super) fn postings(&self, field: &Field, text: &str) -> Option<&Postings> {
        field.by_text.get(text).and_then(|id| self.term(*id)).map(|term| &term.slots)
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
        let entry = self.fields.get_mut(field as usize)?;
        let known = entry.by_text.get(lower).copied();
        if let Some(term) = known.and_then(|id| self.terms.get_mut(id as usize)) {
            if term.slots.contains(slot) {
                return known;
            }
            term.slots.insert(slot);
        }
        entry.exists.insert(slot);
        if !entry.valued.insert(slot) {
            entry.several.insert(slot);
        }
        if known.is_some() {
            return known;
        }
        let text: Arc<str> = lower.into();
        let written = (written != lower).then(|| written.into());
        let term = Term { field, text: text.clone(), written, slots: Postings::One(slot) };
        let id = match self.free.pop() {
            Some(id) => {
                *self.terms.get_mut(id as usize)? = term;
                id
            }
            None => {
                self.terms.push(term);
                u32::try_from(self.terms.len() - 1).ok().filter(|id| *id < NULL)?
            }
        };
        entry.by_text.insert(text, id);
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
        let term = self.terms.get_mut(id as usize)?;
        term.slots.remove(slot);
        let field = term.field;
        if matches!(term.slots, Postings::Empty) {
            self.fields.get_mut(field as usize)?.by_text.remove(&term.text);
            term.text = "".into();
            term.written = None;
            self.free.push(id);
        }
        Some(field)
    }

    /// The terms of one field among a slot's.
    pub(super) fn of_field<'a>(&'a self, ids: &'a [TermId], field: FieldId) -> impl Iterator<Item = &'a Term> + 'a {
        ids.iter().filter(|id| **id & NULL == 0).filter_map(|id| self.term(*id)).filter(move |t| t.field == field)
    }

    /// The comparable terms among a slot's, with their numbers.
    pub(super) fn numbers_of_field(&self, ids: &[TermId], field: FieldId) -> impl Iterator<Item = TermId> {
        ids.iter().copied().filter(move |id| id & NULL == 0 && self.term(*id).is_some_and(|t| t.field == field))
    }
}

//! How often each value of a key occurs among what a filter means.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use roaring::RoaringBitmap;

use super::{
    Facet, Filter,
    flatten::lower,
    postings::mark,
    state::Index,
    terms::{TermId, Values},
};

impl Index {
    /// For each key its values with how many of the filter's entities have each; the value as first written. By value,
    /// whatever its case.
    #[must_use]
    pub fn facets(&self, filter: &Filter, keys: &[&str]) -> Vec<Facet<'_>> {
        self.facets_as(filter, keys, None)
    }

    /// The same, but no more than `most` values of each key: most first, then by value.
    #[must_use]
    pub fn facets_most(&self, filter: &Filter, keys: &[&str], most: usize) -> Vec<Facet<'_>> {
        self.facets_as(filter, keys, Some(most))
    }

    fn facets_as(&self, filter: &Filter, keys: &[&str], most: Option<usize>) -> Vec<Facet<'_>> {
        let slots = self.meant(filter);
        let bits = if slots.len() == self.live.len() {
            None
        } else {
            let mut bits = self.bits();
            mark(slots.iter(), &mut bits);
            Some(bits)
        };
        let facet = |key: &&str| ((*key).to_owned(), self.facet(&slots, bits.as_deref(), &lower(key), most));
        keys.iter().map(facet).collect()
    }

    fn facet(
        &self,
        slots: &RoaringBitmap,
        bits: Option<&[u8]>,
        key: &str,
        most: Option<usize>,
    ) -> Vec<(Cow<'_, str>, u64)> {
        let Some(values) = self.terms.field(key) else {
            let counts = self.facet_of_documents(&(slots & &*self.exists(key, slots)), key);
            return some_of(counts, most).into_iter().map(|(value, count)| (Cow::Owned(value), count)).collect();
        };
        let counts = some_of(self.counts(slots, bits, values), most);
        counts.into_iter().map(|(id, count)| (Cow::Borrowed(values.written(id)), count)).collect()
    }

    /// How many of the slots have each value, in order of the values in lower case. Without `bits` all slots are meant.
    fn counts(&self, slots: &RoaringBitmap, bits: Option<&[u8]>, values: Values<'_>) -> Vec<(TermId, u64)> {
        if values.len() > slots.len().saturating_mul(4) {
            let mut counts: HashMap<TermId, u64> = HashMap::new();
            for slot in slots.iter().filter_map(|slot| self.slot(slot)) {
                let own = self.terms.of_field(&slot.statics, values.id);
                for term in own.chain(self.terms.of_field(&slot.derived, values.id)) {
                    *counts.entry(term).or_default() += 1;
                }
            }
            let mut counts: Vec<(TermId, u64)> = counts.into_iter().collect();
            counts.sort_by_key(|(id, _)| values.text(*id));
            return counts;
        }
        let count = |id| {
            let postings = self.terms.slots(id);
            bits.map_or_else(|| postings.len(), |bits| postings.and_len_of_bits(slots, bits))
        };
        values.iter().map(|id| (id, count(id))).filter(|(_, count)| *count > 0).collect()
    }

    fn facet_of_documents(&self, slots: &RoaringBitmap, key: &str) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for slot in slots {
            let mut seen = Vec::new();
            for value in self.values(slot, key) {
                let folded = lower(&value).into_owned();
                if !seen.contains(&folded) {
                    counts.entry(folded.clone()).or_insert((value, 0)).1 += 1;
                    seen.push(folded);
                }
            }
        }
        counts.into_values().collect()
    }
}

/// The most frequent of them, if not all are wanted. They come in order, and stay so among those with one count.
fn some_of<T>(mut counts: Vec<(T, u64)>, most: Option<usize>) -> Vec<(T, u64)> {
    if let Some(most) = most {
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(most);
    }
    counts
}

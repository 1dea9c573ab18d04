//! How often each value of a key occurs among what a filter means.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::{
    Facet, Filter,
    flatten::lower,
    state::Index,
    terms::{TermId, Values},
};

impl Index {
    /// For each key its values with how many of the filter's entities have each; the value as first written. Most
    /// first, then by value.
    #[must_use]
    pub fn facets(&self, filter: &Filter, keys: &[&str]) -> Vec<Facet> {
        let slots = self.meant(filter);
        keys.iter().map(|key| ((*key).to_owned(), self.facet(&slots, &lower(key)))).collect()
    }

    fn facet(&self, slots: &RoaringBitmap, key: &str) -> Vec<(String, u64)> {
        let mut counts: Vec<(String, u64)> = match self.terms.field(key) {
            Some(values) => {
                let counts = self.counts(slots, values);
                counts.into_iter().map(|(id, count)| (values.written(id).to_owned(), count)).collect()
            }
            None => self.facet_of_documents(&(slots & &*self.exists(key, slots)), key),
        };
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
    }

    /// How many of the slots have each value, in no order.
    fn counts(&self, slots: &RoaringBitmap, values: Values<'_>) -> Vec<(TermId, u64)> {
        if values.len() > slots.len().saturating_mul(4) {
            let mut counts: HashMap<TermId, u64> = HashMap::new();
            for slot in slots.iter().filter_map(|slot| self.slot(slot)) {
                let own = self.terms.of_field(&slot.statics, values.id);
                for term in own.chain(self.terms.of_field(&slot.derived, values.id)) {
                    *counts.entry(term).or_default() += 1;
                }
            }
            return counts.into_iter().collect();
        }
        let all = slots.len() == self.live.len();
        let count = |id| if all { self.terms.slots(id).len() } else { self.terms.slots(id).and_len(slots) };
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

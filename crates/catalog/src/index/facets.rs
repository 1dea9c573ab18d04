//! How often each value of a key occurs among what a filter means.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::{Facet, Filter, flatten::lower, state::Index, terms::TermId};

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
            Some((id, field)) if (field.by_text.len() as u64) > slots.len().saturating_mul(4) => {
                let mut counts: HashMap<TermId, u64> = HashMap::new();
                for slot in slots.iter().filter_map(|slot| self.slot(slot)) {
                    let own = self.terms.numbers_of_field(&slot.statics, id);
                    for term in own.chain(self.terms.numbers_of_field(&slot.derived, id)) {
                        *counts.entry(term).or_default() += 1;
                    }
                }
                let written = |term| self.terms.term(term).map(|term| term.written().to_owned());
                counts.into_iter().filter_map(|(term, count)| Some((written(term)?, count))).collect()
            }
            Some((_, field)) => {
                let terms = field.by_text.values().filter_map(|id| self.terms.term(*id));
                let counted = terms.map(|term| (term, term.slots.and_len(slots))).filter(|(_, count)| *count > 0);
                counted.map(|(term, count)| (term.written().to_owned(), count)).collect()
            }
            None => self.facet_of_documents(&(slots & &*self.exists(key, slots)), key),
        };
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
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

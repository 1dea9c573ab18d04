//! What the index holds on to.

use super::{
    held::{Held, Slot},
    postings::bitmap_bytes,
    state::Index,
    terms::TermId,
};

impl Index {
    /// Bytes by part, as far as they can be counted without asking the allocator. Looks at everything.
    #[must_use]
    pub fn weight(&self) -> Vec<(&'static str, usize)> {
        let (mut documents, mut lists) = (0, 0);
        for slot in self.live.iter().filter_map(|number| self.slot(number)) {
            let own: Vec<(usize, usize)> = slot.claims.iter().map(Held::bytes).collect();
            documents += own.iter().map(|(document, _)| document).sum::<usize>();
            lists += own.iter().map(|(_, lists)| lists).sum::<usize>();
            lists += size_of::<Held>() * slot.claims.capacity() + slot.title.as_ref().map_or(0, |title| title.len());
            lists += (slot.statics.len() + slot.derived.len()) * size_of::<TermId>();
        }
        let slots = self.len() * size_of::<Slot>();
        let (texts, terms) = self.terms.bytes();
        let numbers = self.ids.capacity() * 18 + self.by_uid.bytes() + self.changed.bytes() + bitmap_bytes(&self.live);
        vec![
            ("documents", documents),
            ("beside documents", lists),
            ("references and edges", self.nodes.bytes() - slots.min(self.nodes.bytes())),
            ("slots", slots),
            ("texts of values", texts),
            ("values", terms),
            ("hashes", self.hashes.bytes()),
            ("numbers", numbers),
        ]
    }
}

//! What one `apply` changes: how things were before, compared with how they are at its end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{RefKey, RelationType};
use roaring::RoaringBitmap;

use super::{
    Resolution, Touched,
    links::End,
    state::{Found, Index},
};

/// How the references and names that a batch concerns were before it.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Nothing was held before, so that nothing need be compared.
    first: bool,
    refs: BTreeMap<RefKey, Before>,
    names: HashMap<RefKey, Resolution>,
}

/// How a reference was.
#[derive(Debug, Default)]
struct Before {
    held: bool,
    edges: Vec<(RelationType, RefKey)>,
    title: Option<Box<str>>,
}

impl Batch {
    /// Begins one.
    pub(super) fn new(index: &Index) -> Self {
        Self { first: index.is_empty(), ..Self::default() }
    }

    /// To be called before this reference changes.
    pub(super) fn note_ref(&mut self, index: &Index, key: &RefKey) {
        if self.first || self.refs.contains_key(key) {
            return;
        }
        self.note_names(index, std::slice::from_ref(key));
        let mut before = Before::default();
        let number = index.nodes.find(key.as_str());
        if let Some((number, slot)) = number.and_then(|number| Some((number, index.slot(number)?))) {
            before.held = true;
            before.title.clone_from(&slot.title);
            let stated = index.holder(number).into_iter().flat_map(|holder| &holder.stated);
            before.edges.extend(stated.filter_map(|(kind, target)| Some((*kind, index.key(*target)?.clone()))));
            for claim in &slot.claims {
                // Whoever claims may hold later in the batch, and then its other names count.
                let aliases: Vec<RefKey> = claim.aliases.iter().filter_map(|n| index.key(*n)).cloned().collect();
                self.note_names(index, &aliases);
            }
        }
        self.refs.insert(key.clone(), before);
    }

    /// To be called before the meaning of these names may change.
    pub(super) fn note_names(&mut self, index: &Index, names: &[RefKey]) {
        for name in names.iter().filter(|_| !self.first) {
            if !self.names.contains_key(name) {
                self.names.insert(name.clone(), index.resolve(name));
            }
        }
    }

    /// Brings everything up to date that depends on what changed, and says whose page that changed.
    pub(super) fn finish(self, index: &mut Index) -> Touched {
        if self.first {
            for slot in index.live.clone() {
                index.derive(slot);
            }
            let held = index.nodes.iter().filter(|number| index.live.contains(*number));
            return Touched { changed: held.filter_map(|n| index.key(n)).cloned().collect(), removed: Vec::new() };
        }
        let mut removed = Vec::new();
        let (dirty, changed) = {
            let mut after = After { index, names: &self.names, dirty: RoaringBitmap::new(), changed: BTreeSet::new() };
            for (key, before) in &self.refs {
                match index.held(key) {
                    Some(slot) => after.touch(slot),
                    None if before.held => removed.push(key.clone()),
                    None => {}
                }
                after.edges(key, before);
            }
            for (name, before) in &self.names {
                after.name(name, before);
            }
            (after.dirty, after.changed)
        };
        for slot in dirty {
            index.derive(slot);
        }
        Touched { changed: changed.into_iter().collect(), removed }
    }
}

/// What is found to be different.
struct After<'a> {
    index: &'a Index,
    names: &'a HashMap<RefKey, Resolution>,
    dirty: RoaringBitmap,
    changed: BTreeSet<RefKey>,
}

impl After<'_> {
    fn touch(&mut self, number: u32) {
        if self.dirty.insert(number)
            && let Some(key) = self.index.key(number)
        {
            self.changed.insert(key.clone());
        }
    }

    fn edges(&mut self, key: &RefKey, before: &Before) {
        let number = self.index.held(key);
        let holder = number.and_then(|number| self.index.holder(number));
        let now = holder.into_iter().flat_map(|holder| &holder.stated);
        let now: BTreeSet<(RelationType, &RefKey)> =
            now.filter_map(|(kind, target)| Some((*kind, self.index.key(*target)?))).collect();
        let was: BTreeSet<(RelationType, &RefKey)> = before.edges.iter().map(|(kind, end)| (*kind, end)).collect();
        for (_, target) in now.symmetric_difference(&was) {
            if let Some(Found::Slot(other)) = self.index.nodes.find(target.as_str()).map(|n| self.index.find(n)) {
                self.touch(other);
            }
            // An edge that went may have led elsewhere than its target's name leads now.
            if let Some(meant) = self.names.get(target) {
                self.touch_meant(meant);
            }
        }
        let title = number.and_then(|number| self.index.slot(number)).and_then(|slot| slot.title.as_ref());
        if let (true, Some(number)) = (before.held && before.title.as_ref() != title, number) {
            for (_, end) in self.index.links(number) {
                if let End::Slot(other) = end {
                    self.touch(other);
                }
            }
        }
    }

    fn name(&mut self, name: &RefKey, before: &Resolution) {
        let node = self.index.nodes.find(name.as_str()).and_then(|number| self.index.nodes.get(number));
        let Some(sources) = node.map(|node| &node.incoming).filter(|sources| !sources.is_empty()) else { return };
        let now = self.index.resolve(name);
        if now == *before {
            return;
        }
        for (_, source) in sources {
            self.touch(*source);
        }
        for resolution in [before, &now] {
            self.touch_meant(resolution);
        }
    }

    fn touch_meant(&mut self, resolution: &Resolution) {
        if let Resolution::Held(key) | Resolution::Alias(key) = resolution
            && let Some(slot) = self.index.held(key)
        {
            self.touch(slot);
        }
    }
}

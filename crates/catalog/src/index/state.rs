//! What is held, and how changes come in.
//!
//! A reference that at least one entity claims has a slot. The earliest claim holds it: its document is what the terms,
//! hashes and edges of the slot are made from. Edges are kept by the target as it was written, so that a target that
//! comes, goes or changes its meaning finds the ones that named it.
//!
//! Memory, measured with 254,000 entities whose documents have 1.2 kB and eight annotations: 3.7 kB an entity. The
//! document and what stands beside it (source, owner, relations) are 2.4 kB of it; the rest is what it is found by: some
//! 20 own terms (names, titles and paths cost most, about 150 bytes each; shared values nearly nothing), ten hashed
//! values of 12 bytes, edges.

use std::collections::{BTreeMap, HashMap};

use model::{Entity, Millis, RefKey, RelationType};
use roaring::RoaringBitmap;
use uuid::Uuid;

use super::{
    Change, Resolution, Touched, View, batch::Batch, derive::same_document, hashes::Hashes, terms::TermId, terms::Terms,
};
use crate::ProblemCounts;

/// The catalog in memory.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// The slot of each entity's reference.
    ids: HashMap<i64, u32>,
    pub(super) slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    /// The slots in use.
    pub(super) live: RoaringBitmap,
    pub(super) by_ref: BTreeMap<RefKey, u32>,
    by_uid: HashMap<Uuid, u32>,
    /// Who names this reference, and how; in order.
    pub(super) incoming: HashMap<RefKey, Vec<(RelationType, u32)>>,
    /// Who is also called this; in order.
    pub(super) aliases: HashMap<RefKey, Vec<u32>>,
    pub(super) terms: Terms,
    pub(super) hashes: Hashes,
    pub(super) totals: ProblemCounts,
}

/// A reference that is held.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) key: RefKey,
    /// The entities that claim it, the one that holds it first.
    pub(super) claims: Vec<Entity>,
    /// `metadata.title` of the one that holds it.
    pub(super) title: Option<Box<str>>,
    /// When the one that holds it changed.
    pub(super) changed_at: Millis,
    /// Terms that follow from the document alone.
    pub(super) statics: Box<[TermId]>,
    /// Terms that depend on what else is in the catalog.
    pub(super) derived: Box<[TermId]>,
    /// Problems of the one that holds it: errors, warnings, notes.
    pub(super) counts: [u32; 3],
    /// Problems of the others that claim it.
    pub(super) rival_counts: [u32; 3],
}

impl Slot {
    /// The entities that claim it, each document once: a file may be reached in two ways.
    pub(super) fn documents(&self) -> impl Iterator<Item = &Entity> {
        let again = |at: usize, entity: &Entity| self.claims.iter().take(at).any(|other| same_document(other, entity));
        self.claims.iter().enumerate().filter(move |(at, entity)| !again(*at, entity)).map(|(_, entity)| entity)
    }
}

/// What a reference leads to inside the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Slot(u32),
    Ambiguous,
    Nothing,
}

impl Index {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes changes in, one after the other. Answers are right again when this returns.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) -> Touched {
        let mut batch = Batch::new(self);
        for change in changes {
            match change {
                Change::Put(entity) => self.set(entity.id, Some(entity), &mut batch),
                Change::Remove(id) => self.set(id, None, &mut batch),
            }
        }
        batch.finish(self)
    }

    /// The numbers of all entities.
    #[must_use]
    pub fn ids(&self) -> std::collections::HashSet<i64> {
        self.ids.keys().copied().collect()
    }

    /// How many references are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_ref.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_ref.is_empty()
    }

    /// Whoever holds this reference (not an alias; see [`Index::resolve`]).
    #[must_use]
    pub fn get(&self, key: &RefKey) -> Option<View<'_>> {
        self.by_ref.get(key).and_then(|slot| self.view(*slot))
    }

    /// The entity with this `metadata.uid`.
    #[must_use]
    pub fn by_uid(&self, uid: &str) -> Option<View<'_>> {
        self.slot_of_uid(uid).and_then(|slot| self.view(slot))
    }

    /// The entity with this [`Entity::id`], whether it holds its reference or not.
    #[must_use]
    pub fn by_id(&self, id: i64) -> Option<View<'_>> {
        let number = *self.ids.get(&id)?;
        let slot = self.slot(number)?;
        let entity = slot.claims.iter().find(|entity| entity.id == id)?;
        Some(View { index: self, number, slot, entity })
    }

    /// What a reference means here.
    #[must_use]
    pub fn resolve(&self, target: &RefKey) -> Resolution {
        if self.by_ref.contains_key(target) {
            return Resolution::Held(target.clone());
        }
        let called = self.aliases.get(target).map_or(&[][..], Vec::as_slice);
        let mut keys: Vec<RefKey> = called.iter().filter_map(|slot| self.slot(*slot)).map(|s| s.key.clone()).collect();
        match (keys.len(), keys.pop()) {
            (_, None) => Resolution::Unknown,
            (1, Some(only)) => Resolution::Alias(only),
            (_, Some(last)) => {
                keys.push(last);
                keys.sort_unstable();
                Resolution::Ambiguous(keys)
            }
        }
    }

    pub(super) fn find(&self, target: &RefKey) -> Found {
        if let Some(slot) = self.by_ref.get(target) {
            return Found::Slot(*slot);
        }
        match self.aliases.get(target).map(Vec::as_slice) {
            Some([only]) => Found::Slot(*only),
            Some([_, ..]) => Found::Ambiguous,
            _ => Found::Nothing,
        }
    }

    pub(super) fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(number as usize)?.as_ref()
    }

    pub(super) fn slot_of_uid(&self, uid: &str) -> Option<u32> {
        Uuid::try_parse(uid).ok().and_then(|uid| self.by_uid.get(&uid)).copied()
    }

    pub(super) fn holder(&self, number: u32) -> Option<&Entity> {
        self.slot(number)?.claims.first()
    }

    pub(super) fn view(&self, number: u32) -> Option<View<'_>> {
        let slot = self.slot(number)?;
        Some(View { index: self, number, slot, entity: slot.claims.first()? })
    }

    /// Puts `new` in the place of what has this id.
    fn set(&mut self, id: i64, new: Option<Box<Entity>>, batch: &mut Batch) {
        let old = self.by_id(id);
        if let (Some(old), Some(new)) = (old, &new)
            && *old.entity == **new
        {
            return;
        }
        if let Some(slot) = old.map(|old| old.number) {
            batch.note_slot(self, slot);
            self.withdraw(id, slot);
        }
        if let Some(new) = new {
            let key = new.entity_ref.key();
            batch.note_ref(self, &key);
            batch.note_names(self, &new.aliases);
            self.claim(key, *new);
        }
    }

    fn withdraw(&mut self, id: i64, number: u32) {
        let held = self.holder(number).is_some_and(|entity| entity.id == id);
        if held {
            self.forget_document(number);
        }
        self.ids.remove(&id);
        let Some(Some(slot)) = self.slots.get_mut(number as usize) else { return };
        slot.claims.retain(|claim| claim.id != id);
        if slot.claims.is_empty() {
            self.release(number);
        } else if held {
            self.learn_document(number);
        }
    }

    fn claim(&mut self, key: RefKey, mut entity: Entity) {
        // What was read is longer in memory than it need be, and stays for good.
        entity.body.shrink_to_fit();
        entity.relations.shrink_to_fit();
        entity.aliases.shrink_to_fit();
        self.share(&mut entity);
        let (id, order) = (entity.id, claim_order(&entity));
        let number = self.by_ref.get(&key).copied().unwrap_or_else(|| {
            let named = self.incoming.get_key_value(&key).map(|(named, _)| named.clone());
            self.occupy(named.unwrap_or(key))
        });
        let Some(slot) = self.slot(number) else { return };
        let at = slot.claims.partition_point(|claim| claim_order(claim) < order);
        if at == 0 && !slot.claims.is_empty() {
            self.forget_document(number);
        }
        if let Some(Some(slot)) = self.slots.get_mut(number as usize) {
            slot.claims.reserve_exact(1);
            slot.claims.insert(at, entity);
            self.ids.insert(id, number);
        }
        if at == 0 {
            self.learn_document(number);
        }
    }

    /// Lets equal references share their text: ten thousand entities name one owner.
    fn share(&self, entity: &mut Entity) {
        let owner = entity.ownership.as_mut().and_then(|ownership| ownership.owner.as_mut());
        for target in entity.relations.iter_mut().map(|(_, target)| target).chain(owner) {
            if let Some((held, _)) = self.by_ref.get_key_value(target) {
                *target = held.clone();
            } else if let Some((named, _)) = self.incoming.get_key_value(target) {
                *target = named.clone();
            }
        }
    }

    fn occupy(&mut self, key: RefKey) -> u32 {
        let slot = Slot {
            key: key.clone(),
            claims: Vec::new(),
            title: None,
            changed_at: 0,
            statics: Box::default(),
            derived: Box::default(),
            counts: [0; 3],
            rival_counts: [0; 3],
        };
        let uid = uid(&key);
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(place) = self.slots.get_mut(number as usize) {
            *place = Some(slot);
        }
        self.live.insert(number);
        self.by_uid.insert(uid, number);
        self.by_ref.insert(key, number);
        number
    }

    fn release(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number as usize).and_then(Option::take) else { return };
        self.terms.remove(number, &slot.derived);
        self.count_out(&slot);
        self.by_ref.remove(&slot.key);
        self.by_uid.remove(&uid(&slot.key));
        self.live.remove(number);
        self.free.push(number);
    }

    pub(super) fn count_out(&mut self, slot: &Slot) {
        let [error, warning, note] = [0, 1, 2].map(|i| (slot.counts[i] + slot.rival_counts[i]) as usize);
        self.totals.error -= error;
        self.totals.warning -= warning;
        self.totals.note -= note;
    }

    pub(super) fn count_in(&mut self, slot: &Slot) {
        let [error, warning, note] = [0, 1, 2].map(|i| (slot.counts[i] + slot.rival_counts[i]) as usize);
        self.totals.error += error;
        self.totals.warning += warning;
        self.totals.note += note;
    }
}

/// The UUID of a reference: version 5 in the namespace that `stagedoor.catalog` has among domain names.
pub(super) fn uid(key: &RefKey) -> Uuid {
    // Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"stagedoor.catalog"); a test holds it.
    const NAMESPACE: Uuid = Uuid::from_u128(0x9858_d721_83f3_5080_89ea_639c_3a31_2168);
    Uuid::new_v5(&NAMESPACE, key.as_str().as_bytes())
}

/// Who holds a reference: the earliest claim. What one pass found counts as claimed at one time, whatever the order of
/// GitLab's pages; then the older project holds it.
fn claim_order(entity: &Entity) -> (Millis, u64, i64) {
    (entity.claimed_at, entity.source.project.map_or(0, |project| project.0), entity.id)
}

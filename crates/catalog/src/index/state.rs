//! What is held, and how changes come in.
//!
//! A reference that at least one entity claims has a slot. The earliest claim holds it: its document is what the terms,
//! hashes and edges of the slot are made from. Edges are kept by the target as it was written, so that a target that
//! comes, goes or changes its meaning finds the ones that named it.
//!
//! Memory, measured with 243,000 entities whose documents have 1.3 kB and eight annotations (`examples/weigh`): 1.4 kB an
//! entity. Of these the document with everything beside it is 230 bytes (packed, see `pack`); 500 are the values by which
//! it is found, 160 of them text (some 25 values an entity: one of its own is 40 bytes and its text, one that others
//! have too nearly nothing); 160 exact matches in `hashes`; 150 its reference and the edges towards it; 270 its slot, its
//! own edges and lists of values; 90 the numbers by which it is known.

use std::{
    cell::OnceCell,
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use model::{ConnectionName, Entity, Millis, RefKey};
use roaring::RoaringBitmap;
use uuid::Uuid;

use super::{
    Change, Resolution, Touched, View,
    batch::Batch,
    document::Came,
    hashes::Hashes,
    held::{Held, Slot},
    nodes::Nodes,
    pack::{Dictionary, Document, SAMPLES, WHOLE},
    sorted::Sorted,
    terms::Terms,
};

/// What is taken in before readers have a turn, in updates of an entity that something is known to have happened near:
/// the entity that changes itself takes about four times as long.
const WORK_AT_ONCE: usize = 1_200;
const WORK_OF_CHANGE: usize = 4;
/// So many entities are packed with each change until all are.
const PACKED_AT_ONCE: usize = 128;

/// The catalog in memory.
#[derive(Debug, Default)]
pub struct Index {
    /// The slot of each entity's reference.
    pub(super) ids: HashMap<i64, u32>,
    pub(super) nodes: Nodes,
    /// The slots in use.
    pub(super) live: RoaringBitmap,
    /// The beginning of each slot's `metadata.uid`, and the slot.
    pub(super) by_uid: Sorted<(u32, u32)>,
    /// When the one that holds each slot changed, and the slot.
    pub(super) changed: Sorted<(Millis, u32)>,
    /// Who is also called this; in order.
    pub(super) aliases: HashMap<u32, Vec<u32>>,
    pub(super) terms: Terms,
    pub(super) hashes: Hashes,
    /// How many entities came by each connection.
    by_connection: Vec<(ConnectionName, usize)>,
    /// All problems: errors, warnings, notes.
    pub(super) totals: [usize; 3],
    dictionary: Option<Arc<Dictionary>>,
    /// How many there were when it was learned.
    learned_at: usize,
    /// Slots whose documents are still to be packed.
    unpacked: VecDeque<u32>,
}

/// An index that is being filled: nothing is compared with what was before, and what follows from an entity's place among
/// the others is made once, at the end.
#[derive(Debug)]
pub struct Filling {
    index: Index,
    batch: Batch,
}

impl Default for Filling {
    fn default() -> Self {
        let index = Index::new();
        Self { batch: Batch::new(&index), index }
    }
}

impl Filling {
    /// Takes one in.
    pub fn put(&mut self, entity: Entity) {
        self.index.take_in(Change::Put(Box::new(entity)), &mut self.batch);
        if self.index.unpacked.len() > WHOLE {
            self.index.pack_some(usize::MAX);
        }
    }

    /// The index of all of them.
    #[must_use]
    pub fn finish(mut self) -> Index {
        self.index.pack_some(usize::MAX);
        self.batch.finish(&mut self.index);
        self.index
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

    /// Takes in as many of the changes as readers can wait for (some 20 ms), at least one. Answers are right again when
    /// this returns.
    pub fn apply_some(&mut self, changes: &mut impl Iterator<Item = Change>) -> Touched {
        let mut batch = Batch::new(self);
        let mut work = 0;
        while work < WORK_AT_ONCE
            && let Some(change) = changes.next()
        {
            work += WORK_OF_CHANGE + self.named_by(&change);
            self.take_in(change, &mut batch);
        }
        self.pack_some(PACKED_AT_ONCE);
        batch.finish(self)
    }

    /// How many entities may look different besides the one that changes.
    fn named_by(&self, change: &Change) -> usize {
        let (id, key) = match change {
            Change::Put(entity) => (entity.id, Some(entity.entity_ref.key())),
            Change::Remove(id) => (*id, None),
        };
        let numbers = self.ids.get(&id).copied().into_iter().chain(key.and_then(|key| self.nodes.find(key.as_str())));
        numbers.map(|number| self.incoming(number).len()).max().unwrap_or(0)
    }

    /// Takes changes in, one after the other. Answers are right again when this returns.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) -> Touched {
        let mut batch = Batch::new(self);
        for change in changes {
            self.take_in(change, &mut batch);
        }
        self.pack_some(PACKED_AT_ONCE);
        batch.finish(self)
    }

    fn take_in(&mut self, change: Change, batch: &mut Batch) {
        match change {
            Change::Put(entity) => self.set(entity.id, Some(entity), batch),
            Change::Remove(id) => self.set(id, None, batch),
        }
    }

    /// The numbers of all entities.
    #[must_use]
    pub fn ids(&self) -> std::collections::HashSet<i64> {
        self.ids.keys().copied().collect()
    }

    /// How many references are held.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.live.len()).unwrap_or(usize::MAX)
    }

    /// How many entities came by a connection, whether they hold their references or not.
    #[must_use]
    pub fn count_of(&self, connection: &ConnectionName) -> usize {
        self.by_connection.iter().find(|(name, _)| name == connection).map_or(0, |(_, count)| *count)
    }

    /// Counts one that came by a connection. Answers with the connection's number.
    fn count(&mut self, connection: &ConnectionName) -> u16 {
        let at = self.by_connection.iter().position(|(name, _)| name == connection).unwrap_or_else(|| {
            self.by_connection.push((connection.clone(), 0));
            self.by_connection.len() - 1
        });
        self.by_connection[at].1 += 1;
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Whoever holds this reference (not an alias; see [`Index::resolve`]).
    #[must_use]
    pub fn get(&self, key: &RefKey) -> Option<View<'_>> {
        self.view(self.nodes.find(key.as_str())?)
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
        let held = self.slot(number)?.claims.iter().find(|held| held.id == id)?;
        self.view_of(number, held)
    }

    /// What a reference means here.
    #[must_use]
    pub fn resolve(&self, target: &RefKey) -> Resolution {
        let Some(number) = self.nodes.find(target.as_str()) else { return Resolution::Unknown };
        match self.find(number) {
            Found::Slot(slot) if slot == number => Resolution::Held(target.clone()),
            Found::Slot(slot) => self.key(slot).map_or(Resolution::Unknown, |key| Resolution::Alias(key.clone())),
            Found::Ambiguous => Resolution::Ambiguous(self.called(number).into_iter().cloned().collect()),
            Found::Nothing => Resolution::Unknown,
        }
    }

    /// Those that are also called this, in order of reference.
    pub(super) fn called(&self, number: u32) -> Vec<&RefKey> {
        let called = self.aliases.get(&number).map_or(&[][..], Vec::as_slice);
        let mut keys: Vec<&RefKey> = called.iter().filter_map(|slot| self.key(*slot)).collect();
        keys.sort_unstable();
        keys
    }

    /// What a reference leads to, by its number.
    pub(super) fn find(&self, number: u32) -> Found {
        if self.slot(number).is_some() {
            return Found::Slot(number);
        }
        match self.aliases.get(&number).map(Vec::as_slice) {
            Some([only]) => Found::Slot(*only),
            Some([_, ..]) => Found::Ambiguous,
            _ => Found::Nothing,
        }
    }

    /// The reference with this number.
    pub(super) fn key(&self, number: u32) -> Option<&RefKey> {
        self.nodes.get(number).map(|node| &node.key)
    }

    pub(super) fn slot(&self, number: u32) -> Option<&Slot> {
        self.nodes.get(number)?.slot.as_ref()
    }

    pub(super) fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.nodes.get_mut(number)?.slot.as_mut()
    }

    pub(super) fn slot_of_uid(&self, asked: &str) -> Option<u32> {
        let asked = Uuid::try_parse(asked).ok()?;
        let begins = asked.as_fields().0;
        let alike = self.by_uid.range(&|(other, _)| other < begins, &|(other, _)| other > begins).map(|(_, slot)| slot);
        alike.into_iter().find(|slot| self.key(*slot).is_some_and(|key| uid(key) == asked))
    }

    pub(super) fn holder(&self, number: u32) -> Option<&Held> {
        self.slot(number)?.claims.first()
    }

    /// The entity that holds a slot.
    pub(super) fn view(&self, number: u32) -> Option<View<'_>> {
        self.view_of(number, self.holder(number)?)
    }

    pub(super) fn view_of<'a>(&'a self, number: u32, held: &'a Held) -> Option<View<'a>> {
        let node = self.nodes.get(number)?;
        Some(View { index: self, number, key: &node.key, slot: node.slot.as_ref()?, held, read: OnceCell::new() })
    }

    /// Puts `new` in the place of what has this id.
    fn set(&mut self, id: i64, new: Option<Box<Entity>>, batch: &mut Batch) {
        let old = self.by_id(id);
        if let (Some(old), Some(new)) = (&old, &new)
            && *old.entity() == **new
        {
            return;
        }
        if let Some(old) = old {
            let (number, key) = (old.number, old.key().clone());
            batch.note_ref(self, &key);
            self.withdraw(id, number);
        }
        if let Some(new) = new {
            let key = new.entity_ref.key();
            batch.note_ref(self, &key);
            batch.note_names(self, &new.aliases);
            self.claim(&key, new);
        }
    }

    fn withdraw(&mut self, id: i64, number: u32) {
        let held = self.holder(number).is_some_and(|holder| holder.id == id);
        if held {
            self.forget_document(number);
        }
        self.ids.remove(&id);
        let Some(slot) = self.slot_mut(number) else { return };
        let Some(at) = slot.claims.iter().position(|claim| claim.id == id) else { return };
        let gone = slot.claims.remove(at);
        let left = slot.claims.len();
        if let Some((_, count)) = self.by_connection.get_mut(usize::from(gone.connection)) {
            *count -= 1;
        }
        if left == 0 {
            self.release(number);
        } else if held {
            self.learn_document(number, None);
        }
        gone.forget(&mut self.nodes);
        self.nodes.drop_unused(number);
    }

    fn claim(&mut self, key: &RefKey, mut entity: Box<Entity>) {
        // What was read is longer in memory than it need be, and stays for good.
        entity.body.shrink_to_fit();
        let (id, order) = (entity.id, claim_order(&entity));
        let number = self.nodes.number(key);
        if self.slot(number).is_none() {
            self.occupy(number, key);
        }
        let came = Came::of(&entity);
        let connection = self.count(&entity.source.connection);
        let Self { nodes, dictionary, .. } = self;
        let held = Held::of(entity, key, connection, nodes, |entity| Document::of(entity, dictionary.as_ref()));
        if held.whole().is_some() {
            self.unpacked.push_back(number);
        }
        let Some(slot) = self.slot(number) else { return };
        let at = slot.claims.partition_point(|claim| claim_order(&claim.entity(key, &self.nodes)) < order);
        if at == 0 && !slot.claims.is_empty() {
            self.forget_document(number);
        }
        if let Some(slot) = self.slot_mut(number) {
            slot.claims.reserve_exact(1);
            slot.claims.insert(at, held);
            self.ids.insert(id, number);
        }
        if at == 0 {
            self.learn_document(number, Some(&came));
        }
    }

    fn occupy(&mut self, number: u32, key: &RefKey) {
        self.nodes.get_mut(number).into_iter().for_each(|node| node.slot = Some(Slot::default()));
        self.live.insert(number);
        let place = (uid(key).as_fields().0, number);
        self.by_uid.insert(place, |other| other.cmp(&place));
    }

    fn release(&mut self, number: u32) {
        let Some(node) = self.nodes.get_mut(number) else { return };
        let Some(slot) = node.slot.take() else { return };
        let place = (uid(&node.key).as_fields().0, number);
        self.by_uid.remove(|other| other.cmp(&place));
        self.terms.remove(number, &slot.derived);
        slot.counted().zip(&mut self.totals).for_each(|(count, total)| *total -= count);
        self.live.remove(number);
    }

    /// Learns what entities have in common when there are enough of them, and packs some that are not packed yet.
    fn pack_some(&mut self, most: usize) {
        if self.len() > WHOLE && self.len() / 8 >= self.learned_at {
            self.learned_at = self.len();
            let step = self.len() / SAMPLES;
            let some = self.live.iter().step_by(step.max(1)).filter_map(|number| self.view(number));
            self.dictionary = Dictionary::learn(some.map(|view| view.entity().clone())).or(self.dictionary.take());
        }
        let Self { nodes, dictionary: Some(dictionary), unpacked, .. } = self else { return };
        for number in unpacked.drain(..unpacked.len().min(most)) {
            let slot = nodes.get_mut(number).and_then(|node| node.slot.as_mut());
            for held in slot.into_iter().flat_map(|slot| &mut slot.claims) {
                held.pack(|entity| Document::of(entity, Some(dictionary)));
            }
        }
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

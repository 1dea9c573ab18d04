//! Exact matches for the many values that hardly anybody filters by, at twelve bytes a row.
//!
//! A value is kept as a 64-bit hash (SipHash with a fixed key) of its path and itself, and the slot that has it. Two that
//! share a hash would be found for each other; with ten million rows that is to be expected once in 10^12 questions.
//! Paths, of which there are few, have a bitmap each, found by hash in the same way.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use roaring::RoaringBitmap;

use super::{postings::bitmap_bytes, sorted::Sorted};

/// Paths by hash, and values as (upper half, lower half, slot).
#[derive(Debug, Default)]
pub(super) struct Hashes {
    paths: HashMap<u64, RoaringBitmap>,
    values: Sorted<[u32; 3]>,
}

fn hash(row: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

fn halves(path: &str, value: &str) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = hash((path, value)).to_be_bytes();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
}

impl Hashes {
    /// Notes that `slot` has the path, and with it the value (both lower case).
    pub(super) fn add(&mut self, slot: u32, path: &str, value: Option<&str>) {
        self.paths.entry(hash(path)).or_default().insert(slot);
        if let Some(value) = value {
            let [upper, lower] = halves(path, value);
            let row = [upper, lower, slot];
            self.values.insert(row, |other| other.cmp(&row));
        }
    }

    /// Forgets what `add` noted. All of a slot's rows go together.
    pub(super) fn remove(&mut self, slot: u32, path: &str, value: Option<&str>) {
        let path_hash = hash(path);
        if let Some(slots) = self.paths.get_mut(&path_hash) {
            slots.remove(slot);
            if slots.is_empty() {
                self.paths.remove(&path_hash);
            }
        }
        if let Some(value) = value {
            let [upper, lower] = halves(path, value);
            let row = [upper, lower, slot];
            self.values.remove(|other| other.cmp(&row));
        }
    }

    /// How many bytes it holds on to.
    pub(super) fn bytes(&self) -> usize {
        self.values.bytes() + self.paths.values().map(|slots| 64 + bitmap_bytes(slots)).sum::<usize>()
    }

    /// Who has this value, or the path at all.
    pub(super) fn find(&self, path: &str, value: Option<&str>) -> RoaringBitmap {
        let Some(value) = value else { return self.paths.get(&hash(path)).cloned().unwrap_or_default() };
        let [upper, lower] = halves(path, value);
        let (least, most) = ([upper, lower, u32::MIN], [upper, lower, u32::MAX]);
        // In order within one hash, so that building the bitmap only ever appends.
        self.values.range(&|row| row < least, &|row| row > most).map(|[_, _, slot]| slot).collect()
    }
}

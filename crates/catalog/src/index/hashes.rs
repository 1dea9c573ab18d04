//! Exact matches for the many values that hardly anybody filters by, at twelve bytes a row.
//!
//! A row is kept as a 64-bit hash (SipHash with a fixed key) and the slot that has it. Two values that share a hash
//! would be found for each other; with ten million rows that is to be expected once in 10^12 questions.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use roaring::RoaringBitmap;

/// Rows as (upper half, lower half, slot).
#[derive(Debug, Clone, Default)]
pub(super) struct Hashes(BTreeSet<[u32; 3]>);

fn halves(path: &str, value: Option<&str>) -> [u32; 2] {
    let mut hasher = DefaultHasher::new();
    (path, value).hash(&mut hasher);
    let [a, b, c, d, e, f, g, h] = hasher.finish().to_be_bytes();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
}

impl Hashes {
    /// Notes that `slot` has the path, and with it the value (both lower case).
    pub(super) fn add(&mut self, slot: u32, path: &str, value: Option<&str>) {
        let [upper, lower] = halves(path, None);
        self.0.insert([upper, lower, slot]);
        if value.is_some() {
            let [upper, lower] = halves(path, value);
            self.0.insert([upper, lower, slot]);
        }
    }

    /// Forgets what `add` noted.
    pub(super) fn remove(&mut self, slot: u32, path: &str, value: Option<&str>) {
        let [upper, lower] = halves(path, None);
        self.0.remove(&[upper, lower, slot]);
        if value.is_some() {
            let [upper, lower] = halves(path, value);
            self.0.remove(&[upper, lower, slot]);
        }
    }

    /// Who has this value, or the path at all.
    pub(super) fn find(&self, path: &str, value: Option<&str>) -> RoaringBitmap {
        let [upper, lower] = halves(path, value);
        let range = [upper, lower, u32::MIN]..=[upper, lower, u32::MAX];
        // In order within one hash, so that building the bitmap only ever appends.
        self.0.range(range).map(|[_, _, slot]| *slot).collect()
    }
}

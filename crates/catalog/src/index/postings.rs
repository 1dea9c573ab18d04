//! The slots that have something. Most values are one slot's (names, titles, paths) or a few's, and a bitmap for those
//! would be larger than everything else that is known of the value.

use roaring::RoaringBitmap;
use thin_vec::{ThinVec, thin_vec};

/// More than these become a bitmap; a bitmap of less than half as many becomes a list again.
const FEW: usize = 64;

/// The slots of one term.
#[derive(Debug, Default)]
pub(super) enum Postings {
    #[default]
    Empty,
    One(u32),
    /// In order.
    Few(ThinVec<u32>),
    Many(Box<RoaringBitmap>),
}

impl Postings {
    pub(super) fn insert(&mut self, slot: u32) {
        match self {
            Self::Empty => *self = Self::One(slot),
            Self::One(only) if *only == slot => {}
            Self::One(only) => *self = Self::Few(thin_vec![slot.min(*only), slot.max(*only)]),
            Self::Few(few) => {
                if let Err(at) = few.binary_search(&slot) {
                    few.insert(at, slot);
                }
                if few.len() > FEW {
                    *self = Self::Many(Box::new(few.iter().copied().collect()));
                }
            }
            Self::Many(slots) => {
                slots.insert(slot);
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        match self {
            Self::One(only) if *only == slot => *self = Self::Empty,
            Self::Few(few) => {
                if let Ok(at) = few.binary_search(&slot) {
                    few.remove(at);
                }
                if let [only] = few.as_slice() {
                    *self = Self::One(*only);
                }
            }
            Self::Many(slots) => {
                slots.remove(slot);
                if slots.len() < FEW as u64 / 2 {
                    *self = Self::Few(slots.iter().collect());
                }
            }
            Self::Empty | Self::One(_) => {}
        }
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        match self {
            Self::Empty => false,
            Self::One(only) => *only == slot,
            Self::Few(few) => few.binary_search(&slot).is_ok(),
            Self::Many(slots) => slots.contains(slot),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Those that are kept as a list.
    fn few(&self) -> &[u32] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Few(few) => few,
            Self::Empty | Self::Many(_) => &[],
        }
    }

    /// The only one, if there is only one.
    pub(super) fn only(&self) -> Option<u32> {
        if let Self::One(only) = self { Some(*only) } else { None }
    }

    /// Puts them all into `into`.
    pub(super) fn add_to(&self, into: &mut RoaringBitmap) {
        match self {
            Self::Many(slots) => *into |= slots.as_ref(),
            few => few.few().iter().for_each(|slot| {
                into.insert(*slot);
            }),
        }
    }

    /// Sets their bits, the lowest of each byte first.
    pub(super) fn mark(&self, bits: &mut [u8]) {
        match self {
            Self::Many(slots) => mark(slots.iter(), bits),
            few => mark(few.few().iter().copied(), bits),
        }
    }

    /// Those that are in `within`.
    pub(super) fn and(&self, within: &RoaringBitmap) -> RoaringBitmap {
        match self {
            Self::Many(slots) => slots.as_ref() & within,
            few => few.few().iter().copied().filter(|slot| within.contains(*slot)).collect(),
        }
    }

    /// How many.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Many(slots) => slots.len(),
            few => few.few().len() as u64,
        }
    }

    /// How many of them are in `within`.
    pub(super) fn and_len(&self, within: &RoaringBitmap) -> u64 {
        match self {
            Self::Many(slots) => slots.intersection_len(within),
            few => few.few().iter().filter(|slot| within.contains(**slot)).count() as u64,
        }
    }

    /// The same; `bits` are those of `within`, which is faster to look at for whoever asks often.
    pub(super) fn and_len_of_bits(&self, within: &RoaringBitmap, bits: &[u8]) -> u64 {
        let has = |slot: u32| bits.get(slot as usize / 8).is_some_and(|byte| byte & (1 << (slot % 8)) != 0);
        match self {
            Self::Many(slots) => slots.intersection_len(within),
            few => few.few().iter().filter(|slot| has(**slot)).count() as u64,
        }
    }

    /// How many bytes it holds on to besides itself.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Empty | Self::One(_) => 0,
            Self::Few(few) => 16 + few.capacity() * size_of::<u32>(),
            Self::Many(slots) => size_of::<RoaringBitmap>() + bitmap_bytes(slots),
        }
    }
}

/// Sets the bits of some slots, the lowest of each byte first.
pub(super) fn mark(slots: impl Iterator<Item = u32>, bits: &mut [u8]) {
    for slot in slots {
        if let Some(byte) = bits.get_mut(slot as usize / 8) {
            *byte |= 1 << (slot % 8);
        }
    }
}

/// How many bytes a bitmap holds on to besides itself.
pub(super) fn bitmap_bytes(slots: &RoaringBitmap) -> usize {
    let statistics = slots.statistics();
    let bytes =
        statistics.n_bytes_array_containers + statistics.n_bytes_run_containers + statistics.n_bytes_bitset_containers;
    usize::try_from(bytes).unwrap_or(usize::MAX) + statistics.n_containers as usize * 32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(
            steps in prop::collection::vec((0_u32..150, prop::bool::weighted(0.7)), 0..400),
            within in prop::collection::btree_set(0_u32..150, 0..100),
        ) {
            let (mut postings, mut set) = (Postings::default(), BTreeSet::new());
            for (slot, comes) in steps {
                if comes {
                    postings.insert(slot);
                    set.insert(slot);
                } else {
                    postings.remove(slot);
                    set.remove(&slot);
                }
                prop_assert_eq!(postings.len(), set.len() as u64);
                prop_assert_eq!(postings.is_empty(), set.is_empty());
            }
            let (mut all, mut bits) = (RoaringBitmap::new(), vec![0_u8; 19]);
            postings.add_to(&mut all);
            postings.mark(&mut bits);
            prop_assert_eq!(all.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(RoaringBitmap::from_lsb0_bytes(0, &bits), all);
            let both: Vec<u32> = set.intersection(&within).copied().collect();
            let within: RoaringBitmap = within.into_iter().collect();
            prop_assert_eq!(postings.and(&within).iter().collect::<Vec<_>>(), both.clone());
            prop_assert_eq!(postings.and_len(&within), both.len() as u64);
            let mut bits = vec![0_u8; 19];
            mark(within.iter(), &mut bits);
            prop_assert_eq!(postings.and_len_of_bits(&within, &bits), both.len() as u64);
            prop_assert!((0..150).all(|slot| postings.contains(slot) == set.contains(&slot)));
        }
    }
}

//! A sorted list in pieces: four bytes a number instead of the forty that a tree of owned keys takes.
//!
//! The items are small and mean something only to who owns the list (the number of a term, of a reference), so the order
//! is given with each call. Putting one in moves what stands behind it in its piece, a few hundred at most.

use std::cmp::Ordering;

/// A piece that grows beyond this is cut in two.
const PIECE: usize = 512;

/// Items in order, each once.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    /// None is empty.
    pieces: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }
}

/// A place between two items: the piece, and how many of its items stand before the place.
type Place = (usize, usize);

impl<T: Copy> Sorted<T> {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many bytes it holds on to.
    pub(super) fn bytes(&self) -> usize {
        let items: usize = self.pieces.iter().map(Vec::capacity).sum();
        items * size_of::<T>() + self.pieces.capacity() * size_of::<Vec<T>>()
    }

    /// The place before the first item that is not `below`; items that are come first.
    fn place(&self, below: impl Fn(T) -> bool) -> Place {
        let piece = self.pieces.partition_point(|piece| piece.last().is_some_and(|last| below(*last)));
        (piece, self.pieces.get(piece).map_or(0, |items| items.partition_point(|item| below(*item))))
    }

    /// The item that is equal, when `by` compares items with it.
    pub(super) fn find(&self, by: impl Fn(T) -> Ordering) -> Option<T> {
        let (piece, at) = self.place(|item| by(item) == Ordering::Less);
        self.pieces.get(piece)?.get(at).copied().filter(|item| by(*item) == Ordering::Equal)
    }

    /// As `find`, to change what the order does not look at.
    pub(super) fn find_mut(&mut self, by: impl Fn(T) -> Ordering) -> Option<&mut T> {
        let (piece, at) = self.place(|item| by(item) == Ordering::Less);
        self.pieces.get_mut(piece)?.get_mut(at).filter(|item| by(**item) == Ordering::Equal)
    }

    /// Puts an item in unless an equal one is there; `by` compares items with it.
    pub(super) fn insert(&mut self, item: T, by: impl Fn(T) -> Ordering) {
        let (mut at_piece, mut at) = self.place(|other| by(other) == Ordering::Less);
        // What comes in order goes to the end of the last piece; a new one then begins full pieces behind it.
        if at_piece == self.pieces.len() {
            match self.pieces.last() {
                Some(last) if last.len() < PIECE => (at_piece, at) = (at_piece - 1, last.len()),
                _ => self.pieces.push(Vec::new()),
            }
        }
        let Some(items) = self.pieces.get_mut(at_piece) else { return };
        if items.get(at).is_some_and(|other| by(*other) == Ordering::Equal) {
            return;
        }
        items.insert(at, item);
        self.len += 1;
        if items.len() > PIECE {
            let behind = items.split_off(PIECE / 2);
            self.pieces.insert(at_piece + 1, behind);
        }
    }

    /// Takes the item out that is equal, when `by` compares items with it.
    pub(super) fn remove(&mut self, by: impl Fn(T) -> Ordering) {
        let (at_piece, at) = self.place(|item| by(item) == Ordering::Less);
        let Some(items) = self.pieces.get_mut(at_piece) else { return };
        if items.get(at).is_none_or(|item| by(*item) != Ordering::Equal) {
            return;
        }
        items.remove(at);
        self.len -= 1;
        let left = items.len();
        if left == 0 {
            self.pieces.remove(at_piece);
        } else if self.pieces.get(at_piece + 1).is_some_and(|next| next.len() + left < PIECE / 2) {
            let next = self.pieces.remove(at_piece + 1);
            self.pieces.get_mut(at_piece).into_iter().for_each(|items| items.extend_from_slice(&next));
        }
    }

    /// The items from the first that is not `below` to the last that is not `beyond`.
    pub(super) fn range(
        &self,
        below: &dyn Fn(T) -> bool,
        beyond: &dyn Fn(T) -> bool,
    ) -> impl DoubleEndedIterator<Item = T> + use<'_, T> {
        let (first, from) = self.place(below);
        let (last, to) = self.place(|item| !beyond(item));
        let pieces = self.pieces.get(first..self.pieces.len().min(last + 1)).unwrap_or_default();
        pieces.iter().enumerate().flat_map(move |(nth, items)| {
            let from = if nth == 0 { from } else { 0 };
            let to = if first + nth == last { to } else { items.len() };
            items.get(from..to).unwrap_or_default().iter().copied()
        })
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = T> + '_ {
        self.pieces.iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn it_is_a_sorted_set(
            steps in prop::collection::vec((0_u32..3_000, prop::bool::weighted(0.8)), 0..6_000),
            (from, to) in (0_u32..3_000, 0_u32..3_000), rising in prop::bool::ANY,
        ) {
            let (mut list, mut set) = (Sorted::default(), BTreeSet::new());
            for (nth, (item, comes)) in steps.into_iter().enumerate() {
                let item = if rising { u32::try_from(nth).expect("few") } else { item };
                if comes {
                    list.insert(item, |other| other.cmp(&item));
                    set.insert(item);
                } else {
                    let item = if rising { item / 2 } else { item };
                    list.remove(|other| other.cmp(&item));
                    set.remove(&item);
                }
            }
            prop_assert_eq!(list.len(), set.len());
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(list.find(|other| other.cmp(&from)), set.get(&from).copied());
            let wanted: Vec<u32> = set.iter().copied().filter(|item| (from..=to).contains(item)).collect();
            let found: Vec<u32> = list.range(&|item| item < from, &|item| item > to).collect();
            prop_assert_eq!(&found, &wanted);
            let mut back: Vec<u32> = list.range(&|item| item < from, &|item| item > to).rev().collect();
            back.reverse();
            prop_assert_eq!(back, wanted);
        }
    }
}

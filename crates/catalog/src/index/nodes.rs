//! The references that something claims or names. Each has a number, and everything else that the index keeps knows
//! references by their numbers only.

use std::cmp::Ordering;

use model::{RefKey, RelationType};
use thin_vec::ThinVec;

use super::{held::Slot, sorted::Sorted};

/// One reference.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) key: RefKey,
    /// How often something that is held names it: as target, owner or other name.
    uses: u32,
    /// Who names it, and how, among the entities that hold their references; in order.
    pub(super) incoming: ThinVec<(RelationType, u32)>,
    /// What claims it; absent for references that are only named.
    pub(super) slot: Option<Slot>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: Vec<Option<Node>>,
    free: Vec<u32>,
    /// In order of reference.
    sorted: Sorted<u32>,
}

impl Nodes {
    pub(super) fn get(&self, number: u32) -> Option<&Node> {
        self.nodes.get(number as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Node> {
        self.nodes.get_mut(number as usize)?.as_mut()
    }

    /// Every number is lower.
    pub(super) fn end(&self) -> usize {
        self.nodes.len()
    }

    fn order(nodes: &[Option<Node>], number: u32, key: &str) -> Ordering {
        let node = nodes.get(number as usize).and_then(Option::as_ref);
        node.map_or(Ordering::Less, |node| node.key.as_str().cmp(key))
    }

    /// The number of a reference.
    pub(super) fn find(&self, key: &str) -> Option<u32> {
        self.sorted.find(|other| Self::order(&self.nodes, other, key))
    }

    /// Those between two texts, in order.
    pub(super) fn range(&self, above: &str, below: &str) -> impl DoubleEndedIterator<Item = u32> + use<'_> {
        let order = |number, key: &str| Self::order(&self.nodes, number, key);
        self.sorted.range(&|number| order(number, above).is_le(), &|number| order(number, below).is_ge())
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.sorted.iter()
    }

    /// The number of a reference, made if need be.
    pub(super) fn number(&mut self, key: &RefKey) -> u32 {
        if let Some(number) = self.find(key.as_str()) {
            return number;
        }
        let node = Some(Node { key: key.clone(), uses: 0, incoming: ThinVec::new(), slot: None });
        let number = match self.free.pop() {
            Some(number) => {
                self.nodes.get_mut(number as usize).into_iter().for_each(|place| *place = None);
                number
            }
            None => {
                self.nodes.push(None);
                u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
            }
        };
        let nodes = &mut self.nodes;
        nodes.get_mut(number as usize).into_iter().zip([node]).for_each(|(place, node)| *place = node);
        self.sorted.insert(number, |other| Self::order(nodes, other, key.as_str()));
        number
    }

    /// Notes that something that is held names this reference.
    pub(super) fn name(&mut self, key: &RefKey) -> u32 {
        let number = self.number(key);
        self.get_mut(number).into_iter().for_each(|node| node.uses += 1);
        number
    }

    /// Takes back what `name` noted.
    pub(super) fn forget(&mut self, number: u32) {
        self.get_mut(number).into_iter().for_each(|node| node.uses -= 1);
        self.drop_unused(number);
    }

    /// Lets go of a reference that nothing claims or names.
    pub(super) fn drop_unused(&mut self, number: u32) {
        let Some(place) = self.nodes.get_mut(number as usize) else { return };
        let Some(node) = place.take_if(|node| node.uses == 0 && node.slot.is_none()) else { return };
        // The node stays in its place until its number is out of the list, which is ordered by it.
        let key = node.key.clone();
        *place = Some(node);
        let nodes = &self.nodes;
        self.sorted.remove(|other| Self::order(nodes, other, key.as_str()));
        self.nodes.get_mut(number as usize).into_iter().for_each(|place| *place = None);
        self.free.push(number);
    }

    /// How many bytes they hold on to, besides what claims them.
    pub(super) fn bytes(&self) -> usize {
        // A shared text has two counts before it.
        let own = |node: &Node| 16 + node.key.as_str().len() + node.incoming.capacity() * 8;
        let nodes = self.nodes.iter().flatten().map(own).sum::<usize>();
        nodes + self.nodes.len() * size_of::<Option<Node>>() + self.sorted.bytes()
    }
}

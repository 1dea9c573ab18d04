//! What references lead to and how entities hang together.

use std::collections::{BTreeSet, HashMap};

use model::{Entity, RefKey, RelationType};

use super::{
    Target,
    state::{Found, Index},
};

/// A graph takes in no more nodes: more cannot be drawn.
const MOST_NODES: usize = 400;

/// What a reference means in this catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// An entity has this reference.
    Held(RefKey),
    /// Exactly one entity is also called this; here is its own reference.
    Alias(RefKey),
    /// Several entities are also called this.
    Ambiguous(Vec<RefKey>),
    /// Nothing is called this.
    Unknown,
}

/// A relation seen from one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Its type seen from that entity.
    pub kind: RelationType,
    /// The other end: the reference it has here, or the one that was written when it is not known.
    pub target: RefKey,
    /// Whether the other end is in the catalog.
    pub exists: bool,
}

/// The surroundings of an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// The entity itself and what is near, nearest first.
    pub nodes: Vec<GraphNode>,
    /// Each relation once, between nodes of the graph.
    pub edges: Vec<GraphEdge>,
    /// Whether there is more than could be taken in.
    pub truncated: bool,
}

/// An entity, or a reference that nothing holds, in a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// Its reference.
    pub key: RefKey,
    /// How many relations away.
    pub depth: usize,
    /// Whether it is in the catalog.
    pub exists: bool,
}

/// A relation between two nodes, in its first sense (`ownedBy`, `partOf`, `providesApi`, `consumesApi`, `dependsOn`,
/// `memberOf`, `childOf`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphEdge {
    /// Which entity has the relation.
    pub from: RefKey,
    /// To which.
    pub to: RefKey,
    /// Of which type.
    pub kind: RelationType,
}

/// An entity and the Locations that led to its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// The entity.
    pub key: RefKey,
    /// Locations whose target is the file it was read from.
    pub parents: Vec<RefKey>,
}

/// The other end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End<'a> {
    Slot(u32),
    Missing(&'a RefKey),
}

/// What an entity states about others. An owner that was inferred counts where the document names none, so that the
/// owner's page lists it.
pub(super) fn stated(entity: &Entity) -> impl Iterator<Item = (RelationType, &RefKey)> {
    let declared = entity.relations.iter().any(|(kind, _)| *kind == RelationType::OwnedBy);
    let inferred = entity.ownership.as_ref().filter(|_| !declared).and_then(|ownership| ownership.owner.as_ref());
    let written = entity.relations.iter().map(|(kind, target)| (*kind, target));
    written.chain(inferred.map(|owner| (RelationType::OwnedBy, owner)))
}

/// The sense in which a relation is drawn: the first of each pair, as `model` lists them.
fn first_sense(kind: RelationType) -> bool {
    kind < kind.inverse()
}

impl Index {
    /// The relations of an entity, its own and the inverse of others', both ends resolved, each once, by type and then
    /// target. Empty for what is not held.
    #[must_use]
    pub fn relations(&self, key: &RefKey) -> Vec<Edge> {
        self.by_ref.get(key).map(|slot| self.edges(*slot)).unwrap_or_default()
    }

    /// What is up to `depth` relations away. `kinds` names the types to follow, either way; none means all.
    #[must_use]
    pub fn graph(&self, key: &RefKey, depth: usize, kinds: &[RelationType]) -> Graph {
        let mut graph = Graph::default();
        let Some(view) = self.get(key) else { return graph };
        let mut known: HashMap<RefKey, usize> = HashMap::from([(view.key().clone(), 0)]);
        let mut edges = BTreeSet::new();
        graph.nodes.push(GraphNode { key: view.key().clone(), depth: 0, exists: true });
        let mut at = 0;
        while let Some(node) = graph.nodes.get(at).cloned() {
            at += 1;
            for Edge { kind, target, exists } in self.relations(&node.key) {
                if !kinds.is_empty() && !kinds.contains(&kind) && !kinds.contains(&kind.inverse()) {
                    continue;
                }
                if !known.contains_key(&target) {
                    if node.depth >= depth {
                        continue;
                    }
                    if graph.nodes.len() >= MOST_NODES {
                        graph.truncated = true;
                        continue;
                    }
                    known.insert(target.clone(), node.depth + 1);
                    graph.nodes.push(GraphNode { key: target.clone(), depth: node.depth + 1, exists });
                }
                edges.insert(if first_sense(kind) {
                    GraphEdge { from: node.key.clone(), to: target, kind }
                } else {
                    GraphEdge { from: target, to: node.key.clone(), kind: kind.inverse() }
                });
            }
        }
        graph.edges = edges.into_iter().collect();
        graph
    }

    pub(super) fn edges(&self, number: u32) -> Vec<Edge> {
        let links = self.links(number).into_iter();
        let mut edges: Vec<Edge> = links.filter_map(|(kind, end)| self.edge(kind, end)).collect();
        edges.sort_unstable_by(|a, b| (a.kind.as_str(), &a.target).cmp(&(b.kind.as_str(), &b.target)));
        edges
    }

    fn edge(&self, kind: RelationType, end: End<'_>) -> Option<Edge> {
        Some(match end {
            End::Slot(slot) => Edge { kind, target: self.slot(slot)?.key.clone(), exists: true },
            End::Missing(target) => Edge { kind, target: target.clone(), exists: false },
        })
    }

    /// All edges of a slot, each once.
    pub(super) fn links(&self, number: u32) -> Vec<(RelationType, End<'_>)> {
        let mut links: Vec<(RelationType, End<'_>)> = Vec::new();
        for (kind, target) in self.holder(number).into_iter().flat_map(stated) {
            links.push((kind, self.end(target)));
        }
        for name in self.names(number) {
            let named = self.incoming.get(name).map_or(&[][..], Vec::as_slice);
            links.extend(named.iter().map(|(kind, source)| (kind.inverse(), End::Slot(*source))));
        }
        links.sort_unstable();
        links.dedup();
        links
    }

    /// The edges of a slot of one type, each once. Does not look at the others: a group may own ten thousand things.
    pub(super) fn ends(&self, number: u32, kind: RelationType) -> Vec<End<'_>> {
        let own = self.holder(number).into_iter().flat_map(stated).filter(|(of, _)| *of == kind);
        let mut ends: Vec<End<'_>> = own.map(|(_, target)| self.end(target)).collect();
        let inverse = kind.inverse();
        for name in self.names(number) {
            let named = self.incoming.get(name).map_or(&[][..], Vec::as_slice);
            let from = named.partition_point(|(of, _)| *of < inverse);
            let of_kind = named.get(from..).unwrap_or_default().iter().take_while(|(of, _)| *of == inverse);
            ends.extend(of_kind.map(|(_, source)| End::Slot(*source)));
        }
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// What a reference that was written leads to.
    pub(super) fn target(&self, target: &RefKey) -> Target {
        match self.end(target) {
            End::Slot(slot) => match self.slot(slot) {
                Some(slot) => Target { key: slot.key.clone(), exists: true },
                None => Target { key: target.clone(), exists: false },
            },
            End::Missing(target) => Target { key: target.clone(), exists: false },
        }
    }

    /// The reference an end goes by.
    pub(super) fn end_key<'a>(&'a self, end: &End<'a>) -> Option<&'a RefKey> {
        match end {
            End::Slot(slot) => self.slot(*slot).map(|slot| &slot.key),
            End::Missing(target) => Some(target),
        }
    }

    pub(super) fn end<'a>(&self, target: &'a RefKey) -> End<'a> {
        match self.find(target) {
            Found::Slot(slot) => End::Slot(slot),
            Found::Ambiguous | Found::Nothing => End::Missing(target),
        }
    }

    /// Everything that leads to this slot: its reference, and its other names as far as they mean it alone.
    fn names(&self, number: u32) -> Vec<&RefKey> {
        let mut names: Vec<&RefKey> = self.slot(number).map(|slot| &slot.key).into_iter().collect();
        for alias in self.holder(number).map_or(&[][..], |entity| &entity.aliases) {
            if self.find(alias) == Found::Slot(number) && !names.contains(&alias) {
                names.push(alias);
            }
        }
        names
    }
}

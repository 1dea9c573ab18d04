//! What references lead to and how entities hang together.

use std::collections::{BTreeSet, HashMap};

use model::{RefKey, RelationType};

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

/// The other end of an edge, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Slot(u32),
    Missing(u32),
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
        self.held(key).map(|slot| self.edges(slot)).unwrap_or_default()
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

    fn edge(&self, kind: RelationType, end: End) -> Option<Edge> {
        let Target { key, exists } = self.target_of(end)?;
        Some(Edge { kind, target: key, exists })
    }

    /// All edges of a slot, each once.
    pub(super) fn links(&self, number: u32) -> Vec<(RelationType, End)> {
        let stated = self.holder(number).into_iter().flat_map(|holder| &holder.stated);
        let mut links: Vec<(RelationType, End)> = stated.map(|(kind, target)| (*kind, self.end(*target))).collect();
        for name in self.names(number) {
            links.extend(self.incoming(name).iter().map(|(kind, source)| (kind.inverse(), End::Slot(*source))));
        }
        links.sort_unstable();
        links.dedup();
        links
    }

    /// The edges of a slot of one type, each once. Does not look at the others: a group may own ten thousand things.
    pub(super) fn ends(&self, number: u32, kind: RelationType) -> Vec<End> {
        let stated = self.holder(number).into_iter().flat_map(|holder| &holder.stated);
        let own = stated.filter(|(of, _)| *of == kind);
        let mut ends: Vec<End> = own.map(|(_, target)| self.end(*target)).collect();
        let inverse = kind.inverse();
        for name in self.names(number) {
            let named = self.incoming(name);
            let from = named.partition_point(|(of, _)| *of < inverse);
            let of_kind = named.get(from..).unwrap_or_default().iter().take_while(|(of, _)| *of == inverse);
            ends.extend(of_kind.map(|(_, source)| End::Slot(*source)));
        }
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Who names a reference, and how; in order.
    pub(super) fn incoming(&self, number: u32) -> &[(RelationType, u32)] {
        self.nodes.get(number).map_or(&[], |node| &node.incoming)
    }

    /// What an end is called, and whether it is in the catalog.
    pub(super) fn target_of(&self, end: End) -> Option<Target> {
        let (End::Slot(number) | End::Missing(number)) = end;
        Some(Target { key: self.key(number)?.clone(), exists: matches!(end, End::Slot(_)) })
    }

    /// What a reference that was written leads to.
    pub(super) fn target(&self, target: &RefKey) -> Target {
        let number = self.nodes.find(target.as_str());
        let found = number.and_then(|number| self.target_of(self.end(number)));
        found.unwrap_or_else(|| Target { key: target.clone(), exists: false })
    }

    /// The reference an end goes by.
    pub(super) fn end_key(&self, end: End) -> Option<&RefKey> {
        let (End::Slot(number) | End::Missing(number)) = end;
        self.key(number)
    }

    pub(super) fn end(&self, target: u32) -> End {
        match self.find(target) {
            Found::Slot(slot) => End::Slot(slot),
            Found::Ambiguous | Found::Nothing => End::Missing(target),
        }
    }

    /// The slot of a reference that is held.
    pub(super) fn held(&self, key: &RefKey) -> Option<u32> {
        self.nodes.find(key.as_str()).filter(|number| self.live.contains(*number))
    }

    /// Everything that leads to this slot: its reference, and its other names as far as they mean it alone.
    fn names(&self, number: u32) -> Vec<u32> {
        let mut names = vec![number];
        for alias in self.holder(number).map_or(&[][..], |holder| &holder.aliases) {
            if self.find(*alias) == Found::Slot(number) && !names.contains(alias) {
                names.push(*alias);
            }
        }
        names
    }
}

//! What references lead to and how entities hang together.

use model::{RefKey, RelationType};

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

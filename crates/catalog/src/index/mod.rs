//! The catalog in memory: every reference, who holds it, what leads where, and the queries over all of it.
//!
//! `Index` is plain data. It is fed with [`Change`]s in any order and answers from what it was fed; the same changes
//! always give the same answers. It knows no file, no database, no clock, no lock and no status code.

mod ancestry;
mod batch;
mod cursor;
mod derive;
mod document;
mod eval;
mod facets;
mod faults;
mod filter;
mod flatten;
mod hashes;
mod held;
mod json;
mod links;
mod nodes;
mod order;
mod pack;
mod postings;
mod predicate;
mod problems;
mod query;
mod search;
mod sorted;
mod state;
mod terms;
mod view;
mod walk;
mod weight;

use model::{Entity, RefKey};

pub use filter::Filter;
pub use json::title_of;
pub use links::{Ancestor, Edge, Graph, GraphEdge, GraphNode, Resolution};
pub use problems::{ProblemFacets, ProblemPage, ProblemQuery, ProblemRow, ProblemSort};
pub use query::{Cursor, Facet, Hit, Order, Page, Query, QueryError};
pub use state::{Filling, Index};
pub use view::{Owner, Summary, Target, View};

/// One thing to take in.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Holds this entity from now on, in place of the one with the same [`Entity::id`], if any.
    Put(Box<Entity>),
    /// Holds the entity with this [`Entity::id`] no longer. Unknown ids are nothing to do.
    Remove(i64),
}

/// What [`Index::apply`] made different, each reference once, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// References whose page differs from before: the entity itself, what it leads to, or whether that is known.
    pub changed: Vec<RefKey>,
    /// References that nothing claims any more.
    pub removed: Vec<RefKey>,
}

#[cfg(test)]
mod tests;

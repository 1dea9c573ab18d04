//! One entity as a reader sees it: its document, what it leads to, whose it is and what is wrong with it.

use std::cell::OnceCell;

use model::{Entity, Evidence, Problem, RefKey, RelationType};

use super::{
    Edge, Index,
    held::{Held, Slot},
    json, problems,
    state::uid,
};
use crate::ProblemCounts;

/// An entity of the index. What is kept packed is unpacked when it is first asked for, and then stays with the view.
#[derive(Debug, Clone)]
pub struct View<'a> {
    pub(super) index: &'a Index,
    pub(super) number: u32,
    pub(super) key: &'a RefKey,
    pub(super) slot: &'a Slot,
    pub(super) held: &'a Held,
    pub(super) read: OnceCell<Box<Entity>>,
}

/// A reference that an entity names, and whether it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The reference it has here, or the one that was written when it is not known.
    pub key: RefKey,
    /// Whether it is in the catalog.
    pub exists: bool,
}

/// Who owns an entity and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Absent when nobody is known.
    pub target: Option<Target>,
    /// Where it is known from.
    pub evidence: Evidence,
    /// For people: `catalog-info.yaml line 9`.
    pub detail: &'a str,
    /// How sure it is, in percent.
    pub confidence: u8,
}

/// What lists show of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// `metadata.title`.
    pub title: Option<String>,
    /// `metadata.description`.
    pub description: Option<String>,
    /// `metadata.tags`.
    pub tags: Vec<String>,
    /// `spec.type`.
    pub kind_type: Option<String>,
    /// `spec.lifecycle`.
    pub lifecycle: Option<String>,
}

impl<'a> View<'a> {
    /// Its reference.
    #[must_use]
    pub fn key(&self) -> &'a RefKey {
        self.key
    }

    /// Everything the catalog holds of it. Takes some microseconds the first time; lists of references, owners, titles
    /// and numbers of problems do without.
    #[must_use]
    pub fn entity(&self) -> &Entity {
        self.held
            .whole()
            .unwrap_or_else(|| self.read.get_or_init(|| Box::new(self.held.entity(self.key, &self.index.nodes))))
    }

    #[cfg(test)]
    pub(super) fn is_packed(&self) -> bool {
        self.held.whole().is_none()
    }

    /// Its name as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.held.plain_name { self.key.name() } else { self.entity().entity_ref.name() }
    }

    /// Whether it is the one that holds its reference; the others are seen only through [`View::conflicts`] and lists
    /// of problems.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.slot.claims.first().is_some_and(|holder| holder.id == self.held.id)
    }

    /// A UUID that follows from the reference.
    #[must_use]
    pub fn uid(&self) -> String {
        uid(self.key).to_string()
    }

    /// Changes whenever the document or the relations do: 32 hex digits.
    #[must_use]
    pub fn etag(&self) -> String {
        json::etag(self.entity(), &self.edges())
    }

    /// The document as the catalog API gives it, with `metadata.uid`, `metadata.etag` and `relations`; of it only
    /// `fields` (dotted paths), if given.
    #[must_use]
    pub fn json(&self, fields: Option<&[String]>) -> String {
        json::write(self, fields)
    }

    /// `metadata.title`.
    #[must_use]
    pub fn title(&self) -> Option<&'a str> {
        if self.holds() { self.slot.title.as_deref() } else { None }
    }

    /// What lists show; reads the document once.
    #[must_use]
    pub fn summary(&self) -> Summary {
        json::summary(&self.entity().body)
    }

    /// Who owns it and how that is known; absent for what has no owner (groups, users).
    #[must_use]
    pub fn owner(&self) -> Option<Owner<'_>> {
        let ownership = self.entity().ownership.as_ref()?;
        Some(Owner {
            target: self.owned_by(),
            evidence: ownership.evidence,
            detail: &ownership.detail,
            confidence: ownership.confidence(),
        })
    }

    /// Who owns it, if anybody is known.
    #[must_use]
    pub fn owned_by(&self) -> Option<Target> {
        self.index.target_of(self.index.end(self.held.ownership?.owner?))
    }

    /// The system it is part of.
    #[must_use]
    pub fn system(&self) -> Option<Target> {
        let ends = self.index.ends(self.number, RelationType::PartOf);
        ends.into_iter().find_map(|end| {
            self.index.end_key(end).filter(|key| key.kind() == "system")?;
            self.index.target_of(end)
        })
    }

    /// Its relations: the ones it states and the inverse of the ones others state, each once, by type and then target.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        self.index.edges(self.number)
    }

    /// All entities that claim this reference, the one that holds it first; empty when there is only one.
    #[must_use]
    pub fn conflicts(&self) -> Vec<View<'a>> {
        let claims: Vec<View<'a>> =
            self.slot.documents().filter_map(|held| self.index.view_of(self.number, held)).collect();
        if claims.len() < 2 { Vec::new() } else { claims }
    }

    /// What is wrong with it, errors first: what its file says and what the index finds (conflicts, references to
    /// what is not known, nobody as owner). `since` of the latter is when the document said so first or, for a
    /// conflict, when the later claim came.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut all = self.entity().problems.clone();
        all.extend(self.index.found_problems(self));
        all.sort_by_key(|problem| problem.severity);
        all
    }

    /// How many problems of each severity.
    #[must_use]
    pub fn problem_counts(&self) -> ProblemCounts {
        let mut counts = ProblemCounts::default();
        if self.holds() {
            let [error, warning, note] = self.slot.counts.map(|count| count as usize);
            counts = ProblemCounts { error, warning, note };
        } else {
            let own = self.held.problems.iter().map(|(_, severity)| *severity);
            let found = self.index.faults(self.number, self.held);
            let found = found.iter().map(|fault| fault.severity);
            own.chain(found).for_each(|severity| problems::count(&mut counts, severity));
        }
        counts
    }
}

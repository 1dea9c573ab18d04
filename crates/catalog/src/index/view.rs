//! One entity as a reader sees it: its document, what it leads to, whose it is and what is wrong with it.

use model::{Entity, Evidence, Problem, RefKey, RelationType};

use super::{
    Edge, Index, json,
    links::End,
    problems,
    state::{Slot, uid},
};
use crate::ProblemCounts;

/// An entity of the index.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub(super) index: &'a Index,
    pub(super) number: u32,
    pub(super) slot: &'a Slot,
    pub(super) entity: &'a Entity,
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
        &self.slot.key
    }

    /// Everything the catalog holds of it.
    #[must_use]
    pub fn entity(&self) -> &'a Entity {
        self.entity
    }

    /// Whether it is the one that holds its reference; the others are seen only through [`View::conflicts`] and lists
    /// of problems.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.slot.claims.first().is_some_and(|holder| holder.id == self.entity.id)
    }

    /// A UUID that follows from the reference.
    #[must_use]
    pub fn uid(&self) -> String {
        uid(&self.slot.key).to_string()
    }

    /// Changes whenever the document or the relations do: 32 hex digits.
    #[must_use]
    pub fn etag(&self) -> String {
        json::etag(self.entity, &self.edges())
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
        json::summary(&self.entity.body)
    }

    /// Who owns it; absent for what has no owner (groups, users).
    #[must_use]
    pub fn owner(&self) -> Option<Owner<'a>> {
        let ownership = self.entity.ownership.as_ref()?;
        let target = ownership.owner.as_ref().map(|owner| self.index.target(owner));
        Some(Owner {
            target,
            evidence: ownership.evidence,
            detail: &ownership.detail,
            confidence: ownership.confidence(),
        })
    }

    /// The system it is part of.
    #[must_use]
    pub fn system(&self) -> Option<Target> {
        let ends = self.index.ends(self.number, RelationType::PartOf);
        ends.into_iter().find_map(|end| {
            let key = self.index.end_key(&end).filter(|key| key.kind() == "system")?;
            Some(Target { key: key.clone(), exists: matches!(end, End::Slot(_)) })
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
        let claims: Vec<View<'a>> = self.slot.documents().map(|entity| View { entity, ..*self }).collect();
        if claims.len() < 2 { Vec::new() } else { claims }
    }

    /// What is wrong with it, errors first: what its file says and what the index finds (conflicts, references to
    /// what is not known, nobody as owner). `since` of the latter is when the document said so first or, for a
    /// conflict, when the later claim came.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut all = self.entity.problems.clone();
        all.extend(self.index.found_problems(self.number, self.entity));
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
            self.problems().iter().for_each(|problem| problems::count(&mut counts, problem.severity));
        }
        counts
    }
}

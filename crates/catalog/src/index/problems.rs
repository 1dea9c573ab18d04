//! Lists of problems over the whole catalog.

use model::{Code, Problem, RefKey, Severity};

use super::{Cursor, View};
use crate::ProblemCounts;

/// A question for a page of problems. Values of one list join with OR, lists with AND; an empty list asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProblemQuery {
    /// Only these severities.
    pub severity: Vec<Severity>,
    /// Only these kinds.
    pub code: Vec<Code>,
    /// Only of entities of these owners (references) or of nobody (`none`).
    pub owner: Vec<String>,
    /// Only of these projects (full paths).
    pub project: Vec<String>,
    /// Only where every word stands in the message, the entity's name or the project's path.
    pub words: String,
    /// In which order.
    pub sort: ProblemSort,
    /// Turned around.
    pub descending: bool,
    /// How many at most.
    pub limit: usize,
    /// Where an earlier page ended; its question then holds instead of this one.
    pub cursor: Option<Cursor>,
}

/// What problems are ordered by; ties go by severity, reference, claim and place in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProblemSort {
    /// Errors first.
    #[default]
    Severity,
    /// By the spelling of the code.
    Code,
    /// By the owner's reference, nobody's last.
    Owner,
    /// The oldest first.
    Since,
    /// By the entity's reference.
    Ref,
}

/// A problem and the entity it is in. The entity may be one whose reference another file holds.
#[derive(Debug)]
pub struct ProblemRow<'a> {
    /// Whose.
    pub view: View<'a>,
    /// What.
    pub problem: Problem,
}

/// Some problems.
#[derive(Debug)]
pub struct ProblemPage<'a> {
    /// In the order that was asked for.
    pub items: Vec<ProblemRow<'a>>,
    /// How many there are on all pages together.
    pub total: u64,
    /// Leads to the ones before.
    pub prev: Option<Cursor>,
    /// Leads to the ones after.
    pub next: Option<Cursor>,
}

/// How many problems there are of each kind, each counted with its own list of the question left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProblemFacets {
    /// By severity, errors first; those without any are left out.
    pub severity: Vec<(Severity, u64)>,
    /// By code, most first.
    pub code: Vec<(Code, u64)>,
    /// By owner, most first; `None` is nobody.
    pub owner: Vec<(Option<RefKey>, u64)>,
}

/// Counts one more.
pub(super) fn count(counts: &mut ProblemCounts, severity: Severity) {
    match severity {
        Severity::Error => counts.error += 1,
        Severity::Warning => counts.warning += 1,
        Severity::Note => counts.note += 1,
    }
}

//! Lists of problems over the whole catalog.

use std::{cmp::Ordering, collections::HashMap};

use model::{Code, Problem, RefKey, Severity};
use serde::{Deserialize, Serialize};

use super::{Cursor, QueryError, View, cursor, document::words, flatten::lower, state::Index};
use crate::ProblemCounts;

/// A question for a page of problems. Values of one list join with OR, lists with AND; an empty list asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    #[serde(skip)]
    pub limit: usize,
    /// Where an earlier page ended; its question then holds instead of this one.
    #[serde(skip)]
    pub cursor: Option<Cursor>,
}

/// What problems are ordered by; ties go by severity, reference, claim and place in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// What problems are ordered by, the whole of it: no two rows have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Rank {
    first: First,
    severity: Severity,
    at: RefKey,
    claim: usize,
    nth: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
enum First {
    Number(i64),
    Text(String),
    /// Nobody, who comes after every owner in both directions.
    Nobody(()),
}

/// The content of a cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// So that cursors of other lists are refused.
    problems: u8,
    query: ProblemQuery,
    rank: Rank,
    back: bool,
}

/// The form of cursors; another number is a cursor of another version.
const FORM: u8 = 1;

/// Which list of a question is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Severity,
    Code,
    Owner,
    Nothing,
}

impl Index {
    /// How many problems there are in all, those of documents that hold no reference included.
    #[must_use]
    pub fn problem_counts(&self) -> ProblemCounts {
        let [error, warning, note] = self.totals;
        ProblemCounts { error, warning, note }
    }

    /// A page of problems.
    ///
    /// # Errors
    /// When the cursor is not one of ours.
    pub fn problems(&self, query: &ProblemQuery) -> Result<ProblemPage<'_>, QueryError> {
        let place: Option<Place> = query.cursor.as_ref().map(cursor::read).transpose()?;
        if place.as_ref().is_some_and(|place| place.problems != FORM) {
            return Err(QueryError::Cursor);
        }
        let asked = place.as_ref().map_or(query, |place| &place.query);
        let back = place.as_ref().is_some_and(|place| place.back);
        let mut rows: Vec<(Rank, ProblemRow<'_>)> = Vec::new();
        self.each_problem(asked, Without::Nothing, &mut |claim, nth, row| {
            rows.push((rank(asked, claim, nth, &row), row))
        });
        let total = rows.len() as u64;
        let order = |a: &Rank, b: &Rank| if asked.descending { descending(a, b) } else { a.cmp(b) };
        if let Some(place) = &place {
            let wanted = if back { Ordering::Less } else { Ordering::Greater };
            rows.retain(|(rank, _)| order(rank, &place.rank) == wanted);
        }
        rows.sort_by(|a, b| if back { order(&b.0, &a.0) } else { order(&a.0, &b.0) });
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        if back {
            rows.reverse();
        }
        let lead = |row: Option<&(Rank, ProblemRow<'_>)>, back| {
            let rank = row?.0.clone();
            Some(cursor::write(&Place { problems: FORM, query: asked.clone(), rank, back }))
        };
        let (before, behind) = if back { (more, true) } else { (place.is_some(), more) };
        let prev = if before { lead(rows.first(), true) } else { None };
        let next = if behind { lead(rows.last(), false) } else { None };
        Ok(ProblemPage { items: rows.into_iter().map(|(_, row)| row).collect(), total, prev, next })
    }

    /// How the problems of a question are spread. Its order, limit and cursor do nothing.
    #[must_use]
    pub fn problem_facets(&self, query: &ProblemQuery) -> ProblemFacets {
        let mut facets = ProblemFacets::default();
        let (mut codes, mut owners) = (HashMap::<Code, u64>::new(), HashMap::<Option<RefKey>, u64>::new());
        let mut severities = [(Severity::Error, 0), (Severity::Warning, 0), (Severity::Note, 0)];
        self.each_problem(query, Without::Severity, &mut |_, _, row| {
            severities.iter_mut().filter(|(of, _)| *of == row.problem.severity).for_each(|(_, count)| *count += 1);
        });
        self.each_problem(query, Without::Code, &mut |_, _, row| *codes.entry(row.problem.code).or_default() += 1);
        self.each_problem(query, Without::Owner, &mut |_, _, row| {
            *owners.entry(owner_of(&row.view)).or_default() += 1;
        });
        facets.severity = severities.into_iter().filter(|(_, count)| *count > 0).collect();
        facets.code = codes.into_iter().collect();
        facets.code.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.as_str().cmp(b.0.as_str())));
        facets.owner = owners.into_iter().collect();
        facets.owner.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        facets
    }

    /// Calls `with` with every problem of the question: number of the claim, number of the problem, row.
    fn each_problem<'a>(
        &'a self,
        query: &ProblemQuery,
        without: Without,
        with: &mut dyn FnMut(usize, usize, ProblemRow<'a>),
    ) {
        let Some(values) = self.terms.field("stagedoor.problem") else { return };
        let owners: Vec<Option<RefKey>> = query.owner.iter().map(|owner| self.owner_asked(owner)).collect();
        let wanted: Vec<String> = words(&query.words).map(std::borrow::Cow::into_owned).collect();
        for (number, slot) in values.exists().iter().filter_map(|number| Some((number, self.slot(number)?))) {
            let views = slot.documents().enumerate();
            for (claim, view) in views.filter_map(|(n, held)| Some((n, self.view_of(number, held)?))) {
                let owned = without == Without::Owner || owners.is_empty() || owners.contains(&owner_of(&view));
                let of_project = |path: &str| query.project.iter().any(|asked| lower(asked) == lower(path));
                if !owned || !(query.project.is_empty() || of_project(&view.entity().source.project_path)) {
                    continue;
                }
                for (nth, problem) in view.problems().into_iter().enumerate() {
                    let graded = without == Without::Severity || asked(&query.severity, problem.severity);
                    let coded = without == Without::Code || asked(&query.code, problem.code);
                    if graded && coded && says(&view, &problem, &wanted) {
                        with(claim, nth, ProblemRow { view: view.clone(), problem });
                    }
                }
            }
        }
    }

    fn owner_asked(&self, owner: &str) -> Option<RefKey> {
        let key = RefKey::parse(owner).ok()?;
        Some(self.target(&key).key)
    }
}

fn owner_of(view: &View<'_>) -> Option<RefKey> {
    view.owned_by().map(|target| target.key)
}

fn asked<T: PartialEq>(list: &[T], value: T) -> bool {
    list.is_empty() || list.contains(&value)
}

fn says(view: &View<'_>, problem: &Problem, wanted: &[String]) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let text = format!("{} {} {}", problem.message, view.key(), view.entity().source.project_path).to_lowercase();
    wanted.iter().all(|word| text.contains(word))
}

fn rank(query: &ProblemQuery, claim: usize, nth: usize, row: &ProblemRow<'_>) -> Rank {
    let severity = row.problem.severity;
    let at = row.view.key();
    let first = match query.sort {
        ProblemSort::Severity => First::Number(severity as i64),
        ProblemSort::Code => First::Text(row.problem.code.as_str().to_owned()),
        ProblemSort::Since => First::Number(row.problem.since),
        ProblemSort::Owner => owner_of(&row.view).map_or(First::Nobody(()), |owner| First::Text(owner.to_string())),
        ProblemSort::Ref => First::Text(at.to_string()),
    };
    Rank { first, severity, at: at.clone(), claim, nth }
}

/// What was asked for turned around; what only keeps the rows apart stays as it is.
fn descending(a: &Rank, b: &Rank) -> Ordering {
    let first = match (&a.first, &b.first) {
        (First::Nobody(()), _) | (_, First::Nobody(())) => a.first.cmp(&b.first),
        (a, b) => b.cmp(a),
    };
    first.then_with(|| (a.severity, &a.at, a.claim, a.nth).cmp(&(b.severity, &b.at, b.claim, b.nth)))
}

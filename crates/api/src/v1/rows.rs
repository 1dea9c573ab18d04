//! From the index to the words of `/api/v1`.

use std::collections::HashMap;

use catalog::{
    ProblemCounts,
    index::{Edge, Index, Target, View},
};
use model::{Millis, Origin, RefKey, RelationType, Severity, Staleness};

use super::dto::{
    EntityRow, Freshness, GraphNode, Problem, ProblemOwner, ProjectLink, RelationTarget, RowOwner, RowProblems,
    RowSystem, Stale,
};
use crate::{services::App, times::Time};

/// How each connection goes. Taken before the index is locked.
#[derive(Debug)]
pub(crate) struct Ages(HashMap<String, Going>);

#[derive(Debug)]
struct Going {
    /// When it was last read well.
    good_at: Option<Millis>,
    /// Why it is not read now, and since when.
    fails: Option<(Millis, String)>,
}

impl Ages {
    pub(crate) fn of(app: &App) -> Self {
        let going = |c: catalog::ConnectionStatus| {
            let since = c.failing_since.or(c.finished_at).unwrap_or_else(|| app.clock.now());
            (c.name, Going { good_at: c.last_good_at, fails: c.error.map(|error| (since, error.message)) })
        };
        Self(app.catalog.status().connections.into_iter().map(going).collect())
    }

    fn going(&self, view: &View<'_>) -> Option<&Going> {
        self.0.get(view.entity().source.connection.as_str())
    }

    /// When an entity was last seen to be as it is shown: at the last good pass, or when reading began to fail.
    fn read_at(&self, view: &View<'_>) -> Time {
        let entity = view.entity();
        let pass = self.going(view).and_then(|going| going.good_at);
        let seen = pass.unwrap_or(entity.changed_at).max(entity.changed_at);
        Time(entity.stale.as_ref().map_or(seen, |stale| stale.since.min(seen)))
    }

    /// Why what is shown may be old: GitLab does not answer for it, or for its whole connection.
    fn stale(&self, view: &View<'_>) -> Option<Stale> {
        if let Some(stale) = &view.entity().stale {
            return Some(Stale { since: Time(stale.since), reason: stale.reason.clone() });
        }
        let (since, reason) = self.going(view)?.fails.as_ref()?;
        Some(Stale { since: Time(*since), reason: reason.clone() })
    }

    /// How far what is shown can be trusted to be as it is at GitLab.
    pub(crate) fn freshness(&self, view: &View<'_>) -> Freshness {
        let stale = self.stale(view);
        let known = self.going(view).is_some_and(|going| going.good_at.is_some());
        Freshness {
            state: match (&stale, known) {
                (Some(_), _) => "stale",
                (None, true) => "fresh",
                // Nobody reads its connection, or no pass has ended well yet.
                (None, false) => "unknown",
            },
            confirmed_at: (known || stale.is_some()).then(|| self.read_at(view)),
            since: stale.as_ref().map(|stale| stale.since),
            reason: stale.map(|stale| stale.reason),
        }
    }
}

impl Freshness {
    /// Takes over what is known besides, unless something worse is known already.
    pub(crate) fn worsen(&mut self, overdue: Option<Staleness>) {
        if let Some(Staleness { since, reason }) = overdue.filter(|_| self.state != "stale") {
            (self.state, self.since, self.reason) = ("stale", Some(Time(since)), Some(reason));
        }
    }

    /// What is not known is not called fresh.
    pub(crate) fn doubt(&mut self, reason: &str) {
        if self.state == "fresh" {
            (self.state, self.reason) = ("unknown", Some(reason.to_owned()));
        }
    }
}

/// An entity as lists show it.
pub(crate) fn row(index: &Index, view: &View<'_>, ages: &Ages) -> EntityRow {
    let entity = view.entity();
    let summary = view.summary();
    EntityRow {
        r#ref: view.key().to_string(),
        kind: entity.entity_ref.kind().to_owned(),
        namespace: entity.entity_ref.namespace().to_owned(),
        name: entity.entity_ref.name().to_owned(),
        title: summary.title,
        r#type: summary.kind_type,
        description: summary.description,
        owner: owner(index, view),
        system: view.system().map(|target| {
            let (name, title) = name_of(index, &target);
            RowSystem { r#ref: target.key.to_string(), name, title, exists: target.exists }
        }),
        lifecycle: summary.lifecycle,
        language: entity.language.clone(),
        tags: summary.tags,
        origin: entity.origin.as_str(),
        problems: problem_counts(view),
        project: project(view),
        stale: ages.stale(view),
        changed_at: Time(entity.changed_at),
        read_at: ages.read_at(view),
    }
}

fn owner(index: &Index, view: &View<'_>) -> Option<RowOwner> {
    let owner = view.owner()?;
    let target = owner.target?;
    let (name, title) = name_of(index, &target);
    Some(RowOwner {
        r#ref: target.key.to_string(),
        name,
        title,
        exists: target.exists,
        evidence: owner.evidence.as_str(),
        detail: owner.detail.to_owned(),
        confidence: owner.confidence,
    })
}

/// Name as written and title of what a reference leads to.
fn name_of(index: &Index, target: &Target) -> (String, Option<String>) {
    match index.get(&target.key) {
        Some(view) if target.exists => (view.name().to_owned(), view.title().map(str::to_owned)),
        _ => (target.key.name().to_owned(), None),
    }
}

/// What people call the entity with this reference: its title, else its name.
pub(crate) fn label_of(index: &Index, key: &RefKey) -> String {
    match index.get(key) {
        Some(view) => view.title().unwrap_or_else(|| view.name()).to_owned(),
        None => key.name().to_owned(),
    }
}

/// What people call the owner of an entity.
pub(crate) fn owner_label(index: &Index, view: &View<'_>) -> Option<String> {
    Some(label_of(index, &view.owned_by()?.key))
}

fn problem_counts(view: &View<'_>) -> RowProblems {
    let mut counts = RowProblems::default();
    // Most rows have none; then the sentences need not be written.
    if total(view.problem_counts()) == 0 {
        return counts;
    }
    for problem in view.problems() {
        match problem.severity {
            Severity::Error => counts.error += 1,
            Severity::Warning => counts.warning += 1,
            Severity::Note => counts.note += 1,
        }
        let code = problem.code.as_str();
        if !counts.codes.contains(&code) {
            counts.codes.push(code);
        }
    }
    counts
}

/// Groups and users come from no project.
pub(crate) fn project(view: &View<'_>) -> Option<ProjectLink> {
    let source = &view.entity().source;
    let of_project = view.entity().origin != Origin::Directory;
    of_project.then(|| ProjectLink { path: source.project_path.clone(), url: source.project_url.clone() })
}

/// All problems together.
pub(crate) fn total(counts: ProblemCounts) -> u64 {
    (counts.error + counts.warning + counts.note) as u64
}

/// The spelling of a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A problem of an entity, with the link to its line.
pub(crate) fn problem(view: &View<'_>, problem: model::Problem) -> Problem {
    let source = &view.entity().source;
    let position = problem.position;
    let url = match &problem.file {
        Some(file) => source.url_in(file, position.map(|p| p.line)),
        None => position.map_or_else(|| source.url(), |p| source.line_url(p.line)),
    };
    Problem {
        code: problem.code.as_str(),
        severity: severity(problem.severity),
        message: problem.message,
        remedy: problem.remedy,
        file: problem.file.or_else(|| source.file.clone()),
        line: position.map(|p| p.line),
        column: position.map(|p| p.column),
        pointer: problem.pointer,
        url: Some(url),
        r#ref: Some(view.key().to_string()),
        project: project(view),
        since: Time(problem.since),
    }
}

/// Whom a problem belongs to.
pub(crate) fn problem_owner(index: &Index, view: &View<'_>) -> Option<ProblemOwner> {
    let target = view.owned_by()?;
    Some(ProblemOwner { name: label_of(index, &target.key), r#ref: target.key.to_string() })
}

/// The other end of a relation.
pub(crate) fn target(index: &Index, edge: &Edge) -> RelationTarget {
    let node = node(index, &edge.target, 0, edge.exists);
    RelationTarget {
        r#ref: node.r#ref,
        kind: node.kind,
        name: node.name,
        title: node.title,
        r#type: node.r#type,
        owner: node.owner,
        exists: node.exists,
        problems: node.problems,
    }
}

/// A node of a graph, also for a reference that nothing holds.
pub(crate) fn node(index: &Index, key: &RefKey, depth: usize, exists: bool) -> GraphNode {
    let Some(view) = index.get(key).filter(|_| exists) else {
        return GraphNode {
            r#ref: key.to_string(),
            kind: key.kind().to_owned(),
            r#type: None,
            name: key.name().to_owned(),
            title: None,
            owner: None,
            exists: false,
            problems: 0,
            depth,
        };
    };
    let summary = view.summary();
    GraphNode {
        r#ref: key.to_string(),
        kind: view.entity().entity_ref.kind().to_owned(),
        r#type: summary.kind_type,
        name: view.entity().entity_ref.name().to_owned(),
        title: summary.title,
        owner: owner_label(index, &view),
        exists: true,
        problems: total(view.problem_counts()),
        depth,
    }
}

/// A relation in words, read from the entity that has it.
pub(crate) fn relation_label(relation: RelationType) -> &'static str {
    match relation {
        RelationType::OwnedBy => "Owned by",
        RelationType::OwnerOf => "Owns",
        RelationType::PartOf => "Part of",
        RelationType::HasPart => "Has part",
        RelationType::ProvidesApi => "Provides API",
        RelationType::ApiProvidedBy => "Provided by",
        RelationType::ConsumesApi => "Consumes API",
        RelationType::ApiConsumedBy => "Consumed by",
        RelationType::DependsOn => "Depends on",
        RelationType::DependencyOf => "Needed by",
        RelationType::MemberOf => "Member of",
        RelationType::HasMember => "Has member",
        RelationType::ChildOf => "Child of",
        RelationType::ParentOf => "Parent of",
    }
}

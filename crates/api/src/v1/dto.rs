//! The words of `/api/v1`. Every property is always there; what is not known is null.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::times::Time;

/// Something that can be opened in GitLab.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectLink {
    /// The full path.
    pub(crate) path: String,
    /// The web address.
    pub(crate) url: String,
}

/// Who owns an entity, and where that is known from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowOwner {
    pub(crate) r#ref: String,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    /// Is it in the catalog?
    pub(crate) exists: bool,
    /// `declared`, `codeowners`, `commits` or `group`.
    #[schema(example = "declared")]
    pub(crate) evidence: &'static str,
    /// For people: `catalog-info.yaml line 9`.
    pub(crate) detail: String,
    /// How sure it is, from 0 to 100: 100 from a catalog file, 90 from CODEOWNERS, at most 85 from commits, 40 from the
    /// group or the namespace.
    #[schema(example = 100)]
    pub(crate) confidence: u8,
}

/// The system an entity is part of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowSystem {
    pub(crate) r#ref: String,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) exists: bool,
}

/// Problems of one entity.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct RowProblems {
    pub(crate) error: u64,
    pub(crate) warning: u64,
    pub(crate) note: u64,
    /// Each code once, the worst first.
    pub(crate) codes: Vec<&'static str>,
}

/// Why what is shown may be old.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Stale {
    pub(crate) since: Time,
    /// What GitLab answered.
    pub(crate) reason: String,
}

/// An entity as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityRow {
    /// `kind:namespace/name`, lower case.
    pub(crate) r#ref: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) r#type: Option<String>,
    pub(crate) description: Option<String>,
    /// Null when nobody is known, and for what is not owned (groups, users).
    pub(crate) owner: Option<RowOwner>,
    pub(crate) system: Option<RowSystem>,
    pub(crate) lifecycle: Option<String>,
    /// The repository's main language.
    pub(crate) language: Option<String>,
    pub(crate) tags: Vec<String>,
    /// `file`, `inferred`, `directory` or `registered`.
    #[schema(example = "file")]
    pub(crate) origin: &'static str,
    pub(crate) problems: RowProblems,
    pub(crate) project: Option<ProjectLink>,
    /// Set while GitLab does not answer for it; what is shown is the last good state.
    pub(crate) stale: Option<Stale>,
    /// When its content last changed.
    pub(crate) changed_at: Time,
    /// When it was last seen to be so.
    pub(crate) read_at: Time,
}

/// A page of entities.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityList {
    pub(crate) items: Vec<EntityRow>,
    /// How many the filters mean.
    pub(crate) total: u64,
    /// How many there are.
    pub(crate) all: u64,
    pub(crate) next_cursor: Option<String>,
    pub(crate) prev_cursor: Option<String>,
    pub(crate) as_of: Time,
}

/// One value of a facet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetValue {
    /// What to filter by.
    pub(crate) value: String,
    /// What to show.
    pub(crate) label: String,
    pub(crate) count: u64,
}

/// Facets by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facets {
    /// Values of each facet, most first, at most 500.
    #[schema(value_type = std::collections::BTreeMap<String, Vec<FacetValue>>)]
    pub(crate) facets: serde_json::Map<String, serde_json::Value>,
    /// How many rows all filters together mean.
    pub(crate) total: u64,
    /// Facets that have more than 500 values.
    pub(crate) truncated: Vec<String>,
}

/// Something that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A stable name: `missing-field`.
    pub(crate) code: &'static str,
    /// `error`, `warning` or `note`.
    pub(crate) severity: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) remedy: String,
    pub(crate) file: Option<String>,
    /// From 1.
    pub(crate) line: Option<u32>,
    /// From 1, in characters.
    pub(crate) column: Option<u32>,
    /// The field, dotted: `spec.owner`.
    pub(crate) pointer: Option<String>,
    /// The line in GitLab.
    pub(crate) url: Option<String>,
    /// The entity it is in.
    pub(crate) r#ref: Option<String>,
    pub(crate) project: Option<ProjectLink>,
    pub(crate) since: Time,
}

/// Whom a problem belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemOwner {
    pub(crate) r#ref: String,
    pub(crate) name: String,
}

/// A problem as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemRow {
    #[serde(flatten)]
    pub(crate) problem: Problem,
    pub(crate) owner: Option<ProblemOwner>,
}

/// A page of problems.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemList {
    pub(crate) items: Vec<ProblemRow>,
    pub(crate) total: u64,
    pub(crate) all: u64,
    pub(crate) next_cursor: Option<String>,
    pub(crate) as_of: Time,
}

/// The other end of a relation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RelationTarget {
    pub(crate) r#ref: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) r#type: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) exists: bool,
    pub(crate) problems: u64,
}

/// A relation seen from one entity.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relation {
    /// `ownedBy`, `providesApi` …
    pub(crate) r#type: &'static str,
    /// For people: `Owned by`.
    pub(crate) label: &'static str,
    pub(crate) target: RelationTarget,
}

/// One of several files that claim a reference.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conflict {
    /// The project's full path.
    pub(crate) project: String,
    pub(crate) file: Option<String>,
    pub(crate) url: String,
    pub(crate) claimed_at: Time,
    /// Is this the one that is shown?
    pub(crate) holds: bool,
}

/// The project an entity was read from; groups have a path and no project id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceProject {
    pub(crate) id: Option<u64>,
    pub(crate) path: String,
    pub(crate) url: String,
}

/// Where an entity was read from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitySource {
    pub(crate) connection: String,
    pub(crate) project: SourceProject,
    pub(crate) file: Option<String>,
    pub(crate) r#ref: Option<String>,
    pub(crate) blob: Option<String>,
    pub(crate) url: String,
    pub(crate) edit_url: Option<String>,
    /// The file as it was read.
    pub(crate) text: Option<String>,
    /// There is a file, and its text is not kept because it is too large or not text.
    pub(crate) too_large: bool,
}

/// How the owner is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnerEvidence {
    pub(crate) r#ref: String,
    pub(crate) evidence: &'static str,
    pub(crate) detail: String,
    /// The line that says so.
    pub(crate) url: Option<String>,
    /// How sure it is, from 0 to 100.
    pub(crate) confidence: u8,
}

/// One inferred value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InferredFact {
    pub(crate) field: String,
    pub(crate) value: String,
    pub(crate) because: String,
    pub(crate) url: Option<String>,
}

/// What was concluded about a project without a catalog file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Inferred {
    pub(crate) facts: Vec<InferredFact>,
}

/// Everything about one entity.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityPage {
    pub(crate) row: EntityRow,
    /// The document as the catalog API gives it: apiVersion, kind, metadata, spec, relations.
    #[schema(value_type = Object)]
    pub(crate) entity: Box<RawValue>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) problems: Vec<Problem>,
    /// All files that claim this reference, when there are several.
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) source: Option<EntitySource>,
    pub(crate) owner: Option<OwnerEvidence>,
    /// Set for what has no catalog file.
    pub(crate) inferred: Option<Inferred>,
    pub(crate) read_at: Time,
    pub(crate) changed_at: Time,
    pub(crate) stale: Option<Stale>,
    pub(crate) freshness: Freshness,
}

/// How far what is shown can be trusted to be as it is at GitLab.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Freshness {
    /// `fresh`; `stale` when GitLab does not answer for it now, or when a reading that was asked for fails or waits; or
    /// `unknown`.
    #[schema(example = "fresh")]
    pub(crate) state: &'static str,
    /// When it was last seen to be so.
    pub(crate) confirmed_at: Option<Time>,
    /// Why it is stale.
    pub(crate) reason: Option<String>,
    /// Since when it is stale.
    pub(crate) since: Option<Time>,
}

/// A node of the relations graph.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GraphNode {
    pub(crate) r#ref: String,
    pub(crate) kind: String,
    pub(crate) r#type: Option<String>,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) exists: bool,
    pub(crate) problems: u64,
    /// How many relations away.
    pub(crate) depth: usize,
}

/// A relation of the graph.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GraphEdge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) r#type: &'static str,
    pub(crate) label: &'static str,
}

/// The surroundings of an entity.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<GraphNode>,
    pub(crate) edges: Vec<GraphEdge>,
    /// Is there more than is shown?
    pub(crate) truncated: bool,
}

/// Something found by words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchHit {
    pub(crate) r#ref: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) r#type: Option<String>,
    pub(crate) owner: Option<String>,
    /// Where the words stand: `name`, `title`, `tag` …
    pub(crate) why: &'static str,
}

/// What was found, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchHits {
    pub(crate) items: Vec<SearchHit>,
}

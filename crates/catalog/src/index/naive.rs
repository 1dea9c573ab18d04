//! The first form of the index: right and slow. Its place is taken by the bitmaps.

use std::collections::{BTreeMap, BTreeSet};

use model::{Entity, Problem, RefKey, RelationType};
use sha2::{Digest, Sha256};

use super::{
    Ancestor, Change, Edge, Facet, Filter, Graph, GraphEdge, GraphNode, Hit, Page, ProblemFacets, ProblemPage,
    ProblemQuery, ProblemRow, Query, QueryError, Resolution, Summary, Target, Touched, View,
};
use crate::ProblemCounts;

/// The catalog in memory.
#[derive(Debug, Clone, Default)]
pub struct Index {
    rows: BTreeMap<i64, Box<Entity>>,
    claims: BTreeMap<RefKey, Vec<i64>>,
    pub(super) titles: BTreeMap<i64, String>,
}

impl Index {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes changes in, all or none seen by readers because the caller holds it exclusively.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) -> Touched {
        let mut refs = BTreeSet::new();
        for change in changes {
            let old = match change {
                Change::Put(entity) => {
                    refs.insert(entity.entity_ref.key());
                    self.rows.insert(entity.id, entity)
                }
                Change::Remove(id) => self.rows.remove(&id),
            };
            refs.extend(old.map(|e| e.entity_ref.key()));
        }
        self.claims.clear();
        for entity in self.rows.values() {
            self.claims.entry(entity.entity_ref.key()).or_default().push(entity.id);
        }
        for ids in self.claims.values_mut() {
            ids.sort_by_key(|id| self.rows.get(id).map(|e| (e.claimed_at, e.id)));
        }
        let title = |e: &Box<Entity>| summary(e).title.map(|title| (e.id, title));
        self.titles = self.rows.values().filter_map(title).collect();
        let (changed, removed) = refs.into_iter().partition(|key| self.claims.contains_key(key));
        Touched { changed, removed }
    }

    /// How many references are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.claims.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Whoever holds this reference (not an alias; see [`Index::resolve`]).
    #[must_use]
    pub fn get(&self, key: &RefKey) -> Option<View<'_>> {
        self.claims(key).into_iter().next()
    }

    /// The entity with this `metadata.uid`.
    #[must_use]
    pub fn by_uid(&self, text: &str) -> Option<View<'_>> {
        self.claims.keys().find(|key| uid(key).eq_ignore_ascii_case(text)).and_then(|key| self.get(key))
    }

    /// The entity with this [`Entity::id`], whether it holds its reference or not.
    #[must_use]
    pub fn by_id(&self, id: i64) -> Option<View<'_>> {
        let entity = self.rows.get(&id)?;
        let (key, _) = self.claims.get_key_value(&entity.entity_ref.key())?;
        Some(View { index: self, key, entity })
    }

    /// A page of entities.
    ///
    /// # Errors
    /// When the cursor is not one of ours.
    pub fn query(&self, query: &Query) -> Result<Page<'_>, QueryError> {
        if query.cursor.is_some() {
            return Err(QueryError::Cursor);
        }
        let all: Vec<View<'_>> = self.meant(&query.filter);
        let total = all.len() as u64;
        let items = all.into_iter().skip(query.offset).take(query.limit).collect();
        Ok(Page { items, total, prev: None, next: None })
    }

    /// For each key its values with how many of the filter's entities have each; the value as first written.
    #[must_use]
    pub fn facets(&self, filter: &Filter, keys: &[&str]) -> Vec<Facet> {
        let all = self.meant(filter);
        let facet = |key: &&str| {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            for view in &all {
                for value in values(view, key) {
                    *counts.entry(value).or_default() += 1;
                }
            }
            ((*key).to_owned(), counts.into_iter().collect())
        };
        keys.iter().map(facet).collect()
    }

    /// What a reference means here.
    #[must_use]
    pub fn resolve(&self, target: &RefKey) -> Resolution {
        if self.claims.contains_key(target) {
            return Resolution::Held(target.clone());
        }
        let holders = self.claims.keys().filter(|key| self.holder(key).is_some_and(|e| e.aliases.contains(target)));
        let mut found: Vec<RefKey> = holders.cloned().collect();
        match (found.len(), found.pop()) {
            (1, Some(only)) => Resolution::Alias(only),
            (_, Some(last)) => {
                found.push(last);
                Resolution::Ambiguous(found)
            }
            _ => Resolution::Unknown,
        }
    }

    /// The relations of an entity, its own and the inverse of others', both ends resolved, each once, by type and then
    /// target. Empty for what is not held.
    #[must_use]
    pub fn relations(&self, key: &RefKey) -> Vec<Edge> {
        let mut edges: BTreeSet<(&str, RefKey, bool, RelationType)> = BTreeSet::new();
        for (source, entity) in self.claims.keys().filter_map(|k| self.holder(k).map(|e| (k, e))) {
            for (kind, target) in &entity.relations {
                let target = self.target(target);
                if source == key {
                    edges.insert((kind.as_str(), target.key.clone(), target.exists, *kind));
                }
                if target.exists && target.key == *key {
                    edges.insert((kind.inverse().as_str(), source.clone(), true, kind.inverse()));
                }
            }
        }
        edges.into_iter().map(|(_, target, exists, kind)| Edge { kind, target, exists }).collect()
    }

    /// The Locations through which an entity was found, from it upwards; empty for what is not held.
    #[must_use]
    pub fn ancestry(&self, key: &RefKey) -> Vec<Ancestor> {
        self.get(key).map(|view| Ancestor { key: view.key.clone(), parents: Vec::new() }).into_iter().collect()
    }

    /// What is up to `depth` relations away. `kinds` names the types to follow, either way; none means all.
    #[must_use]
    pub fn graph(&self, key: &RefKey, depth: usize, kinds: &[RelationType]) -> Graph {
        let mut graph = Graph::default();
        let Some(view) = self.get(key) else { return graph };
        graph.nodes.push(GraphNode { key: view.key.clone(), depth: 0, exists: true });
        let mut edges = BTreeSet::new();
        let mut at = 0;
        while let Some(node) = graph.nodes.get(at).cloned() {
            at += 1;
            for edge in self.relations(&node.key) {
                if !kinds.is_empty() && !kinds.contains(&edge.kind) && !kinds.contains(&edge.kind.inverse()) {
                    continue;
                }
                if !graph.nodes.iter().any(|n| n.key == edge.target) {
                    if node.depth >= depth {
                        continue;
                    }
                    let next = GraphNode { key: edge.target.clone(), depth: node.depth + 1, exists: edge.exists };
                    graph.nodes.push(next);
                }
                edges.insert(if edge.kind < edge.kind.inverse() {
                    GraphEdge { from: node.key.clone(), to: edge.target, kind: edge.kind }
                } else {
                    GraphEdge { from: edge.target, to: node.key.clone(), kind: edge.kind.inverse() }
                });
            }
        }
        graph.edges = edges.into_iter().collect();
        graph
    }

    /// What people mean by some words, best first: names before the rest, whole words and beginnings before parts.
    #[must_use]
    pub fn search(&self, text: &str, limit: usize) -> Vec<Hit<'_>> {
        let meant = self.meant(&Filter::words(text));
        meant.into_iter().take(limit).map(|view| Hit { view, why: "name" }).collect()
    }

    /// References that look like one that is not held, nearest first, five at most.
    #[must_use]
    pub fn suggestions(&self, key: &RefKey) -> Vec<RefKey> {
        self.claims.keys().filter(|k| k.name() == key.name()).take(5).cloned().collect()
    }

    /// A page of problems.
    ///
    /// # Errors
    /// When the cursor is not one of ours.
    pub fn problems(&self, query: &ProblemQuery) -> Result<ProblemPage<'_>, QueryError> {
        if query.cursor.is_some() {
            return Err(QueryError::Cursor);
        }
        let views = self.claims.keys().flat_map(|key| self.claims(key));
        let rows = views.flat_map(|v| v.problems().into_iter().map(move |problem| ProblemRow { view: v, problem }));
        let rows: Vec<_> = rows
            .filter(|r| query.severity.is_empty() || query.severity.contains(&r.problem.severity))
            .filter(|r| query.code.is_empty() || query.code.contains(&r.problem.code))
            .collect();
        let total = rows.len() as u64;
        Ok(ProblemPage { items: rows.into_iter().take(query.limit).collect(), total, prev: None, next: None })
    }

    /// How the problems are spread.
    #[must_use]
    pub fn problem_facets(&self, _query: &ProblemQuery) -> ProblemFacets {
        ProblemFacets::default()
    }

    /// How many problems there are in all.
    #[must_use]
    pub fn problem_counts(&self) -> ProblemCounts {
        let mut counts = ProblemCounts::default();
        for view in self.claims.keys().flat_map(|key| self.claims(key)) {
            view.problems().iter().for_each(|p| super::problems::count(&mut counts, p.severity));
        }
        counts
    }

    pub(super) fn holder(&self, key: &RefKey) -> Option<&Entity> {
        self.claims.get(key)?.first().and_then(|id| self.rows.get(id)).map(AsRef::as_ref)
    }

    pub(super) fn claims(&self, key: &RefKey) -> Vec<View<'_>> {
        let Some((key, ids)) = self.claims.get_key_value(key) else { return Vec::new() };
        ids.iter().filter_map(|id| self.rows.get(id)).map(|entity| View { index: self, key, entity }).collect()
    }

    pub(super) fn target(&self, target: &RefKey) -> Target {
        match self.resolve(target) {
            Resolution::Held(key) | Resolution::Alias(key) => Target { key, exists: true },
            Resolution::Ambiguous(_) | Resolution::Unknown => Target { key: target.clone(), exists: false },
        }
    }

    fn meant(&self, filter: &Filter) -> Vec<View<'_>> {
        self.claims.keys().filter_map(|key| self.get(key)).filter(|view| means(filter, view)).collect()
    }
}

fn means(filter: &Filter, view: &View<'_>) -> bool {
    match filter {
        Filter::All => true,
        Filter::Nothing => false,
        Filter::And(all) => all.iter().all(|f| means(f, view)),
        Filter::Or(any) => any.iter().any(|f| means(f, view)),
        Filter::Not(inner) => !means(inner, view),
        Filter::Exists(key) => !values(view, key).is_empty(),
        Filter::In(key, wanted) | Filter::Item(key, wanted) => {
            values(view, key).iter().any(|v| wanted.iter().any(|w| w.eq_ignore_ascii_case(v)))
        }
        Filter::Prefix(key, prefix) => values(view, key).iter().any(|v| v.to_lowercase().starts_with(prefix)),
        Filter::Element(..) => false,
        Filter::Text(term, keys) => keys.iter().any(|k| values(view, k).iter().any(|v| v.contains(term.as_str()))),
        Filter::Words(text) => text.split_whitespace().all(|w| view.key.name().contains(&w.to_lowercase())),
    }
}

fn values(view: &View<'_>, key: &str) -> Vec<String> {
    let Ok(body) = serde_json::from_str::<serde_json::Value>(&view.entity.body) else { return Vec::new() };
    let found = key.split('.').try_fold(&body, |value, part| value.get(part));
    match found {
        Some(serde_json::Value::String(text)) => vec![text.clone()],
        Some(serde_json::Value::Array(items)) => {
            items.iter().filter_map(|i| i.as_str()).map(ToOwned::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The namespace of our UUIDs: the version 5 UUID of `stagedoor.catalog` in the namespace of domain names.
pub(super) fn uid(key: &RefKey) -> String {
    let namespace = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, b"stagedoor.catalog");
    uuid::Uuid::new_v5(&namespace, key.as_str().as_bytes()).to_string()
}

pub(super) fn etag(view: &View<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(view.entity.body.as_bytes());
    for edge in view.edges() {
        hash.update(edge.kind.as_str());
        hash.update(edge.target.as_str());
    }
    hex::encode(&hash.finalize()[..16])
}

pub(super) fn json(view: &View<'_>, _fields: Option<&[String]>) -> String {
    let mut body: serde_json::Value = serde_json::from_str(&view.entity.body).unwrap_or_default();
    body["metadata"]["uid"] = view.uid().into();
    body["metadata"]["etag"] = view.etag().into();
    let edges = view.edges();
    let relations = edges.iter().map(|e| serde_json::json!({"type": e.kind.as_str(), "targetRef": e.target.as_str()}));
    body["relations"] = relations.collect();
    body.to_string()
}

pub(super) fn summary(entity: &Entity) -> Summary {
    let body: serde_json::Value = serde_json::from_str(&entity.body).unwrap_or_default();
    let text = |pointer: &str| body.pointer(pointer).and_then(|v| v.as_str()).map(ToOwned::to_owned);
    let tags = body.pointer("/metadata/tags").and_then(|v| v.as_array());
    Summary {
        title: text("/metadata/title"),
        description: text("/metadata/description"),
        tags: tags.into_iter().flatten().filter_map(|t| t.as_str()).map(ToOwned::to_owned).collect(),
        kind_type: text("/spec/type"),
        lifecycle: text("/spec/lifecycle"),
    }
}

pub(super) fn problems(view: &View<'_>) -> Vec<Problem> {
    let mut problems = view.entity.problems.clone();
    problems.sort_by_key(|p| p.severity);
    problems
}

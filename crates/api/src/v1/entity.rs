//! One entity: its page and its surroundings.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
};
use catalog::index::{Index, View};
use model::{Origin, RefKey, RelationType, Source};
use serde_json::{json, value::RawValue};

use super::{
    dto::{
        Conflict, EntityPage, EntitySource, Graph, GraphEdge, Inferred, InferredFact, OwnerEvidence, Relation,
        SourceProject,
    },
    entities,
    filters::key_of_path,
    rows::{Ages, node, problem, relation_label, row, target},
};
use crate::{Answer, Failure, etag, params::Params, services::App, times::Time};

/// What the graph follows unless asked otherwise: what calls what and what needs what.
const FOLLOWED: [RelationType; 3] = [RelationType::ProvidesApi, RelationType::ConsumesApi, RelationType::DependsOn];

/// Everything about one entity. A reference that is another name of an entity (a group's path in another spelling)
/// answers with that entity.
#[utoipa::path(get, path = "/api/v1/entities/{kind}/{namespace}/{name}", operation_id = "entity", tag = "catalog",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = EntityPage), (status = 304, description = "As before"),
        (status = 404, description = "Not in the catalog; `errors` holds near names as {ref}", body = crate::openapi::ProblemDetails, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Answer {
    let key = key_of_path(&kind, &namespace, &name)?;
    let ages = Ages::of(&app);
    let (mut page, source) = {
        let index = app.catalog.index();
        let view = held(&index, &key)?;
        (page_of(&index, &view, &ages)?, view.entity().source.clone())
    };
    if let Some(shown) = &mut page.source {
        match app.catalog.source_text(&source).await {
            Ok(text) => {
                shown.too_large = shown.file.is_some() && text.is_none();
                shown.text = text;
            }
            // The page is answered from memory; only the file's text is missing from it then.
            Err(error) => tracing::warn!(%error, entity = %key, "the text of a catalog file cannot be read"),
        }
    }
    match app.catalog.overdue(&source).await {
        Ok(overdue) => page.freshness.worsen(overdue),
        Err(error) => {
            tracing::warn!(%error, entity = %key, "whether a change was announced cannot be known");
            page.freshness.doubt("the database does not answer, so nobody knows what changed meanwhile");
        }
    }
    let body = entities::json(&page)?;
    Ok(etag::json(&headers, body))
}

/// The entity that has this reference or is also called so.
fn held<'a>(index: &'a Index, key: &RefKey) -> Answer<View<'a>> {
    use catalog::index::Resolution;
    let (found, near) = match index.resolve(key) {
        Resolution::Held(key) | Resolution::Alias(key) => (index.get(&key), Vec::new()),
        Resolution::Ambiguous(candidates) => (None, candidates),
        Resolution::Unknown => (None, index.suggestions(key)),
    };
    found.ok_or_else(|| {
        let detail = match near.first() {
            Some(first) => format!("There is no {key} in the catalog. Did you mean {first}?"),
            None => format!("There is no {key} in the catalog."),
        };
        near.iter().fold(Failure::not_found(detail), |failure, key| failure.with_error(json!({ "ref": key.as_str() })))
    })
}

fn page_of(index: &Index, view: &View<'_>, ages: &Ages) -> Answer<EntityPage> {
    let entity = view.entity();
    let row = row(index, view, ages);
    let relations = view.edges();
    let relations = relations.iter().map(|edge| Relation {
        r#type: edge.kind.as_str(),
        label: relation_label(edge.kind),
        target: target(index, edge),
    });
    let facts = entity.facts.iter().map(|fact| InferredFact {
        field: fact.field.clone(),
        value: fact.value.clone(),
        because: fact.because.clone(),
        url: fact.url.clone(),
    });
    Ok(EntityPage {
        read_at: row.read_at,
        changed_at: row.changed_at,
        stale: row.stale.clone(),
        freshness: ages.freshness(view),
        row,
        entity: RawValue::from_string(view.json(None)).map_err(|error| Failure::internal(&error))?,
        relations: relations.collect(),
        problems: view.problems().into_iter().map(|p| problem(view, p)).collect(),
        conflicts: view.conflicts().iter().map(conflict).collect(),
        source: Some(source(&entity.source)),
        owner: owner(view),
        inferred: (entity.origin == Origin::Inferred).then(|| Inferred { facts: facts.collect() }),
    })
}

fn conflict(claim: &View<'_>) -> Conflict {
    let source = &claim.entity().source;
    Conflict {
        project: source.project_path.clone(),
        file: source.file.clone(),
        url: source.line.map_or_else(|| source.url(), |line| source.line_url(line)),
        claimed_at: Time(claim.entity().claimed_at),
        holds: claim.holds(),
    }
}

fn source(source: &Source) -> EntitySource {
    let edit_url = match (&source.file, &source.git_ref) {
        (Some(file), Some(git_ref)) => Some(format!("{}/-/edit/{git_ref}/{file}", source.project_url)),
        _ => None,
    };
    EntitySource {
        connection: source.connection.to_string(),
        project: SourceProject {
            id: source.project.map(|id| id.0),
            path: source.project_path.clone(),
            url: source.project_url.clone(),
        },
        file: source.file.clone(),
        r#ref: source.git_ref.clone(),
        blob: source.blob.as_ref().map(ToString::to_string),
        url: source.line.map_or_else(|| source.url(), |line| source.line_url(line)),
        edit_url,
        text: None,
        too_large: false,
    }
}

fn owner(view: &View<'_>) -> Option<OwnerEvidence> {
    let owner = view.owner()?;
    Some(OwnerEvidence {
        r#ref: owner.target?.key.to_string(),
        evidence: owner.evidence.as_str(),
        url: evidence_url(&view.entity().source, owner.detail),
        detail: owner.detail.to_owned(),
        confidence: owner.confidence,
    })
}

/// Evidence reads `FILE line N`; anything else has no line to link to.
fn evidence_url(source: &Source, detail: &str) -> Option<String> {
    let (file, line) = detail.rsplit_once(" line ")?;
    let line: u32 = line.parse().ok()?;
    let git_ref = source.git_ref.as_deref()?;
    Some(format!("{}/-/blob/{git_ref}/{file}#L{line}", source.project_url))
}

/// What is near an entity by its relations.
#[utoipa::path(get, path = "/api/v1/entities/{kind}/{namespace}/{name}/graph", operation_id = "entityGraph", tag = "catalog",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path),
        ("depth" = Option<u8>, Query, description = "1 to 3 relations away, else 1"),
        ("relations" = Option<String>, Query, description = "Types to follow, separated by commas, in either direction; else providesApi, consumesApi and dependsOn")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Graph), (status = 304, description = "As before"),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn graph(
    State(app): State<App>,
    headers: HeaderMap,
    Path((kind, namespace, name)): Path<(String, String, String)>,
    mut params: Params,
) -> Answer {
    let key = key_of_path(&kind, &namespace, &name)?;
    let depth = params.number("depth", 1, 3)?.unwrap_or(1);
    let kinds = relations(&params.all("relations"))?;
    params.end()?;
    let graph = {
        let index = app.catalog.index();
        let view = held(&index, &key)?;
        let graph = index.graph(view.key(), depth, &kinds);
        Graph {
            nodes: graph.nodes.iter().map(|n| node(&index, &n.key, n.depth, n.exists)).collect(),
            edges: graph
                .edges
                .iter()
                .map(|edge| GraphEdge {
                    from: edge.from.to_string(),
                    to: edge.to.to_string(),
                    r#type: edge.kind.as_str(),
                    label: relation_label(edge.kind),
                })
                .collect(),
            truncated: graph.truncated,
        }
    };
    let body = entities::json(&graph)?;
    Ok(etag::json(&headers, body))
}

fn relations(params: &[String]) -> Answer<Vec<RelationType>> {
    let names = params.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let kinds = names
        .map(|name| {
            RelationType::parse(name).ok_or_else(|| {
                let known: Vec<_> = RelationType::ALL.iter().map(|kind| kind.as_str()).collect();
                Failure::bad_request(format!("There is no relation {name:?}; there are {}.", known.join(", ")))
            })
        })
        .collect::<Answer<Vec<_>>>()?;
    Ok(if kinds.is_empty() { FOLLOWED.to_vec() } else { kinds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_read_from_lists_and_repeats() {
        assert_eq!(relations(&[]).expect("default"), FOLLOWED);
        let read = relations(&["ownedBy, PartOf".to_owned(), "dependsOn".to_owned()]).expect("legal");
        assert_eq!(read, [RelationType::OwnedBy, RelationType::PartOf, RelationType::DependsOn]);
        assert!(relations(&["likes".to_owned()]).is_err());
    }
}

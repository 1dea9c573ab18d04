//! What is wrong, over the whole catalog.

use axum::{extract::State, http::HeaderMap};
use catalog::index::{Cursor, ProblemQuery, ProblemSort};
use model::{Code, Severity};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{
    dto::{Facets, ProblemList, ProblemRow},
    entities,
    filters::canonical,
    rows::{label_of, problem, problem_owner, severity, total},
};
use crate::{Answer, Failure, etag, params::Params, services::App, times::Time};

/// What a list of problems is narrowed by.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters that `narrowed` reads")]
pub(crate) struct ProblemFilters {
    /// `error`, `warning` or `note`.
    severity: Option<Vec<String>>,
    /// A code such as `unknown-owner`.
    code: Option<Vec<String>>,
    /// A reference, or `none`.
    owner: Option<Vec<String>>,
    /// The full path of a project.
    project: Option<Vec<String>>,
    /// Words that must all occur.
    q: Option<String>,
}

/// Problems, the worst first, by pages.
#[utoipa::path(get, path = "/api/v1/problems", operation_id = "listProblems", tag = "catalog",
    params(ProblemFilters,
        ("sort" = Option<String>, Query, description = "severity, code, owner, since or ref; `-` before it turns it around"),
        ("cursor" = Option<String>, Query, description = "From nextCursor"),
        ("limit" = Option<u16>, Query, description = "1 to 200, else 50")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = ProblemList), (status = 304, description = "As before"),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>, headers: HeaderMap, mut params: Params) -> Answer {
    let mut query = narrowed(&mut params)?;
    (query.sort, query.descending) = sort(params.one("sort")?.as_deref())?;
    query.cursor = params.one("cursor")?.map(Cursor::new);
    query.limit = params.number("limit", 1, 200)?.unwrap_or(50);
    params.end()?;
    let list = {
        let index = app.catalog.index();
        query.owner.iter_mut().for_each(|owner| *owner = canonical(&index, owner, "group"));
        let page = index.problems(&query)?;
        let row = |row: catalog::index::ProblemRow<'_>| ProblemRow {
            owner: problem_owner(&index, &row.view),
            problem: problem(&row.view, row.problem),
        };
        ProblemList {
            items: page.items.into_iter().map(row).collect(),
            total: page.total,
            all: total(index.problem_counts()),
            next_cursor: page.next.map(|cursor| cursor.to_string()),
            as_of: Time(app.clock.now()),
        }
    };
    let body = entities::json(&list)?;
    Ok(etag::page(&headers, body))
}

/// How many problems there are of each kind, each counted without its own filter.
#[utoipa::path(get, path = "/api/v1/problems/facets", operation_id = "problemFacets", tag = "catalog",
    params(ProblemFilters, ("facet" = Option<Vec<String>>, Query, description = "severity, code or owner; else all three")),
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Facets), (status = 304, description = "As before"),
        (status = "default", description = "A problem", body = crate::openapi::ProblemDetails, content_type = "application/problem+json")))]
pub(super) async fn facets(State(app): State<App>, headers: HeaderMap, mut params: Params) -> Answer {
    let mut wanted = params.all("facet");
    let mut query = narrowed(&mut params)?;
    params.end()?;
    if wanted.is_empty() {
        wanted = ["severity", "code", "owner"].map(str::to_owned).to_vec();
    }
    let facets = {
        let index = app.catalog.index();
        query.owner.iter_mut().for_each(|owner| *owner = canonical(&index, owner, "group"));
        let counted = index.problem_facets(&query);
        let total = index.problems(&ProblemQuery { limit: 0, ..query })?.total;
        let mut facets = Map::new();
        for name in &wanted {
            let values: Vec<Value> = match name.as_str() {
                "severity" => counted
                    .severity
                    .iter()
                    .map(|(s, n)| value(severity(*s).to_owned(), severity(*s).to_owned(), *n))
                    .collect(),
                "code" => {
                    let code = |(c, n): &(Code, u64)| value(c.as_str().to_owned(), c.as_str().replace('-', " "), *n);
                    counted.code.iter().map(code).collect()
                }
                "owner" => {
                    let owner = |(owner, n): &(Option<model::RefKey>, u64)| match owner {
                        Some(key) => value(key.to_string(), label_of(&index, key), *n),
                        None => value("none".to_owned(), "Nobody".to_owned(), *n),
                    };
                    counted.owner.iter().map(owner).collect()
                }
                unknown => return Err(Failure::bad_request(format!("There is no facet {unknown:?}."))),
            };
            facets.insert(name.clone(), Value::Array(values));
        }
        Facets { facets, total, truncated: Vec::new() }
    };
    let body = entities::json(&facets)?;
    Ok(etag::json(&headers, body))
}

fn value(value: String, label: String, count: u64) -> Value {
    json!({ "value": value, "label": label, "count": count })
}

fn narrowed(params: &mut Params) -> Answer<ProblemQuery> {
    Ok(ProblemQuery {
        severity: words::<Severity>(params, "severity")?,
        code: words::<Code>(params, "code")?,
        owner: params.all("owner"),
        project: params.all("project"),
        words: params.one("q")?.unwrap_or_default(),
        ..ProblemQuery::default()
    })
}

/// The model's own spelling of its words decides which exist.
fn words<T: DeserializeOwned>(params: &mut Params, name: &str) -> Answer<Vec<T>> {
    let read = |text: String| {
        serde_json::from_value(Value::String(text.clone()))
            .map_err(|_| Failure::bad_request(format!("There is no {name} {text:?}.")))
    };
    params.all(name).into_iter().map(read).collect()
}

fn sort(text: Option<&str>) -> Answer<(ProblemSort, bool)> {
    let text = text.unwrap_or("severity");
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let sort = match name {
        "severity" => ProblemSort::Severity,
        "code" => ProblemSort::Code,
        "owner" => ProblemSort::Owner,
        "since" => ProblemSort::Since,
        "ref" => ProblemSort::Ref,
        _ => {
            return Err(Failure::bad_request(format!(
                "sort {text:?}: use severity, code, owner, since or ref, with - before it to turn it around."
            )));
        }
    };
    Ok((sort, descending))
}

//! Checking an entity before it is written, and what is known of a repository that somebody wants to register.

use axum::{
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use catalog::{
    format::check_value,
    index::{Filter, Index, Query, View},
};
use model::{Origin, Severity};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{body, locations::Input};
use crate::{Answer, Failure, etag, services::App};

#[derive(Debug, Deserialize)]
struct Validate {
    entity: Value,
    location: String,
}

/// Is this entity one that the catalog would take?
#[utoipa::path(post, path = "/api/catalog/validate-entity", operation_id = "catalogValidateEntity", tag = "backstage",
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, description = "It is"), (status = 400, description = "`errors` says why not", body = Object)))]
pub(super) async fn validate(bytes: Bytes) -> Response {
    match faults(&bytes) {
        Ok(faults) if faults.is_empty() => StatusCode::OK.into_response(),
        Ok(faults) => refused(&faults),
        Err(failure) => refused(&[failure.detail().to_owned()]),
    }
}

fn refused(faults: &[String]) -> Response {
    let errors: Vec<Value> = faults.iter().map(|fault| json!({ "name": "InputError", "message": fault })).collect();
    (StatusCode::BAD_REQUEST, etag::plain(json!({ "errors": errors }).to_string())).into_response()
}

fn faults(bytes: &Bytes) -> Answer<Vec<String>> {
    let asked: Validate = body(bytes)?;
    if asked.location.strip_prefix("url:").is_none_or(str::is_empty) {
        return Err(Failure::bad_request(format!(
            "Invalid location ref {}, only 'url:<target>' is supported, e.g. url:https://host/path",
            asked.location
        )));
    }
    let (accepted, problems) = check_value(&asked.entity);
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let mut faults: Vec<String> = errors
        .map(|problem| match &problem.pointer {
            Some(field) => format!("{field}: {}. {}", problem.message, problem.remedy),
            None => format!("{}. {}", problem.message, problem.remedy),
        })
        .collect();
    if accepted.is_none() && faults.is_empty() {
        faults.push("the catalog would not take this entity".to_owned());
    }
    Ok(faults)
}

#[derive(Debug, Deserialize)]
struct Analyze {
    location: Input,
}

/// The catalog files that are known at an address, or a description to begin with.
#[utoipa::path(post, path = "/api/catalog/analyze-location", operation_id = "catalogAnalyzeLocation", tag = "backstage",
    request_body = Object,
    extensions(("x-stagedoor-action" = json!("Read"))),
    responses((status = 200, body = Object)))]
pub(super) async fn analyze(State(app): State<App>, bytes: Bytes) -> Answer {
    let asked: Analyze = body(&bytes)?;
    let not_url = || Failure::bad_request("The given location.target is not a URL");
    if asked.location.r#type != "url" {
        return Err(not_url());
    }
    let target = Url::parse(&asked.location.target).ok().filter(Url::has_host).ok_or_else(not_url)?;
    let index = app.catalog.index();
    let known = of_repository(&index, &target)?;
    let files: Vec<Value> = known.iter().filter(|view| view.entity().source.file.is_some()).map(existing).collect();
    let generated = if files.is_empty() { vec![generated(known.first(), &target)] } else { Vec::new() };
    Ok(etag::plain(json!({ "existingEntityFiles": files, "generateEntities": generated }).to_string()))
}

/// Every entity whose project has this address: paths may be followed by `/-/…` or `.git`.
fn of_repository<'a>(index: &'a Index, target: &Url) -> Answer<Vec<View<'a>>> {
    let path = target.path().split("/-/").next().unwrap_or_default();
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    let mut address = target.clone();
    address.set_query(None);
    address.set_fragment(None);
    address.set_path(path);
    let address = address.as_str().trim_end_matches('/').to_lowercase();
    // The instance may live below a path, so every ending of it may be the project's full path.
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let endings = (0..segments.len()).filter_map(|from| segments.get(from..)).map(|rest| rest.join("/"));
    let filter = Filter::any_of("stagedoor.project", endings);
    let page = index.query(&Query { filter, limit: index.len(), ..Query::default() })?;
    let here = |view: &View<'_>| {
        let source = &view.entity().source;
        source.project_url.trim_end_matches('/').to_lowercase() == address && view.entity().origin != Origin::Directory
    };
    Ok(page.items.into_iter().filter(here).collect())
}

fn existing(view: &View<'_>) -> Value {
    let entity: Value = serde_json::from_str(&view.json(None)).unwrap_or_default();
    json!({
        "location": { "type": "url", "target": view.entity().source.url() },
        "isRegistered": true,
        "entity": entity,
    })
}

/// What was inferred of the project, else what its address says.
fn generated(inferred: Option<&View<'_>>, target: &Url) -> Value {
    let Some(view) = inferred else {
        let name = target.path().split("/-/").next().unwrap_or_default().trim_end_matches('/').rsplit('/').next();
        let name = name.unwrap_or_default().trim_end_matches(".git");
        return json!({ "fields": [], "entity": {
            "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
            "metadata": { "name": name }, "spec": { "type": "other", "lifecycle": "unknown" },
        }});
    };
    let entity: Value = serde_json::from_str(&view.entity().body).unwrap_or_default();
    let fields = view.entity().facts.iter().map(|fact| {
        json!({ "field": fact.field, "state": "analysisSuggestedValue", "value": fact.value, "description": fact.because })
    });
    json!({ "entity": entity, "fields": fields.collect::<Vec<_>>() })
}

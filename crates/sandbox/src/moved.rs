//! Projects that were asked for by a path they had before. GitLab leads a GET of its API there by the project's number
//! and refuses the rest; its pages lead to the page of the new path.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::auth::Viewer;
use crate::errors::ApiError;

const PROJECTS: &str = "/api/v4/projects/";

fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The answer to a request of the API for a project that has moved; `None` for any other request.
pub(crate) fn api(app: &App, viewer: &Viewer, request: &Request) -> Option<Response> {
    let rest = request.uri().path().strip_prefix(PROJECTS)?;
    let (id, below) = rest.split_once('/').map_or((rest, String::new()), |(id, below)| (id, format!("/{below}")));
    let path = decoded(id).filter(|path| path.contains('/'))?;
    if app.world.project_at(&path).is_some() {
        return None;
    }
    let project = app.world.project_once_at(&path).filter(|project| viewer.sees(&app.world, project))?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let text = "405 Method Not Allowed - Non GET methods are not allowed for moved projects";
        return Some(ApiError::message(StatusCode::METHOD_NOT_ALLOWED, text).into_response());
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{}{PROJECTS}{}{below}{query}", app.url, project.id);
    let text = format!("This resource has been moved permanently to {target}");
    Some(redirect(StatusCode::MOVED_PERMANENTLY, &target, text))
}

/// The same for a page; `front` is what comes before `/-/`.
pub(crate) fn page(app: &App, front: &str, rest: &str) -> Option<Response> {
    let project = app.world.project_once_at(front)?;
    let rest = if rest.is_empty() { String::new() } else { format!("/-/{rest}") };
    let target = format!("{}/{}{rest}", app.url, project.path);
    Some(redirect(StatusCode::FOUND, &target, String::new()))
}

fn redirect(status: StatusCode, target: &str, body: String) -> Response {
    let mut response = (status, body).into_response();
    if let Ok(target) = HeaderValue::from_str(target) {
        response.headers_mut().insert(header::LOCATION, target);
    }
    response
}

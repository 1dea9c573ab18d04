//! Errors in the shape of the surface that was asked.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
};
use model::RequestId;
use serde::Serialize;
use serde_json::Value;

use crate::Failure;

/// What a rejection of the framework may say at most.
const LONGEST_REJECTION: usize = 4 << 10;

/// Gives an error answer its body. Answers that have a JSON body of their own keep it.
pub(super) async fn failure(mut response: Response, method: &Method, uri: &Uri, id: &RequestId) -> Response {
    let failure = match response.extensions_mut().remove::<Failure>() {
        Some(failure) => failure,
        None if is_json(&response) => return response,
        None => {
            let status = response.status();
            let body = std::mem::take(response.body_mut());
            // The framework's own rejections are short plain texts that name the fault.
            let text = to_bytes(body, LONGEST_REJECTION).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            Failure::new(status, slug_of(status), if text.is_empty() { detail_of(status).to_owned() } else { text })
        }
    };
    let (kind, body) = if uri.path().starts_with("/api/catalog/") {
        ("application/json; charset=utf-8", catalog_shape(&failure, method, uri))
    } else {
        ("application/problem+json", problem(&failure, uri, id))
    };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    *response.body_mut() = Body::from(body);
    response
}

fn is_json(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    errors: &'a [Value],
}

fn problem(failure: &Failure, uri: &Uri, id: &RequestId) -> String {
    let problem = Problem {
        r#type: format!("urn:stagedoor:problem:{}", failure.slug()),
        title: failure.status().canonical_reason().unwrap_or("Error"),
        status: failure.status().as_u16(),
        detail: failure.detail(),
        instance: uri.path(),
        request_id: id.as_str(),
        errors: failure.errors(),
    };
    // Strings and JSON values always serialise; an empty body would still have its status.
    serde_json::to_string(&problem).unwrap_or_default()
}

/// The shape that the catalog API's clients parse errors from.
fn catalog_shape(failure: &Failure, method: &Method, uri: &Uri) -> String {
    let name = match failure.status() {
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY => "InputError",
        StatusCode::UNAUTHORIZED => "AuthenticationError",
        StatusCode::FORBIDDEN => "NotAllowedError",
        StatusCode::NOT_FOUND => "NotFoundError",
        StatusCode::CONFLICT => "ConflictError",
        StatusCode::NOT_IMPLEMENTED => "NotImplementedError",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailableError",
        _ => "Error",
    };
    serde_json::json!({
        "error": { "name": name, "message": failure.detail() },
        "request": { "method": method.as_str(), "url": uri.path_and_query().map_or("/", |p| p.as_str()) },
        "response": { "statusCode": failure.status().as_u16() },
    })
    .to_string()
}

fn slug_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::REQUEST_TIMEOUT => "timeout",
        status if status.is_server_error() => "internal",
        _ => "bad-request",
    }
}

fn detail_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            "This address does not take this method; the Allow header names those it takes."
        }
        StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than this address takes.",
        StatusCode::REQUEST_TIMEOUT => "The request took too long and was given up.",
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        status => status.canonical_reason().unwrap_or("The request was refused."),
    }
}

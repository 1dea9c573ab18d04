//! Conditional answers: an ETag over the body, and 304 to a caller who has it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha1::Digest as _;

use crate::errors::ApiError;

/// Whether and how the caller wants a conditional answer.
pub(crate) struct Asked {
    reads: bool,
    known: Option<String>,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Self { reads, known }
    }

    /// Adds a weak ETag over the body, as GitLab's middleware does, and answers 304 to a caller who has it.
    pub(crate) async fn answer(self, response: Response) -> Response {
        if !self.reads || response.status() != StatusCode::OK {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
            return ApiError::internal(&anyhow::anyhow!("an answer's body broke off")).into_response();
        };
        let tag = format!("W/\"{}\"", &hex::encode(sha1::Sha1::digest(&bytes))[..32]);
        if let Ok(value) = HeaderValue::from_str(&tag) {
            parts.headers.insert(header::ETAG, value);
        }
        let cache = HeaderValue::from_static("max-age=0, private, must-revalidate");
        parts.headers.insert(header::CACHE_CONTROL, cache);
        let same = self.known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag || one.trim() == "*"));
        if same {
            parts.status = StatusCode::NOT_MODIFIED;
            parts.headers.remove(header::CONTENT_TYPE);
            parts.headers.remove(header::CONTENT_LENGTH);
            return Response::from_parts(parts, Body::empty());
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

//! Errors of the rooms below, as answers.

use axum::http::StatusCode;
use catalog::{CatalogError, index::QueryError};
use serde_json::json;

use crate::Failure;

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let slug = match &error {
            QueryError::Cursor => "cursor",
            QueryError::Filter(_) | QueryError::Predicate(_) | QueryError::Order(_) => "query",
        };
        Self::new(StatusCode::BAD_REQUEST, slug, sentence(&error))
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        match &error {
            CatalogError::Unknown { .. } => Self::not_found(sentence(&error)),
            CatalogError::Discovery(faults) => {
                let failure = Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "discovery",
                    "What should be found cannot be followed.",
                );
                faults.iter().fold(failure, |failure, fault| {
                    let detail = format!("{}; {}.", fault.message, fault.remedy);
                    failure.with_error(json!({"pointer": fault.pointer, "detail": detail}))
                })
            }
            CatalogError::Stopping => Self::unavailable(sentence(&error)),
            CatalogError::Store(inside) => {
                tracing::error!(error = %inside, "the store does not answer");
                Self::unavailable("The database does not answer. Ask again in a moment; the log has the reason.")
            }
        }
    }
}

fn sentence(error: &dyn std::error::Error) -> String {
    format!("{error}.")
}

//! Errors of the rooms below, as answers.

use axum::http::StatusCode;
use broker::BrokerError;
use catalog::{CatalogError, index::QueryError};
use serde_json::json;

use crate::{Failure, v1::ConnectionReport};

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

impl From<BrokerError> for Failure {
    fn from(error: BrokerError) -> Self {
        match error {
            BrokerError::Unknown(_) => Self::not_found(sentence(&error)),
            BrokerError::Taken(_) => Self::new(StatusCode::CONFLICT, "name-taken", sentence(&error)),
            BrokerError::Declared(_) => Self::new(StatusCode::CONFLICT, "declared", sentence(&error)),
            BrokerError::SameInstance { .. } => Self::new(StatusCode::CONFLICT, "same-instance", sentence(&error)),
            BrokerError::Elsewhere { .. } => Self::new(StatusCode::CONFLICT, "elsewhere", sentence(&error)),
            BrokerError::Fails(ref report) => {
                let detail = sentence(&error);
                // The hour of the report: days left are counted from there.
                let report = ConnectionReport::of((**report).clone(), report.checked_at);
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "connection-fails", detail)
                    .with_error(serde_json::json!({ "report": report }))
            }
            BrokerError::Invalid { .. } => Self::bad_request(sentence(&error)),
            BrokerError::Gitlab(upstream) => {
                let detail = format!("{}. {}.", first_upper(&upstream.message), first_upper(&upstream.remedy));
                // What somebody can mend by asking otherwise is no failure of GitLab.
                let status = match upstream.whose {
                    gitlab::Whose::Caller => StatusCode::UNPROCESSABLE_ENTITY,
                    gitlab::Whose::Upstream | gitlab::Whose::Ours => StatusCode::BAD_GATEWAY,
                };
                Self::new(status, "gitlab", detail)
                    .with_error(serde_json::json!({ "code": upstream.kind.as_str(), "remedy": upstream.remedy }))
            }
            BrokerError::OnlyInMemory(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "only-in-memory", sentence(&error))
            }
            BrokerError::Seal(inside) => {
                tracing::error!(error = %inside, "a secret cannot be used");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "sealed", first_upper(&format!("{inside}.")))
            }
            BrokerError::Store(inside) => {
                tracing::error!(error = %inside, "the store does not answer");
                Self::unavailable("The database does not answer. Ask again in a moment; the log has the reason.")
            }
            BrokerError::Record(inside) => Self::internal(&inside),
        }
    }
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

fn sentence(error: &dyn std::error::Error) -> String {
    first_upper(&format!("{error}."))
}

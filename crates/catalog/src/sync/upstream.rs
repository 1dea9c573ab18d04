//! How a reading fails, and how that is told.

use model::Millis;

use crate::status::UpstreamError;

/// Why a reading did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Gitlab(#[from] gitlab::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("a project cannot be kept: {0}")]
    Record(#[from] serde_json::Error),
    #[error("GitLab did not answer for all of it: {0}")]
    Unanswered(String),
    #[error("the connection was replaced or removed")]
    Ended,
    #[error("no room of this process does {0:?}")]
    Unknown(String),
}

impl Failure {
    /// GitLab's own word for when it may be asked again.
    pub(super) fn not_before(&self) -> Option<Millis> {
        match self {
            Self::Gitlab(gitlab::Error { kind: gitlab::Kind::RateLimited { until }, .. }) => *until,
            _ => None,
        }
    }

    pub(super) fn told(&self) -> UpstreamError {
        match self {
            Self::Gitlab(error) => UpstreamError {
                code: error.kind.as_str().to_owned(),
                message: error.message.clone(),
                remedy: error.remedy.clone(),
                whose: match error.whose {
                    gitlab::Whose::Ours => "ours",
                    gitlab::Whose::Upstream => "upstream",
                    gitlab::Whose::Caller => "caller",
                }
                .to_owned(),
                retry: true,
            },
            _ => UpstreamError {
                code: "store".to_owned(),
                message: self.to_string(),
                remedy: "Look at the disk and the database of Stagedoor.".to_owned(),
                whose: "ours".to_owned(),
                retry: true,
            },
        }
    }
}

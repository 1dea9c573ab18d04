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

    /// Was the token refused? Asking again does not help, and too often locks us out.
    pub(super) fn is_refused_token(&self) -> bool {
        matches!(self, Self::Gitlab(gitlab::Error { kind: gitlab::Kind::Unauthorized(_), .. }))
    }

    /// Would anything else that is asked of this GitLab, or of our database, fail now as well? Then the job is not to blame.
    pub(super) fn is_of_all(&self) -> bool {
        match self {
            Self::Gitlab(error) => matches!(
                error.kind,
                gitlab::Kind::Unauthorized(_)
                    | gitlab::Kind::RateLimited { .. }
                    | gitlab::Kind::Unreachable(_)
                    | gitlab::Kind::Proxy(_)
                    | gitlab::Kind::Certificate(_)
                    | gitlab::Kind::Configuration
            ),
            Self::Store(error) => !matches!(error, store::Error::Damaged { .. }),
            Self::Ended => true,
            Self::Record(_) | Self::Unanswered(_) | Self::Unknown(_) => false,
        }
    }

    pub(super) fn told(&self) -> UpstreamError {
        match self {
            Self::Gitlab(error) => UpstreamError {
                code: code(&error.kind).to_owned(),
                message: error.message.clone(),
                remedy: remedy(error),
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

/// The stable name of an error of GitLab's; what is wrong with a token is told apart, because it is mended differently.
fn code(kind: &gitlab::Kind) -> &'static str {
    match kind {
        gitlab::Kind::Unauthorized(gitlab::Unauthorized::Expired) => "token-expired",
        gitlab::Kind::Unauthorized(gitlab::Unauthorized::Revoked) => "token-revoked",
        gitlab::Kind::Unauthorized(gitlab::Unauthorized::Unknown) => "token-refused",
        other => other.as_str(),
    }
}

fn remedy(error: &gitlab::Error) -> String {
    let what = match error.kind {
        gitlab::Kind::Unauthorized(gitlab::Unauthorized::Expired) => "Create a new token in GitLab",
        // Rotating ends the old token at once, and GitLab does not say which of the two it was.
        gitlab::Kind::Unauthorized(gitlab::Unauthorized::Revoked) => {
            "If somebody rotated the token, take the one that came out of it, else create a new one in GitLab"
        }
        gitlab::Kind::Unauthorized(gitlab::Unauthorized::Unknown) => {
            "Check that the token belongs to this GitLab and is complete, or create a new one"
        }
        _ => return error.remedy.clone(),
    };
    format!("{what}, and give it to this connection. Nothing was removed; it is tried once a minute until then.")
}

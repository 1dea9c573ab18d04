//! Who wrote what was committed lately.

use model::{Millis, ProjectId};
use serde::Deserialize;

use crate::{Gitlab, error::Error, rest};

/// The author of one commit, as git recorded them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct CommitAuthor {
    /// The name, as the author configured it.
    #[serde(rename = "author_name", default)]
    pub name: String,
    /// The address, as the author configured it.
    #[serde(rename = "author_email", default)]
    pub email: String,
}

impl Gitlab {
    /// The authors of the newest commits on the default branch since a time, one for each commit, at most a hundred; one
    /// request.
    ///
    /// # Errors
    /// [`crate::Kind::NotFound`] also for a repository that has no commit or that the token may not read.
    pub async fn commit_authors(&self, project: ProjectId, since: Millis) -> Result<Vec<CommitAuthor>, Error> {
        let since = rest::instant(since)?;
        let query = rest::query(&[("since", &since), ("per_page", "100"), ("with_stats", "false")]);
        let path = format!("api/v4/projects/{project}/repository/commits");
        self.get_page("GET /api/v4/projects/:id/repository/commits", &path, query).await.map(|(rows, _)| rows)
    }
}

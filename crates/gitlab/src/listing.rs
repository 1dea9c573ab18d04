//! Lists that are cheap for GitLab: which projects there are, and in which something happened.

use http::HeaderMap;
use model::{Millis, ProjectId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::{Gitlab, Scope, error::Error, rest};

/// GitLab moves `last_activity_at` of a project only when it is more than an hour old
/// (`Event::RESET_PROJECT_ACTIVITY_INTERVAL`), so a push within the hour after another leaves no trace there.
const ACTIVITY_BLUR: Millis = 60 * 60 * 1000;

/// Pages of a group's projects, newest activity first, after which the rest is left to the pass.
const MOST_ACTIVE_PAGES: u32 = 10;

/// A project as a list names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Listed {
    /// Survives renames and moves.
    pub id: ProjectId,
    /// The full path.
    #[serde(rename = "path_with_namespace")]
    pub path: String,
    /// Its topics.
    #[serde(default)]
    pub topics: Vec<String>,
    /// When something last happened there, as GitLab writes it.
    #[serde(default)]
    last_activity_at: Option<String>,
    #[serde(default)]
    forked_from_project: Option<serde::de::IgnoredAny>,
}

impl Listed {
    /// Was it made from another project?
    #[must_use]
    pub fn forked(&self) -> bool {
        self.forked_from_project.is_some()
    }
}

/// One page of [`Listed`].
#[derive(Debug, Clone, PartialEq)]
pub struct ListedPage {
    /// The projects.
    pub items: Vec<Listed>,
    /// How many there are over all pages; GitLab does not say above 10,000.
    pub total: Option<u64>,
    /// Is there another page?
    pub more: bool,
}

#[derive(Debug, Deserialize)]
struct ListedGroup {
    full_path: String,
}

impl Gitlab {
    /// A page of projects without anything of their repositories, from 1. `archived` absent: both.
    ///
    /// # Errors
    /// [`crate::Kind::NotFound`] for a group that the token does not see.
    pub async fn list_projects(
        &self,
        scope: Scope<'_>,
        topics: &[String],
        archived: Option<bool>,
        page: u32,
    ) -> Result<ListedPage, Error> {
        let topics = topics.join(",");
        let (number, size) = (page.to_string(), self.transport().limits().page.to_string());
        let mut pairs =
            vec![("page", number.as_str()), ("per_page", size.as_str()), ("order_by", "id"), ("sort", "desc")];
        if !topics.is_empty() {
            pairs.push(("topic", &topics));
        }
        if let Some(archived) = archived {
            pairs.push(("archived", if archived { "true" } else { "false" }));
        }
        let (route, path) = place(scope, &mut pairs);
        let (items, headers) = self.get_page(route, &path, rest::query(&pairs)).await?;
        Ok(ListedPage { items, total: total(&headers), more: rest::next_query(&headers, self.url()).is_some() })
    }

    /// The projects of a scope in which something may have happened since, by id.
    ///
    /// GitLab notes activity at most once an hour, so this also gives what was active in the hour before. A group's list
    /// cannot be asked so: it is read from the newest activity on, one page in quiet times.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub async fn active_in(&self, scope: Scope<'_>, since: Millis) -> Result<Vec<Listed>, Error> {
        let since = since.saturating_sub(ACTIVITY_BLUR);
        let size = self.transport().limits().page.to_string();
        if let Scope::Group { .. } = scope {
            return self.active_in_group(scope, since, &size).await;
        }
        let text = rest::instant(since)?;
        let mut pairs = vec![
            ("simple", "true"),
            ("last_activity_after", text.as_str()),
            ("pagination", "keyset"),
            ("order_by", "id"),
            ("sort", "asc"),
            ("per_page", &size),
        ];
        let (route, path) = place(scope, &mut pairs);
        self.get_all(route, &path, rest::query(&pairs)).await
    }

    async fn active_in_group(&self, scope: Scope<'_>, since: Millis, size: &str) -> Result<Vec<Listed>, Error> {
        let mut found = Vec::new();
        for page in 1..=MOST_ACTIVE_PAGES {
            let number = page.to_string();
            let mut pairs = vec![
                ("simple", "true"),
                ("order_by", "last_activity_at"),
                ("sort", "desc"),
                ("page", number.as_str()),
                ("per_page", size),
            ];
            let (route, path) = place(scope, &mut pairs);
            let (rows, headers) = self.get_page::<Listed>(route, &path, rest::query(&pairs)).await?;
            let all = rows.len();
            let active = rows.into_iter().filter(|row| {
                let at = row.last_activity_at.as_deref().and_then(crate::types::instant);
                at.is_none_or(|at| at >= since)
            });
            let before = found.len();
            found.extend(active);
            if found.len() - before < all || rest::next_query(&headers, self.url()).is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// A page of full paths of groups, from 1: those below `top`, or those that the token's user is a member of; how many
    /// there are, and whether there is another page.
    ///
    /// # Errors
    /// When the page cannot be read.
    pub async fn list_groups(&self, top: Option<&str>, page: u32) -> Result<(Vec<String>, Option<u64>, bool), Error> {
        let (number, size) = (page.to_string(), self.transport().limits().page.to_string());
        let mut pairs = vec![("page", number.as_str()), ("per_page", size.as_str()), ("order_by", "id")];
        let (route, path) = if let Some(top) = top {
            let path = format!("api/v4/groups/{}/descendant_groups", utf8_percent_encode(top, NON_ALPHANUMERIC));
            ("GET /api/v4/groups/:id/descendant_groups", path)
        } else {
            pairs.push(("min_access_level", "10"));
            ("GET /api/v4/groups", "api/v4/groups".to_owned())
        };
        let (rows, headers) = self.get_page::<ListedGroup>(route, &path, rest::query(&pairs)).await?;
        let more = rest::next_query(&headers, self.url()).is_some();
        Ok((rows.into_iter().map(|row| row.full_path).collect(), total(&headers), more))
    }
}

/// The list of a scope, and what narrows it.
fn place(scope: Scope<'_>, pairs: &mut Vec<(&'static str, &str)>) -> (&'static str, String) {
    match scope {
        Scope::Member => {
            pairs.insert(0, ("membership", "true"));
            ("GET /api/v4/projects", "api/v4/projects".to_owned())
        }
        Scope::Visible => ("GET /api/v4/projects", "api/v4/projects".to_owned()),
        Scope::Group { path, nested } => {
            pairs.push(("include_subgroups", if nested { "true" } else { "false" }));
            pairs.push(("with_shared", "false"));
            let path = utf8_percent_encode(path, NON_ALPHANUMERIC);
            ("GET /api/v4/groups/:id/projects", format!("api/v4/groups/{path}/projects"))
        }
    }
}

fn total(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-total")?.to_str().ok()?.parse().ok()
}

//! GraphQL: the envelope, its errors, and pages that shrink when GitLab finds a question too expensive.
//!
//! Errors come beside data with status 200. An [`Answer`] holds both, and whoever asked decides what is usable.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    Gitlab,
    error::{Error, Kind, Unauthorized},
    refusal,
    transport::Request,
};

/// GitLab refuses a longer text with `Query too large`.
const LONGEST_QUERY: usize = 10_000;

/// A query and the name under which logs and metrics know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    /// `POST /api/graphql` and the operation's name.
    pub(crate) route: &'static str,
    pub(crate) text: &'a str,
}

/// One entry of `errors`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fault {
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) path: Vec<Value>,
}

impl Fault {
    /// Does this fault lie at or below `path`?
    pub(crate) fn is_below(&self, path: &[Value]) -> bool {
        self.path.starts_with(path)
    }

    /// The path as people read it: `projects.nodes.3.repository`.
    pub(crate) fn place(&self) -> String {
        let part = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        self.path.iter().map(part).collect::<Vec<_>>().join(".")
    }
}

/// Data and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    pub(crate) data: T,
    pub(crate) faults: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
struct Envelope<T> {
    #[serde(default = "Option::default")]
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Fault>,
}

/// The page marker of a connection.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl PageInfo {
    /// The cursor of the next page, if there is one.
    ///
    /// # Errors
    /// When GitLab says there is more without saying where, or leads back to where we were.
    pub(crate) fn next(self, after: Option<&str>, route: &'static str) -> Result<Option<String>, Error> {
        if !self.has_next_page {
            return Ok(None);
        }
        match self.end_cursor {
            Some(cursor) if !cursor.is_empty() && Some(cursor.as_str()) != after => Ok(Some(cursor)),
            _ => Err(malformed("the next page is announced without a way to it").on(route)),
        }
    }
}

/// An answer whose JSON is not what GitLab promises.
pub(crate) fn malformed(what: &str) -> Error {
    Error::upstream(
        Kind::Malformed,
        format!("GitLab's answer cannot be read: {what}"),
        "check that nothing between here and GitLab changes answers, and report this with the version of GitLab",
    )
}

impl Gitlab {
    /// Asks one query.
    ///
    /// # Errors
    /// When there is no data at all. Partial data comes back with its faults.
    pub(crate) async fn graphql<T: DeserializeOwned>(
        &self,
        query: Query<'_>,
        variables: &Value,
    ) -> Result<Answer<T>, Error> {
        match self.graphql_once(query, variables).await {
            Err(error) if error.kind == Kind::Unauthorized(Unauthorized::Unknown) => Err(self.diagnosed(error).await),
            other => other,
        }
    }

    async fn graphql_once<T: DeserializeOwned>(&self, query: Query<'_>, variables: &Value) -> Result<Answer<T>, Error> {
        if query.text.chars().count() > LONGEST_QUERY {
            return Err(Error::ours(Kind::TooLarge, "a query is longer than GitLab takes").on(query.route));
        }
        let body = json!({ "query": query.text, "variables": variables });
        let request = Request {
            method: http::Method::POST,
            route: query.route,
            path: "api/graphql".to_owned(),
            query: None,
            body: Some(body.to_string().into()),
            // Only queries pass here; mutations need a permit and have their own way.
            safe: true,
        };
        let response = self.transport().send(&request).await?;
        let envelope: Envelope<T> = serde_json::from_slice(&response.body)
            .map_err(|e| malformed(&self.transport().quoted(&e.to_string())).on(query.route))?;
        let faults = envelope.errors;
        match envelope.data {
            Some(data) => {
                for fault in &faults {
                    tracing::debug!(route = query.route, place = fault.place(), "GitLab answered in part");
                }
                Ok(Answer { data, faults })
            }
            None => Err(self.fault(faults.first(), query.route)),
        }
    }

    /// What a fault means when there is nothing to use beside it.
    pub(crate) fn fault(&self, fault: Option<&Fault>, route: &'static str) -> Error {
        let Some(fault) = fault else { return malformed("neither data nor errors").on(route) };
        let says = self.transport().quoted(&fault.message);
        classify(&says).status(200).on(route)
    }

    /// GraphQL answers `Invalid token` whatever is wrong with it; REST knows more.
    async fn diagnosed(&self, error: Error) -> Error {
        match self.own_token().await {
            Ok(token) if !token.reads_api() => {
                let needed = vec!["read_api".to_owned(), "api".to_owned()];
                let found = refusal::lacks_scope(needed).on(error.route);
                Error { status: error.status, ..found }
            }
            Err(told) if matches!(told.kind, Kind::Unauthorized(_)) => Error { route: error.route, ..told },
            _ => error,
        }
    }
}

fn classify(says: &str) -> Error {
    let quoted = format!("GitLab says {says:?}");
    if says.contains("exceeds max complexity") || says.contains("exceeds max depth") {
        return Error::upstream(
            Kind::Complexity { cost: cost(says) },
            quoted,
            "raise the limit or ask for less at once",
        );
    }
    if says.contains("Request timed out") || says.starts_with("Timeout on ") {
        return refusal::too_slow(says);
    }
    if says.contains("Max blobs size limit") {
        return Error::upstream(Kind::TooLarge, quoted, "ask for less at once");
    }
    if says.contains("requested too many times") {
        return Error::passing(Kind::RateLimited { until: None }, quoted, "try again later");
    }
    if says.contains("doesn't exist on type") || says.contains("doesn't accept argument") {
        return Error::upstream(Kind::Unsupported, quoted, "update GitLab; Stagedoor needs 16.0 or newer");
    }
    if says.contains("does not exist or you don't have permission") {
        return Error::caller(Kind::NotFound, quoted, "check that the token's user may see it");
    }
    if says.contains("Internal server error") {
        return Error::passing(Kind::Server, quoted, "try again later; if it stays so, look at GitLab's own logs");
    }
    Error::upstream(Kind::Rejected, quoted, "report this with the version of GitLab")
}

/// Reads `Query has complexity of 1733, which exceeds max complexity of 250`.
fn cost(says: &str) -> Option<(u32, u32)> {
    let mut numbers = says.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

#[cfg(test)]
mod tests;

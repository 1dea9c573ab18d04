//! The query of a list of projects: its text, its variables and its cost follow from what is wanted.

use serde_json::{Value, json};

use crate::{
    Listing, Scope, Want, cost,
    error::{Error, Kind},
    graphql::Fault,
};

const PAGE: &str = "POST /api/graphql CatalogPage";
const GROUP_PAGE: &str = "POST /api/graphql CatalogGroupPage";

/// One query cannot ask for more, because `first` is cut there.
const MOST_PATHS: usize = cost::LARGEST_PAGE as usize;

/// What is asked of each project.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) listing: &'a Listing<'a>,
    paths: &'a [&'a str],
    /// Of paths.
    pub(super) count: u32,
}

impl<'a> Ask<'a> {
    pub(super) fn of(listing: &'a Listing<'a>, want: &Want<'a>) -> Result<Self, Error> {
        Ok(Self { listing, paths: want.paths, count: checked(want)? })
    }

    /// The branch to look at instead of the default one. It matters only where files are wanted.
    pub(super) fn branch(&self) -> Option<&'a str> {
        self.listing.branch.filter(|_| self.count > 0)
    }

    pub(super) fn fallback(&self) -> Option<&'a str> {
        self.branch().and(self.listing.fallback_branch)
    }

    /// Does a fault only say that a project does not have the branch? Some versions say so, others name no files.
    pub(super) fn is_absent_branch(&self, fault: &Fault) -> bool {
        self.branch().is_some() && fault.message == "Ref is not valid"
    }

    pub(super) fn selection(&self) -> String {
        let blobs = match (self.count, self.branch()) {
            (0, _) => "",
            (_, None) => " blobs(paths: $paths, first: $nb) { nodes { path oid rawSize } }",
            // GitLab names no files of a branch that is not there, and gives no reason.
            (_, Some(_)) => {
                " branch: tree(ref: $ref) { lastCommit { sha } } \
                 blobs(paths: $paths, ref: $ref, first: $nb) { nodes { path oid rawSize } }"
            }
        };
        let fallback = self.fallback().map_or(
            "",
            |_| " fallback: blobs(paths: $paths, ref: $fallback, first: $nb) { nodes { path oid rawSize } }",
        );
        let forked = if self.listing.forks { "isForked " } else { "" };
        format!(
            "nodes {{ id fullPath name description webUrl archived visibility lastActivityAt topics {forked}\
             group {{ id fullPath name webUrl }} namespace {{ fullPath }} languages {{ name share }} \
             repository {{ rootRef empty{blobs}{fallback} }} }}"
        )
    }

    /// Ten for the plain fields, five and two for group and namespace, four for languages, five for the repository.
    pub(super) fn cost(&self) -> u32 {
        let blobs = if self.count == 0 { 0 } else { cost::blobs(self.count, 3) };
        // `tree` and `lastCommit` ask Gitaly and have a resolver each.
        let branch = if self.branch().is_some() { 6 } else { 0 };
        let fallback = if self.fallback().is_some() { blobs } else { 0 };
        26 + u32::from(self.listing.forks) + blobs + branch + fallback
    }

    pub(super) fn arguments(&self) -> String {
        let mut text = if self.count == 0 { String::new() } else { ", $paths: [String!]!, $nb: Int!".to_owned() };
        text.push_str(self.branch().map_or("", |_| ", $ref: String"));
        text.push_str(self.fallback().map_or("", |_| ", $fallback: String"));
        text
    }

    pub(super) fn variables(&self, mut variables: Value) -> Value {
        if self.count > 0 {
            variables["paths"] = json!(self.paths);
            variables["nb"] = json!(self.count);
        }
        if let Some(branch) = self.branch() {
            variables["ref"] = json!(branch);
        }
        if let Some(fallback) = self.fallback() {
            variables["fallback"] = json!(fallback);
        }
        variables
    }

    /// The query of one page and where in its answer the projects stand.
    pub(super) fn page(&self, first: bool) -> (&'static str, String, &'static [&'static str]) {
        // Counting is a query of its own for GitLab's database: once is enough.
        let count = if first { "count " } else { "" };
        let (arguments, selection) = (self.arguments(), self.selection());
        let list = |name: &str, filter: &str| {
            format!(
                "{name}({filter}first: $n, after: $after) {{ {count}pageInfo {{ hasNextPage endCursor }} {selection} }}"
            )
        };
        if let Scope::Group { .. } = self.listing.scope {
            let list = list("projects", "includeSubgroups: $nested, ");
            let text = format!(
                "query CatalogGroupPage($path: ID!, $nested: Boolean!, $n: Int!, $after: String{arguments}) \
                 {{ group(fullPath: $path) {{ {list} }} }}"
            );
            return (GROUP_PAGE, text, &["group", "projects"]);
        }
        let topics = !self.listing.topics.is_empty();
        let member = if self.listing.scope == Scope::Member { "membership: true, " } else { "" };
        let (declared, filter) = if topics { (", $topics: [String!]", "topics: $topics, ") } else { ("", "") };
        let list = list("projects", &format!("{member}{filter}"));
        let text = format!("query CatalogPage($n: Int!, $after: String{declared}{arguments}) {{ {list} }}");
        (PAGE, text, &["projects"])
    }

    pub(super) fn page_variables(&self, n: u32, after: Option<&str>) -> Value {
        let mut variables = json!({ "n": n, "after": after });
        match self.listing.scope {
            Scope::Group { path, nested } => {
                variables["path"] = json!(path);
                variables["nested"] = json!(nested);
            }
            Scope::Member | Scope::Visible if !self.listing.topics.is_empty() => {
                variables["topics"] = json!(self.listing.topics);
            }
            Scope::Member | Scope::Visible => {}
        }
        self.variables(variables)
    }
}

/// The number of wanted paths, if one query can ask for them.
fn checked(want: &Want<'_>) -> Result<u32, Error> {
    let count = want.paths.len();
    u32::try_from(count).ok().filter(|_| count <= MOST_PATHS).ok_or_else(|| {
        let message = format!("{count} file names are wanted of each project");
        Error::caller(Kind::Rejected, message, format!("name at most {MOST_PATHS}"))
    })
}

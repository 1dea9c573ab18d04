//! Discovery: projects with the blob ids of named files, a page for each hundred.

use futures::{StreamExt, TryStreamExt, stream};
use model::{BlobId, GroupId, ProjectId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    FileMeta, Gitlab, GroupRef, Page, Partial, Project, Repository, Visibility, Want,
    cost::{self, PageSize},
    error::{Error, Kind},
    graphql::{Answer, Fault, PageInfo, Query},
    types::{filled, instant},
};

const PAGE: &str = "POST /api/graphql CatalogPage";
const BY_ID: &str = "POST /api/graphql CatalogProjects";

/// One query cannot ask for more, because `first` is cut there.
const MOST_PATHS: usize = cost::LARGEST_PAGE as usize;

#[derive(Debug, Deserialize)]
struct Data {
    projects: Option<Connection>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    page_info: Option<PageInfo>,
    #[serde(default)]
    nodes: Option<Vec<Option<Node>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: String,
    full_path: String,
    name: String,
    description: Option<String>,
    web_url: Option<String>,
    archived: Option<bool>,
    visibility: Option<String>,
    last_activity_at: Option<String>,
    topics: Option<Vec<String>>,
    group: Option<GroupNode>,
    namespace: Option<Namespace>,
    languages: Option<Vec<Language>>,
    repository: Option<RepositoryNode>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupNode {
    id: String,
    full_path: String,
    name: String,
    web_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Namespace {
    full_path: String,
}

#[derive(Debug, Deserialize)]
struct Language {
    name: String,
    share: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryNode {
    root_ref: Option<String>,
    empty: Option<bool>,
    /// `None` when it was not asked for; `Some(None)` never comes without a fault.
    blobs: Option<Blobs>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Blobs {
    pub(crate) nodes: Option<Vec<Option<Blob>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Blob {
    pub(crate) path: String,
    pub(crate) oid: String,
    #[serde(default)]
    raw_size: Option<Value>,
    #[serde(default)]
    pub(crate) raw_text_blob: Option<String>,
}

impl Blob {
    /// `BigInt` travels as a string, in some versions as a number.
    pub(crate) fn size(&self) -> u64 {
        match &self.raw_size {
            Some(Value::String(text)) => text.parse().unwrap_or(0),
            Some(other) => other.as_u64().unwrap_or(0),
            None => 0,
        }
    }
}

/// The fields of one project, without those of the repository's files when no path is wanted.
fn selection(paths: usize) -> String {
    let blobs = if paths == 0 { "" } else { " blobs(paths: $paths, first: $nb) { nodes { path oid rawSize } }" };
    format!(
        "nodes {{ id fullPath name description webUrl archived visibility lastActivityAt topics \
         group {{ id fullPath name webUrl }} namespace {{ fullPath }} languages {{ name share }} \
         repository {{ rootRef empty{blobs} }} }}"
    )
}

/// Ten for the plain fields, five and two for group and namespace, four for languages, five for the repository.
fn node_cost(paths: u32) -> u32 {
    let blobs = if paths == 0 { 0 } else { cost::blobs(paths, 3) };
    26 + blobs
}

fn arguments(paths: usize) -> &'static str {
    if paths == 0 { "" } else { ", $paths: [String!]!, $nb: Int!" }
}

fn with_paths(mut variables: Value, want: &Want<'_>, paths: u32) -> Value {
    if paths > 0 {
        variables["paths"] = json!(want.paths);
        variables["nb"] = json!(paths);
    }
    variables
}

impl Gitlab {
    /// One page of the projects the token is a member of, archived ones included, with the blob ids and sizes of the
    /// wanted files; no text. `after` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// When the page as a whole was not answered. What is missing from a page stands in [`Page::partial`].
    pub async fn projects_page(&self, want: &Want<'_>, after: Option<&str>) -> Result<Page<Project>, Error> {
        let paths = checked(want)?;
        // Counting is a query of its own for GitLab's database: once is enough.
        let count = if after.is_none() { "count " } else { "" };
        let text = format!(
            "query CatalogPage($n: Int!, $after: String{}) {{ projects(membership: true, first: $n, after: $after) \
             {{ {count}pageInfo {{ hasNextPage endCursor }} {} }} }}",
            arguments(want.paths.len()),
            selection(want.paths.len()),
        );
        let pages = &self.inner.project_pages;
        // `sort` has a default, which costs 1; `pageInfo` 3, `count` 1.
        let cost = |n| cost::connection(node_cost(paths) + 4, 1, n);
        let answer: Answer<Data> = loop {
            let n = pages.plan(cost);
            let variables = with_paths(json!({ "n": n, "after": after }), want, paths);
            match self.graphql(Query { route: PAGE, text: &text }, &variables).await {
                Err(error) if shrinks(pages, n, cost(n), &error) => {}
                other => break other?,
            }
        };
        pages.answered();
        let (connection, faults) = self.connection(answer, PAGE)?;
        let Some(info) = connection.page_info else { return Err(self.fault(faults.first(), PAGE)) };
        let total = connection.count;
        let next = info.next(after, PAGE)?;
        let (items, partial) = self.nodes(connection.nodes, &faults, paths > 0);
        Ok(Page { items, next, total, partial })
    }

    /// The projects with these ids that the token may see, in no certain order. One that is absent is gone or no longer
    /// visible: ask [`Gitlab::project_exists`] before anything is removed, for an answer can also be partial.
    ///
    /// # Errors
    /// When a page as a whole was not answered.
    pub async fn projects_by_id(&self, ids: &[ProjectId], want: &Want<'_>) -> Result<Vec<Project>, Error> {
        let paths = checked(want)?;
        let cost = |n| cost::connection(node_cost(paths), 1, n);
        let size = self.inner.project_pages.plan(cost) as usize;
        // Futures made before they are streamed: a closure over borrowed chunks would not be general enough for a spawned
        // caller (rust-lang/rust#102211).
        let pages: Vec<_> = ids.chunks(size).map(|chunk| self.projects_chunk(chunk.to_vec(), want, paths)).collect();
        let pages: Vec<Vec<Project>> =
            stream::iter(pages).buffer_unordered(self.transport().limits().concurrency).try_collect().await?;
        Ok(pages.into_iter().flatten().collect())
    }

    async fn projects_chunk(&self, ids: Vec<ProjectId>, want: &Want<'_>, paths: u32) -> Result<Vec<Project>, Error> {
        let text = format!(
            "query CatalogProjects($ids: [ID!], $n: Int!{}) {{ projects(ids: $ids, first: $n) {{ {} }} }}",
            arguments(want.paths.len()),
            selection(want.paths.len()),
        );
        let pages = &self.inner.project_pages;
        let cost = |n| cost::connection(node_cost(paths), 1, n);
        let mut found = Vec::with_capacity(ids.len());
        let mut rest = ids.as_slice();
        while !rest.is_empty() {
            let n = pages.plan(cost);
            let (now, later) = rest.split_at(rest.len().min(n as usize));
            let gids: Vec<String> = now.iter().map(|id| id.to_gid()).collect();
            let variables = with_paths(json!({ "ids": gids, "n": n }), want, paths);
            match self.graphql(Query { route: BY_ID, text: &text }, &variables).await {
                Err(error) if shrinks(pages, n, cost(n), &error) => continue,
                Err(error) => return Err(error),
                Ok(answer) => {
                    pages.answered();
                    let (connection, faults) = self.connection(answer, BY_ID)?;
                    found.extend(self.nodes(connection.nodes, &faults, paths > 0).0);
                }
            }
            rest = later;
        }
        Ok(found)
    }

    fn connection(&self, answer: Answer<Data>, route: &'static str) -> Result<(Connection, Vec<Fault>), Error> {
        match answer.data.projects {
            Some(connection) if connection.nodes.is_some() => Ok((connection, answer.faults)),
            _ => Err(self.fault(answer.faults.first(), route)),
        }
    }

    /// Reads nodes; a null one is a project that was not answered.
    fn nodes(&self, nodes: Option<Vec<Option<Node>>>, faults: &[Fault], blobs: bool) -> (Vec<Project>, Vec<Partial>) {
        let mut items = Vec::new();
        let mut partial: Vec<Partial> = Vec::new();
        for (at, node) in nodes.unwrap_or_default().into_iter().enumerate() {
            let place = [json!("projects"), json!("nodes"), json!(at)];
            let own: Vec<&Fault> = faults.iter().filter(|f| f.is_below(&place)).collect();
            let name = node.as_ref().map_or_else(|| format!("projects.nodes.{at}"), |n| n.full_path.clone());
            for fault in &own {
                partial.push(Partial { at: name.clone(), message: self.transport().quoted(&fault.message) });
            }
            let Some(node) = node else { continue };
            let repository_place = [json!("projects"), json!("nodes"), json!(at), json!("repository")];
            let broken =
                own.iter().find(|f| f.is_below(&repository_place)).map(|f| self.transport().quoted(&f.message));
            match self.project(node, broken, blobs) {
                Some(project) => items.push(project),
                None => partial.push(Partial { at: name, message: "its id cannot be read".to_owned() }),
            }
        }
        let elsewhere = faults.iter().filter(|f| !f.is_below(&[json!("projects"), json!("nodes")]));
        partial.extend(elsewhere.map(|f| Partial { at: f.place(), message: self.transport().quoted(&f.message) }));
        (items, partial)
    }

    fn project(&self, node: Node, broken: Option<String>, blobs: bool) -> Option<Project> {
        let id = ProjectId::from_gid(&node.id)?;
        let web = |path: &str| self.url().join(path).map(String::from).unwrap_or_default();
        let group = node.group.and_then(|group| {
            let web_url = filled(group.web_url).unwrap_or_else(|| web(&format!("groups/{}", group.full_path)));
            Some(GroupRef { id: GroupId::from_gid(&group.id)?, full_path: group.full_path, name: group.name, web_url })
        });
        let above = node.full_path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        let mut languages: Vec<(String, f64)> =
            node.languages.unwrap_or_default().into_iter().map(|l| (l.name, l.share.unwrap_or(0.0))).collect();
        languages.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Some(Project {
            id,
            name: node.name,
            description: filled(node.description),
            web_url: filled(node.web_url).unwrap_or_else(|| web(&node.full_path)),
            archived: node.archived.unwrap_or(false),
            visibility: Visibility::read(node.visibility.as_deref()),
            last_activity_at: node.last_activity_at.as_deref().and_then(instant),
            topics: node.topics.unwrap_or_default(),
            group,
            namespace_path: node.namespace.map_or(above, |n| n.full_path),
            repository: repository(node.repository, broken, blobs),
            languages,
            path: node.full_path,
        })
    }
}

fn repository(node: Option<RepositoryNode>, broken: Option<String>, blobs: bool) -> Repository {
    if let Some(why) = broken {
        return Repository::Unanswered(why);
    }
    let Some(node) = node else { return Repository::Unreadable };
    let Some(root_ref) = node.root_ref.filter(|_| node.empty != Some(true)) else { return Repository::Empty };
    let Some(files) = node.blobs.and_then(|b| b.nodes) else {
        return if blobs {
            Repository::Unanswered("GitLab named no files and no reason".to_owned())
        } else {
            Repository::Ready { root_ref, files: Vec::new() }
        };
    };
    let file = |blob: Blob| FileMeta { size: blob.size(), blob: BlobId(blob.oid), path: blob.path };
    Repository::Ready { root_ref, files: files.into_iter().flatten().map(file).collect() }
}

/// The number of wanted paths, if one query can ask for them.
fn checked(want: &Want<'_>) -> Result<u32, Error> {
    let count = want.paths.len();
    u32::try_from(count).ok().filter(|_| count <= MOST_PATHS).ok_or_else(|| {
        let message = format!("{count} file names are wanted of each project");
        Error::caller(Kind::Rejected, message, format!("name at most {MOST_PATHS}"))
    })
}

/// Notes a refusal for its cost and says whether to ask again for less.
pub(crate) fn shrinks(pages: &PageSize, size: u32, expected: u32, error: &Error) -> bool {
    let told = if let Kind::Complexity { cost } = error.kind { cost } else { None };
    error.smaller_may_pass() && pages.refused(size, expected, told)
}

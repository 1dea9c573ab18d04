//! Discovery: projects with the blob ids of named files, a page for each hundred.

mod ask;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use model::{BlobId, GroupId, ProjectId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    FileMeta, Gitlab, GroupRef, Listing, Page, Partial, Project, Repository, Scope, Visibility, Want,
    cost::{self, PageSize},
    error::{Error, Kind},
    graphql::{Answer, Fault, PageInfo, Query},
    types::{filled, instant},
};
use ask::Ask;

const BY_ID: &str = "POST /api/graphql CatalogProjects";

#[derive(Debug, Deserialize)]
struct Data {
    projects: Option<Connection>,
    #[serde(default)]
    group: Option<GroupData>,
}

#[derive(Debug, Deserialize)]
struct GroupData {
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
    #[serde(default)]
    is_forked: Option<bool>,
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
    /// Only asked for when a branch is named.
    #[serde(default)]
    branch: Option<Tree>,
    #[serde(default)]
    fallback: Option<Blobs>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tree {
    last_commit: Option<Commit>,
}

/// That it is there says that its branch is.
#[derive(Debug, Deserialize)]
struct Commit {}

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

impl Gitlab {
    /// One page of the projects the token is a member of, archived ones included, with the blob ids and sizes of the
    /// wanted files; no text. `after` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// When the page as a whole was not answered. What is missing from a page stands in [`Page::partial`].
    pub async fn projects_page(&self, want: &Want<'_>, after: Option<&str>) -> Result<Page<Project>, Error> {
        self.projects_in(&Listing::default(), want, after).await
    }

    /// One page of the projects that `listing` names, archived ones included, as [`Gitlab::projects_page`].
    ///
    /// # Errors
    /// When the page as a whole was not answered; [`Kind::NotFound`] when the token does not see the group.
    pub async fn projects_in(
        &self,
        listing: &Listing<'_>,
        want: &Want<'_>,
        after: Option<&str>,
    ) -> Result<Page<Project>, Error> {
        let ask = Ask::of(listing, want)?;
        let (route, text, place) = ask.page(after.is_none());
        let pages = &self.inner.project_pages;
        // `pageInfo` 3, `count` 1. `projects` has a default for `sort`, which costs 1; a group's charge ten and 2 for the
        // group.
        let cost = |n| match listing.scope {
            Scope::Group { .. } => 2 + cost::connection(ask.cost() + 4, 10, n),
            Scope::Member | Scope::Visible => cost::connection(ask.cost() + 4, 1, n),
        };
        let answer: Answer<Data> = loop {
            let n = pages.plan(cost);
            match self.graphql(Query { route, text: &text }, &ask.page_variables(n, after)).await {
                Err(error) if shrinks(pages, n, cost(n), &error) => {}
                other => break other?,
            }
        };
        pages.answered();
        let Answer { data, faults } = answer;
        let connection = match listing.scope {
            Scope::Group { path, .. } => match data.group {
                None => return Err(self.no_group(path, &faults, route)),
                Some(group) => group.projects,
            },
            Scope::Member | Scope::Visible => data.projects,
        };
        let connection = self.answered(connection, &faults, route)?;
        let Some(info) = connection.page_info else { return Err(self.fault(faults.first(), route)) };
        let total = connection.count;
        let next = info.next(after, route)?;
        let (items, partial) = self.nodes(connection.nodes, place, &faults, ask);
        Ok(Page { items, next, total, partial })
    }

    /// The projects with these ids that the token may see, in no certain order. One that is absent is gone or no longer
    /// visible: ask [`Gitlab::project_exists`] before anything is removed, for an answer can also be partial.
    ///
    /// # Errors
    /// When a page as a whole was not answered.
    pub async fn projects_by_id(&self, ids: &[ProjectId], want: &Want<'_>) -> Result<Vec<Project>, Error> {
        self.projects_among(&Listing { scope: Scope::Visible, ..Listing::default() }, ids, want).await
    }

    /// The projects with these ids, read as `listing` says; with [`Scope::Member`] only those the token is a member of.
    /// Groups and topics are not asked after.
    ///
    /// # Errors
    /// When a page as a whole was not answered.
    pub async fn projects_among(
        &self,
        listing: &Listing<'_>,
        ids: &[ProjectId],
        want: &Want<'_>,
    ) -> Result<Vec<Project>, Error> {
        let ask = Ask::of(listing, want)?;
        let cost = |n| cost::connection(ask.cost(), 1, n);
        let size = self.inner.project_pages.plan(cost) as usize;
        // Futures made before they are streamed: a closure over borrowed chunks would not be general enough for a spawned
        // caller (rust-lang/rust#102211).
        let pages: Vec<_> = ids.chunks(size).map(|chunk| self.projects_chunk(chunk.to_vec(), ask).boxed()).collect();
        let pages: Vec<Vec<Project>> =
            stream::iter(pages).buffer_unordered(self.transport().limits().concurrency).try_collect().await?;
        Ok(pages.into_iter().flatten().collect())
    }

    async fn projects_chunk(&self, ids: Vec<ProjectId>, ask: Ask<'_>) -> Result<Vec<Project>, Error> {
        let member = if ask.listing.scope == Scope::Member { "membership: true, " } else { "" };
        let text = format!(
            "query CatalogProjects($ids: [ID!], $n: Int!{}) {{ projects({member}ids: $ids, first: $n) {{ {} }} }}",
            ask.arguments(),
            ask.selection(),
        );
        let pages = &self.inner.project_pages;
        let cost = |n| cost::connection(ask.cost(), 1, n);
        let mut found = Vec::with_capacity(ids.len());
        let mut rest = ids.as_slice();
        while !rest.is_empty() {
            let n = pages.plan(cost);
            let (now, later) = rest.split_at(rest.len().min(n as usize));
            let gids: Vec<String> = now.iter().map(|id| id.to_gid()).collect();
            let variables = ask.variables(json!({ "ids": gids, "n": n }));
            match self.graphql::<Data>(Query { route: BY_ID, text: &text }, &variables).await {
                Err(error) if shrinks(pages, n, cost(n), &error) => continue,
                Err(error) => return Err(error),
                Ok(Answer { data, faults }) => {
                    pages.answered();
                    let connection = self.answered(data.projects, &faults, BY_ID)?;
                    found.extend(self.nodes(connection.nodes, &["projects"], &faults, ask).0);
                }
            }
            rest = later;
        }
        Ok(found)
    }

    fn answered(
        &self,
        connection: Option<Connection>,
        faults: &[Fault],
        route: &'static str,
    ) -> Result<Connection, Error> {
        match connection {
            Some(connection) if connection.nodes.is_some() => Ok(connection),
            _ => Err(self.fault(faults.first(), route)),
        }
    }

    /// Reads nodes; a null one is a project that was not answered.
    fn nodes(
        &self,
        nodes: Option<Vec<Option<Node>>>,
        list: &[&str],
        faults: &[Fault],
        ask: Ask<'_>,
    ) -> (Vec<Project>, Vec<Partial>) {
        let mut items = Vec::new();
        let mut partial: Vec<Partial> = Vec::new();
        let list: Vec<Value> = list.iter().copied().chain(["nodes"]).map(Value::from).collect();
        for (at, node) in nodes.unwrap_or_default().into_iter().enumerate() {
            let below = |names: &[&str]| -> Vec<Value> {
                list.iter().cloned().chain([json!(at)]).chain(names.iter().copied().map(Value::from)).collect()
            };
            let place = below(&[]);
            let own: Vec<&Fault> = faults.iter().filter(|f| f.is_below(&place) && !ask.is_absent_branch(f)).collect();
            let name = node.as_ref().map_or_else(|| format!("projects.nodes.{at}"), |n| n.full_path.clone());
            for fault in &own {
                partial.push(Partial { at: name.clone(), message: self.transport().quoted(&fault.message) });
            }
            let Some(node) = node else { continue };
            let repository_place = below(&["repository"]);
            let broken =
                own.iter().find(|f| f.is_below(&repository_place)).map(|f| self.transport().quoted(&f.message));
            match self.project(node, broken, ask) {
                Some(project) => items.push(project),
                None => partial.push(Partial { at: name, message: "its id cannot be read".to_owned() }),
            }
        }
        let elsewhere = faults.iter().filter(|f| !f.is_below(&list));
        partial.extend(elsewhere.map(|f| Partial { at: f.place(), message: self.transport().quoted(&f.message) }));
        (items, partial)
    }

    fn project(&self, node: Node, broken: Option<String>, ask: Ask<'_>) -> Option<Project> {
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
            repository: repository(node.repository, broken, ask),
            languages,
            forked: node.is_forked,
            path: node.full_path,
        })
    }
}

fn repository(node: Option<RepositoryNode>, broken: Option<String>, ask: Ask<'_>) -> Repository {
    if let Some(why) = broken {
        return Repository::Unanswered(why);
    }
    let Some(node) = node else { return Repository::Unreadable };
    let Some(root_ref) = node.root_ref.filter(|_| node.empty != Some(true)) else { return Repository::Empty };
    if ask.count == 0 {
        return Repository::Ready { root_ref, files: Vec::new() };
    }
    let has_branch = node.branch.is_some_and(|tree| tree.last_commit.is_some());
    let (blobs, read) = match (ask.branch(), ask.fallback()) {
        (None, _) => (node.blobs, root_ref),
        (Some(branch), _) if has_branch => (node.blobs, branch.to_owned()),
        (Some(_), Some(fallback)) if node.fallback.is_some() => (node.fallback, fallback.to_owned()),
        // Nothing is to be read here; the project is there all the same.
        (Some(_), _) => return Repository::Ready { root_ref, files: Vec::new() },
    };
    let Some(files) = blobs.and_then(|b| b.nodes) else {
        return Repository::Unanswered("GitLab named no files and no reason".to_owned());
    };
    let file = |blob: Blob| FileMeta { size: blob.size(), blob: BlobId(blob.oid), path: blob.path };
    Repository::Ready { root_ref: read, files: files.into_iter().flatten().map(file).collect() }
}

/// Notes a refusal for its cost and says whether to ask again for less.
pub(crate) fn shrinks(pages: &PageSize, size: u32, expected: u32, error: &Error) -> bool {
    let told = if let Kind::Complexity { cost } = error.kind { cost } else { None };
    error.smaller_may_pass() && pages.refused(size, expected, told)
}

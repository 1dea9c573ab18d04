//! Fields to values. What the caller may not see is null or left out, without an error, as GitLab does.

use std::sync::Arc;

use apollo_compiler::executable::SelectionSet;
use serde_json::{Map, Value, json};

use super::connection::{self, Wish};
use super::node::{Complexity, Connection, Node, Page};
use super::plan::Plan;
use super::{fields, groups, people, repository};
use crate::call::Call;
use crate::rest::rows;
use crate::world::World;
use crate::world::model::{Group, Namespace, Project, level};

/// What a field resolves to.
pub(super) enum Found {
    /// A leaf, or null.
    Value(Value),
    Node(Node),
    List(Vec<Node>),
}

/// A field as asked.
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    pub(super) plan: &'a Plan<'a>,
    pub(super) name: &'a str,
    pub(super) arguments: Map<String, Value>,
    /// The selections below the field.
    pub(super) below: &'a [&'a SelectionSet],
    pub(super) complexity: Complexity,
}

/// An answer, or the text of an error.
pub(super) type Answer = Result<Found, String>;

impl Found {
    pub(super) fn null() -> Self {
        Self::Value(Value::Null)
    }

    pub(super) fn maybe(node: Option<Node>) -> Self {
        node.map_or_else(Self::null, Self::Node)
    }
}

impl<T: Into<Value>> From<T> for Found {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

impl Asked<'_> {
    pub(super) fn world(&self) -> &World {
        &self.call.app.world
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.arguments.get(name).and_then(Value::as_bool)
    }

    /// A list of texts; one text counts as a list of one. `None` where the argument was not given or is null.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        match self.arguments.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()),
            Value::String(one) => Some(vec![one.clone()]),
            _ => None,
        }
    }

    /// Whether a field of this name is selected anywhere below, down to `depth` levels.
    pub(super) fn selects(&self, names: &[&str]) -> bool {
        self.below
            .iter()
            .any(|set| set.all_fields(self.plan.document).any(|field| names.contains(&field.name.as_str())))
    }

    pub(super) fn page(&self, type_name: &'static str, nodes: Vec<Node>) -> Found {
        let page = connection::of_list(nodes, &Wish::of(&self.arguments));
        Found::Node(Node::Connection(Arc::new(Connection { type_name, page, counted: None })))
    }
}

/// Answers a field of an object.
pub(super) fn resolve(node: &Node, asked: &Asked<'_>) -> Answer {
    match node {
        Node::Query => query(asked),
        Node::Complexity => Ok(match asked.name {
            "limit" => asked.complexity.limit.into(),
            _ => asked.complexity.score.into(),
        }),
        Node::Connection(connection) => Ok(connection_field(connection, asked)),
        Node::Edge(connection, at) => {
            let Some((cursor, node)) = connection.page.rows.get(*at) else { return Ok(Found::null()) };
            Ok(if asked.name == "cursor" { cursor.clone().into() } else { Found::Node(node.clone()) })
        }
        Node::PageInfo(connection) => Ok(page_info(&connection.page, asked.name)),
        Node::Project(project) => project_field(project, asked),
        Node::Group(group) => groups::field(group, asked),
        Node::Repository(project) => repository::field(project, asked),
        Node::Tree(tree) => repository::tree_field(tree, asked),
        other => Ok(fields::plain(other, asked)),
    }
}

fn page_info(page: &Page, name: &str) -> Found {
    let cursor = |row: Option<&(String, Node)>| row.map(|(cursor, _)| cursor.clone());
    match name {
        "hasNextPage" => page.next.into(),
        "hasPreviousPage" => page.previous.into(),
        "startCursor" => cursor(page.rows.first()).into(),
        _ => cursor(page.rows.last()).into(),
    }
}

fn connection_field(connection: &Arc<Connection>, asked: &Asked<'_>) -> Found {
    match asked.name {
        "nodes" => Found::List(connection.page.rows.iter().map(|(_, node)| node.clone()).collect()),
        "edges" => Found::List((0..connection.page.rows.len()).map(|at| Node::Edge(connection.clone(), at)).collect()),
        "pageInfo" => Found::Node(Node::PageInfo(connection.clone())),
        _ => {
            let counted = || connection.counted.as_ref().map_or(connection.page.rows.len(), Vec::len);
            connection.page.count.unwrap_or_else(counted).into()
        }
    }
}

fn query(asked: &Asked<'_>) -> Answer {
    let world = asked.world();
    let viewer = &asked.call.viewer;
    let sees_group = |group: &Arc<Group>| viewer.sees_group(world, group.id, group.visibility);
    let path = asked.text("fullPath").unwrap_or_default();
    Ok(match asked.name {
        "queryComplexity" => Found::Node(Node::Complexity),
        "currentUser" => Found::maybe(viewer.user.clone().map(Node::CurrentUser)),
        "metadata" => Found::maybe(viewer.user.as_ref().map(|_| Node::Metadata)),
        "project" => {
            let project = world.project_at(path).filter(|project| viewer.sees(world, project));
            Found::maybe(project.map(Node::Project))
        }
        "group" => Found::maybe(world.group_at(path).filter(sees_group).map(Node::Group)),
        "namespace" => {
            let group = world.group_at(path).filter(sees_group).map(Node::GroupNamespace);
            Found::maybe(group.or_else(|| world.person_named(path).map(Node::UserNamespace)))
        }
        "projects" => projects(asked)?,
        "groups" => groups::root(asked)?,
        "user" => people::user(asked)?,
        _ => people::users(asked)?,
    })
}

/// The number in `gid://gitlab/Project/1`.
pub(super) fn global_id(text: &str, model: &str, plural: &str) -> Result<u64, String> {
    let rest = text.strip_prefix("gid://gitlab/").ok_or_else(|| format!("{text} is not a valid GitLab ID."))?;
    let (kind, number) = rest.split_once('/').ok_or_else(|| format!("{text} is not a valid GitLab ID."))?;
    if kind != model {
        return Err(format!("{text} is not a valid ID for {plural}."));
    }
    number.parse().map_err(|_| format!("{text} is not a valid GitLab ID."))
}

pub(super) fn ids(asked: &Asked<'_>, model: &str, plural: &str) -> Result<Option<Vec<u64>>, String> {
    let Some(list) = asked.list("ids") else { return Ok(None) };
    let mut found = list.iter().map(|id| global_id(id, model, plural)).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(Some(found))
}

pub(super) fn signed_in(asked: &Asked<'_>) -> Result<(), String> {
    let refused = "The resource that you are attempting to access does not exist or you don't have permission to \
                   perform this action";
    if asked.call.viewer.user.is_some() { Ok(()) } else { Err(refused.to_owned()) }
}

/// A connection over ids in ascending order, walked in the wished direction.
pub(super) fn records(
    asked: &Asked<'_>,
    type_name: &'static str,
    mut all: Vec<u64>,
    ascending: bool,
    read: impl Fn(u64) -> Option<Node>,
) -> Found {
    if !ascending {
        all.reverse();
    }
    ordered(asked, type_name, all, read)
}

/// A connection over ids in the order given. A cursor's id need not be in the list any more where the order is by id.
pub(super) fn ordered(
    asked: &Asked<'_>,
    type_name: &'static str,
    all: Vec<u64>,
    read: impl Fn(u64) -> Option<Node>,
) -> Found {
    let wish = Wish::of(&asked.arguments);
    let counted = asked.selects(&["count"]).then(|| all.iter().copied().filter(|id| read(*id).is_some()).collect());
    let page = if wish.backward() {
        connection::of_list(all.into_iter().filter_map(read).collect(), &wish)
    } else {
        let after = wish.after.as_deref().and_then(connection::cursor_id);
        let start = after.map_or(0, |after| behind(&all, after));
        connection::of_records(all.into_iter().skip(start), &wish, read)
    };
    Found::Node(Node::Connection(Arc::new(Connection { type_name, page, counted })))
}

fn behind(all: &[u64], after: u64) -> usize {
    if let Some(at) = all.iter().position(|id| *id == after) {
        return at + 1;
    }
    let ascending = all.first() <= all.last();
    all.iter().position(|id| if ascending { *id > after } else { *id < after }).unwrap_or(all.len())
}

/// Most paths that `projects(fullPaths:)` takes.
const MOST_PATHS: usize = 50;

fn projects(asked: &Asked<'_>) -> Answer {
    let world = asked.world();
    let wanted = ids(asked, "Project", "Projects")?;
    let paths = asked.list("fullPaths");
    if paths.as_ref().is_some_and(|paths| paths.len() > MOST_PATHS) {
        return Err(format!("You cannot provide more than {MOST_PATHS} full_paths"));
    }
    let mut all: Vec<u64> = match (wanted, paths) {
        (Some(ids), _) => ids,
        (None, Some(paths)) => {
            let mut ids: Vec<u64> = paths.iter().filter_map(|path| world.project_at(path)).map(|p| p.id).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        }
        (None, None) => world.projects().collect(),
    };
    let sort = asked.text("sort").unwrap_or("id_desc").to_lowercase();
    sort_projects(world, &mut all, &sort);
    Ok(ordered(asked, "ProjectConnection", all, |id| read_project(asked, id)))
}

pub(super) fn sort_projects(world: &World, all: &mut [u64], sort: &str) {
    let (by, descending) = match sort.rsplit_once('_') {
        Some((by, "asc")) => (by, false),
        Some((by, _)) => (by, true),
        None => ("id", true),
    };
    match by {
        "activity" | "latest_activity" | "last_activity" | "last_activity_at" | "updated" | "updated_at" => {
            all.sort_by_cached_key(|id| (world.last_activity(*id), *id));
        }
        "name" => all.sort_by_cached_key(|id| (world.project(*id).map(|p| p.name.to_lowercase()), *id)),
        "path" => all.sort_by_cached_key(|id| (world.project(*id).map(|p| p.path.to_lowercase()), *id)),
        "created" | "created_at" => all.sort_by_cached_key(|id| (world.created(*id), *id)),
        _ => all.sort_unstable(),
    }
    if descending {
        all.reverse();
    }
}

/// The project, if the caller sees it and the root field's filters let it through.
fn read_project(asked: &Asked<'_>, id: u64) -> Option<Node> {
    let (world, viewer) = (asked.world(), &asked.call.viewer);
    let own = |id: u64| viewer.id().map_or(0, |user| world.level(user, id));
    if asked.flag("membership") == Some(true) && own(id) == 0 {
        return None;
    }
    if let Some(least) = asked.text("minAccessLevel").and_then(level::from_graphql)
        && own(id) < least.max(1)
    {
        return None;
    }
    let project = world.project(id)?;
    let fits = viewer.sees(world, &project)
        && match asked.text("archived") {
            Some("ONLY") => project.archived,
            Some("EXCLUDE") => !project.archived,
            _ => true,
        }
        && asked.flag("active").is_none_or(|wanted| wanted != project.archived)
        && asked.text("visibilityLevel").is_none_or(|word| project.visibility.word() == word)
        && (asked.flag("personal") != Some(true)
            || matches!((project.namespace, viewer.id()), (Namespace::User(owner), Some(me)) if owner == me))
        && asked.flag("aimedForDeletion") != Some(true)
        && asked.arguments.get("markedForDeletionOn").is_none_or(Value::is_null)
        && asked.list("topics").is_none_or(|topics| {
            topics.iter().all(|topic| project.topics.iter().any(|known| known.eq_ignore_ascii_case(topic)))
        })
        && asked
            .text("programmingLanguageName")
            .is_none_or(|wanted| project.languages.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted)))
        && asked.text("search").is_none_or(|word| {
            let namespaces = asked.flag("searchNamespaces").unwrap_or(false);
            rows::found(&project, &word.to_lowercase(), namespaces)
        });
    fits.then_some(Node::Project(project))
}

fn project_field(project: &Arc<Project>, asked: &Asked<'_>) -> Answer {
    let world = asked.world();
    Ok(match asked.name {
        "group" => match project.namespace {
            Namespace::Group(id) => {
                let group = world.group(id).filter(|g| asked.call.viewer.sees_group(world, g.id, g.visibility));
                Found::maybe(group.map(Node::Group))
            }
            Namespace::User(_) => Found::null(),
        },
        "namespace" => Found::maybe(match project.namespace {
            Namespace::Group(id) => world.group(id).map(Node::GroupNamespace),
            Namespace::User(id) => world.person(id).map(Node::UserNamespace),
        }),
        "repository" => {
            let readable = asked.call.viewer.reads_code(world, project);
            Found::maybe(readable.then(|| Node::Repository(project.clone())))
        }
        "languages" => {
            Found::List(project.languages.iter().map(|(name, share)| Node::Language(name.clone(), *share)).collect())
        }
        "userPermissions" => Found::Node(Node::ProjectPermissions(project.clone())),
        "maxAccessLevel" => Found::Node(Node::AccessLevel(asked.call.viewer.level(world, project.id))),
        "projectMembers" => people::of_project(project, asked)?,
        _ => fields::project(project, asked),
    })
}

/// `gid://gitlab/Project/1`.
pub(super) fn gid(model: &str, id: u64) -> Value {
    json!(format!("gid://gitlab/{model}/{id}"))
}

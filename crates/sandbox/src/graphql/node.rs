//! The values that fields are asked of.

use std::sync::Arc;

use bytes::Bytes;

use crate::repo::Found;
use crate::repo::object::{Commit, Mode, Oid};
use crate::world::model::{Group, Member, Person, Project};

/// Limit and score of the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Complexity {
    pub(super) limit: u64,
    pub(super) score: u64,
}

/// A file with its content.
#[derive(Debug)]
pub(super) struct BlobNode {
    pub(super) project: Arc<Project>,
    pub(super) reference: String,
    pub(super) path: String,
    pub(super) oid: Oid,
    pub(super) mode: Mode,
    pub(super) data: Bytes,
}

/// A folder of a repository.
#[derive(Debug)]
pub(super) struct TreeNode {
    pub(super) project: Arc<Project>,
    pub(super) reference: String,
    pub(super) path: String,
    pub(super) entries: Vec<Found>,
}

/// An entry of a folder.
#[derive(Debug)]
pub(super) struct EntryNode {
    pub(super) project: Arc<Project>,
    pub(super) reference: String,
    pub(super) found: Found,
}

/// A membership with its person, and where it comes from.
#[derive(Debug)]
pub(super) struct MemberNode {
    pub(super) member: Member,
    pub(super) person: Arc<Person>,
    pub(super) group: Option<Arc<Group>>,
    pub(super) project: Option<Arc<Project>>,
}

/// A page of a connection.
#[derive(Debug)]
pub(super) struct Page {
    /// Cursor and value of each row.
    pub(super) rows: Vec<(String, Node)>,
    pub(super) next: bool,
    pub(super) previous: bool,
    /// Rows of the whole list, where they are known without a further walk.
    pub(super) count: Option<usize>,
}

/// A page and what it is of; the last part counts the whole list where the page does not know.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) type_name: &'static str,
    pub(super) page: Page,
    pub(super) counted: Option<Vec<u64>>,
}

/// An object of the schema.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Query,
    Complexity,
    Metadata,
    Kas,
    Project(Arc<Project>),
    ProjectPermissions(Arc<Project>),
    Language(String, f64),
    Repository(Arc<Project>),
    Blob(Arc<BlobNode>),
    Tree(Arc<TreeNode>),
    Entry(Arc<EntryNode>),
    Commit(Arc<Project>, Arc<Commit>),
    Group(Arc<Group>),
    GroupPermissions(Arc<Group>),
    GroupNamespace(Arc<Group>),
    UserNamespace(Arc<Person>),
    User(Arc<Person>),
    CurrentUser(Arc<Person>),
    Member(Arc<MemberNode>),
    AccessLevel(u8),
    Connection(Arc<Connection>),
    /// A row of a connection.
    Edge(Arc<Connection>, usize),
    PageInfo(Arc<Connection>),
}

impl Node {
    /// The name of the object's type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Complexity => "QueryComplexity",
            Self::Metadata => "Metadata",
            Self::Kas => "Kas",
            Self::Project(_) => "Project",
            Self::ProjectPermissions(_) => "ProjectPermissions",
            Self::Language(..) => "RepositoryLanguage",
            Self::Repository(_) => "Repository",
            Self::Blob(_) => "RepositoryBlob",
            Self::Tree(_) => "Tree",
            Self::Entry(entry) => match entry.found.entry.mode {
                Mode::Tree => "TreeEntry",
                Mode::Submodule => "Submodule",
                _ => "Blob",
            },
            Self::Commit(..) => "Commit",
            Self::Group(_) => "Group",
            Self::GroupPermissions(_) => "GroupPermissions",
            Self::GroupNamespace(_) | Self::UserNamespace(_) => "Namespace",
            Self::User(_) => "UserCore",
            Self::CurrentUser(_) => "CurrentUser",
            Self::Member(member) => {
                if member.project.is_some() {
                    "ProjectMember"
                } else {
                    "GroupMember"
                }
            }
            Self::AccessLevel(_) => "AccessLevel",
            Self::Connection(connection) => connection.type_name,
            Self::Edge(connection, _) => edge_name(connection.type_name),
            Self::PageInfo(_) => "PageInfo",
        }
    }
}

fn edge_name(connection: &str) -> &'static str {
    match connection {
        "ProjectConnection" => "ProjectEdge",
        "GroupConnection" => "GroupEdge",
        "UserCoreConnection" => "UserCoreEdge",
        "GroupMemberConnection" => "GroupMemberEdge",
        "MemberInterfaceConnection" => "MemberInterfaceEdge",
        "RepositoryBlobConnection" => "RepositoryBlobEdge",
        "BlobConnection" => "BlobEdge",
        "TreeEntryConnection" => "TreeEntryEdge",
        "SubmoduleConnection" => "SubmoduleEdge",
        _ => "TreeEdge",
    }
}

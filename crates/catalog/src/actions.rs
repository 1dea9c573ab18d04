//! What can be asked of the catalog beyond reading it.

use model::{Action, ConnectionName, ProjectId};

/// What to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every connection.
    Everything,
    /// One connection.
    Connection(ConnectionName),
    /// One project.
    Project(ConnectionName, ProjectId),
}

/// Read from GitLab now instead of at the next pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshCatalog {
    /// What to read.
    pub scope: Scope,
}

impl Action for RefreshCatalog {
    const NAME: &'static str = "RefreshCatalog";

    fn resource(&self) -> String {
        match &self.scope {
            Scope::Everything => "catalog".to_owned(),
            Scope::Connection(name) => format!("gitlab/{name}"),
            Scope::Project(name, project) => format!("gitlab/{name}/project/{project}"),
        }
    }
}

/// Add a catalog file that discovery does not find by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterLocation {
    /// The web address of the file in a connected GitLab.
    pub target: String,
}

impl Action for RegisterLocation {
    const NAME: &'static str = "RegisterLocation";

    fn resource(&self) -> String {
        format!("location/{}", self.target)
    }
}

/// Take a registered location, and what it brought, out of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnregisterLocation {
    /// The location's identifier.
    pub id: String,
}

impl Action for UnregisterLocation {
    const NAME: &'static str = "UnregisterLocation";

    fn resource(&self) -> String {
        format!("location/{}", self.id)
    }
}

/// Have a job of the queue tried again now, as if it had never failed; without a number, all that were put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryJob {
    /// The job.
    pub id: Option<i64>,
}

impl Action for RetryJob {
    const NAME: &'static str = "RetryJob";

    fn resource(&self) -> String {
        self.id.map_or_else(|| "queue/dead".to_owned(), |id| format!("queue/{id}"))
    }
}

/// Take a job that was put aside out of the queue for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropJob {
    /// The job.
    pub id: i64,
}

impl Action for DropJob {
    const NAME: &'static str = "DropJob";

    fn resource(&self) -> String {
        format!("queue/{}", self.id)
    }
}

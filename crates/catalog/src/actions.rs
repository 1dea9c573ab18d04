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

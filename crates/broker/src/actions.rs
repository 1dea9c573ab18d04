//! What can be asked of the broker. Each action carries exactly what is done.

use model::{Action, ConnectionName, Discovery};

use crate::spec::{Given, NewConnection};

/// Go to an address with a token and see what holds. Sends the token there, which is why it is an action.
#[derive(Debug)]
pub enum TestConnection {
    /// One that is not kept.
    New(Box<NewConnection>),
    /// A kept one.
    Kept(ConnectionName),
}

impl Action for TestConnection {
    const NAME: &'static str = "TestConnection";

    fn resource(&self) -> String {
        match self {
            Self::New(new) => format!("address/{}", shown(&new.url)),
            Self::Kept(name) => format!("connection/{name}"),
        }
    }
}

/// Keep a connection and read what it sees.
#[derive(Debug)]
pub struct AddConnection {
    /// The connection.
    pub connection: NewConnection,
}

impl Action for AddConnection {
    const NAME: &'static str = "AddConnection";

    fn resource(&self) -> String {
        format!("connection/{} {}", self.connection.name, shown(&self.connection.url))
    }
}

/// Forget a connection, its secrets and what it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveConnection {
    /// Which.
    pub name: ConnectionName,
}

impl Action for RemoveConnection {
    const NAME: &'static str = "RemoveConnection";

    fn resource(&self) -> String {
        format!("connection/{}", self.name)
    }
}

/// Put a token in the place of another.
#[derive(Debug)]
pub struct UpdateToken {
    /// Of which connection.
    pub name: ConnectionName,
    /// The new one.
    pub token: Given,
}

impl Action for UpdateToken {
    const NAME: &'static str = "UpdateToken";

    fn resource(&self) -> String {
        format!("connection/{}/token", self.name)
    }
}

/// Read something else of a GitLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeDiscovery {
    /// Of which connection.
    pub name: ConnectionName,
    /// What is read from now on.
    pub discovery: Discovery,
}

impl Action for ChangeDiscovery {
    const NAME: &'static str = "ChangeDiscovery";

    fn resource(&self) -> String {
        format!("connection/{}/discovery", self.name)
    }
}

/// An address as an audit row may hold it: somebody may have pasted a password into it.
fn shown(url: &str) -> String {
    let url = url.trim();
    let rest = url.rsplit_once('@').map_or(url, |(_, host)| host);
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().chars().take(253).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_row_holds_the_host_alone() {
        for (typed, expected) in [
            ("https://gitlab.example/group?private_token=secret", "gitlab.example"),
            ("https://user:secret@gitlab.example:8443/", "gitlab.example:8443"),
            ("gitlab.example", "gitlab.example"),
            ("", ""),
        ] {
            assert_eq!(shown(typed), expected);
        }
    }
}

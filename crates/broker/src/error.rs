//! Why something asked of the broker was not done.

use model::ConnectionName;

use crate::check::Report;

/// An error of the broker. None of them holds any part of a secret.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// There is none of that name.
    #[error("there is no connection {0}; list them with `stagedoor connection list`")]
    Unknown(ConnectionName),
    /// The name is taken.
    #[error("there is a connection {0} already; choose another name, or update its token")]
    Taken(ConnectionName),
    /// The configuration file declares it.
    #[error("the configuration file declares {0}: change it there and restart")]
    Declared(ConnectionName),
    /// Another connection reads the same.
    #[error(
        "the connection {other} reads {url} already: everything would be there twice. Update the token of {other}, or give each of the two \
         its own groups to read"
    )]
    SameInstance {
        /// The one that is there.
        other: ConnectionName,
        /// The instance.
        url: String,
    },
    /// It was tested and does not read.
    #[error("the connection was tested and cannot read: {}", .0.failing().map_or("it did not end", |check| &check.title))]
    Fails(Box<Report>),
    /// The token is not kept here, so it cannot be rotated here.
    #[error(
        "the token of {name} is in {place}: rotate it in GitLab and put the new one there, it is taken up by itself"
    )]
    Elsewhere {
        /// Which connection.
        name: ConnectionName,
        /// `the file …`.
        place: String,
    },
    /// What was given cannot be used.
    #[error("{message}: {remedy}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// GitLab refused or did not answer.
    #[error(transparent)]
    Gitlab(#[from] gitlab::Error),
    /// A secret cannot be opened or sealed.
    #[error("a secret of the connection cannot be used: {0}")]
    Seal(#[from] secrets::SealError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// GitLab made a new token, which works, but it could not be stored.
    #[error(
        "GitLab made a new token and it is in use, but it could not be stored ({0}): it is lost when the server stops. Mend the \
         database and rotate again before that"
    )]
    OnlyInMemory(String),
    /// What is kept cannot be written as JSON.
    #[error("the connection cannot be written: {0}")]
    Record(#[from] serde_json::Error),
}

//! Identifiers. GitLab's are all integers or hex strings; a type each keeps them from being swapped.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident, $gid:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The GraphQL global id, for example `gid://gitlab/Project/1`.
            #[must_use]
            pub fn to_gid(self) -> String {
                format!(concat!("gid://gitlab/", $gid, "/{}"), self.0)
            }

            /// Reads a GraphQL global id; `None` for another kind of object or a malformed one.
            #[must_use]
            pub fn from_gid(gid: &str) -> Option<Self> {
                gid.strip_prefix(concat!("gid://gitlab/", $gid, "/"))?.parse().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

integer_id!(
    /// A project of one GitLab instance; survives renames and moves.
    ProjectId,
    "Project"
);
integer_id!(
    /// A group of one GitLab instance; survives renames and moves.
    GroupId,
    "Group"
);
integer_id!(
    /// A user of one GitLab instance; survives renames.
    UserId,
    "User"
);

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The hex digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_id!(
    /// The object id of a git blob: equal ids mean equal bytes, so a blob that is held is never read again.
    BlobId
);
text_id!(
    /// The object id of a git commit.
    CommitId
);

/// The name under which an operator configured one GitLab, for example `main`: 1 to 63 of `a-z`, `0-9` and inner `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ConnectionName(String);

/// A connection name that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connection name {0:?}: use 1 to 63 of a-z, 0-9 and inner hyphens, for example \"gitlab\"")]
pub struct ConnectionNameError(String);

impl ConnectionName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is empty, longer than 63, or has other characters than the ones allowed.
    pub fn parse(text: &str) -> Result<Self, ConnectionNameError> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let ends = |b: Option<&u8>| b.is_some_and(|b| *b != b'-');
        let bytes = text.as_bytes();
        if bytes.len() <= 63 && bytes.iter().all(|b| legal(*b)) && ends(bytes.first()) && ends(bytes.last()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ConnectionNameError(text.to_owned()))
        }
    }

    /// The name as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ConnectionName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

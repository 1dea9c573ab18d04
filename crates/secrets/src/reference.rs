//! Secrets by reference: a configuration names where one is, never what it is.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum SecretRef {
    /// The first line of a file, relative to the configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

/// A secret that is not where it should be. Holds no part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretRefError {
    /// The file cannot be read.
    #[error("the secret in {place} cannot be read: {source}")]
    Unreadable {
        /// `the file …`.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// The variable is not set, or not text.
    #[error("the secret in {0} is not set; set it in the environment of the server")]
    Unset(String),
    /// There is nothing in it.
    #[error("{0} is empty; put the secret there")]
    Empty(String),
    /// Several words.
    #[error("{0} holds more than one word; put only the secret there")]
    Words(String),
}

impl SecretRef {
    /// Reads a relative file from this folder.
    pub fn relative_to(&mut self, folder: &Path) {
        if let Self::File(path) = self {
            *path = folder.join(&*path);
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is not there, empty, or more than one word.
    #[expect(clippy::disallowed_methods, reason = "secrets may stand in the environment, and only here it is read")]
    pub fn read(&self) -> Result<SecretString, SecretRefError> {
        let place = self.to_string();
        let text = match self {
            Self::File(path) => match fs::read_to_string(path) {
                Ok(text) => text,
                Err(source) => return Err(SecretRefError::Unreadable { place, source }),
            },
            Self::Env(name) => std::env::var(name).map_err(|_| SecretRefError::Unset(place.clone()))?,
        };
        let secret = text.trim();
        if secret.is_empty() {
            return Err(SecretRefError::Empty(place));
        }
        if secret.contains(char::is_whitespace) {
            return Err(SecretRefError::Words(place));
        }
        Ok(secret.to_owned().into())
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Env(name) => write!(f, "the environment variable {name}"),
        }
    }
}

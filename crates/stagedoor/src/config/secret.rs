//! Secrets by reference: the configuration names where one is, never what it is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum SecretRef {
    /// The first line of a file, relative to the configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

impl SecretRef {
    pub(crate) fn relative_to(&mut self, folder: &Path) {
        if let Self::File(path) = self {
            *path = folder.join(&*path);
        }
    }

    /// What messages call its place.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", path.display()),
            Self::Env(name) => format!("variable {name}"),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is not there, empty, or more than one word. No message holds any of it.
    #[expect(clippy::disallowed_methods, reason = "secrets may stand in the environment, and only here it is read")]
    pub(crate) fn read(&self) -> anyhow::Result<SecretString> {
        let (text, place) = match self {
            Self::File(path) => {
                let place = format!("the file {}", path.display());
                (fs::read_to_string(path).with_context(|| format!("the secret in {place} cannot be read"))?, place)
            }
            Self::Env(name) => {
                let place = format!("the environment variable {name}");
                (std::env::var(name).with_context(|| format!("the secret in {place} is not set"))?, place)
            }
        };
        let secret = text.trim();
        if secret.is_empty() {
            bail!("{place} is empty; put the secret there");
        }
        if secret.contains(char::is_whitespace) {
            bail!("{place} holds more than one word; put only the secret there");
        }
        Ok(secret.to_owned().into())
    }
}

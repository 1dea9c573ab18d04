//! Do the sealed secrets of a backup open with a key file? Nothing of them is shown.

use std::path::{Path, PathBuf};

use secrets::{Keys, Sealed};
use serde_json::{Value, json};
use store::SealedRow;

use crate::exit::Exit;

/// What was found out about the secrets of a backup.
#[derive(Debug)]
pub(super) struct Opened {
    keys: Option<Keys>,
    path: PathBuf,
    sealed: u64,
    /// Which did not open, and why.
    closed: Vec<(String, String)>,
}

impl Opened {
    /// With a key file that was named.
    pub(super) fn with(path: &Path) -> Result<Self, Exit> {
        // As if something were sealed: a key file that is missing is never made here.
        let keys = Keys::open_or_create(path, true).map_err(|error| {
            let error =
                if path.exists() { error.to_string() } else { format!("there is no key file {}", path.display()) };
            super::told(&error, Exit::Unreadable)
        })?;
        Ok(Self { keys: Some(keys), path: path.to_owned(), sealed: 0, closed: Vec::new() })
    }

    /// With the configured one, where there is one.
    pub(super) fn if_there(path: &Path) -> Result<Self, Exit> {
        if path.exists() {
            return Self::with(path);
        }
        Ok(Self { keys: None, path: path.to_owned(), sealed: 0, closed: Vec::new() })
    }

    pub(super) fn look(&mut self, row: &SealedRow) {
        self.sealed += 1;
        if let Some(keys) = &self.keys
            && let Err(error) = keys.open(&row.name, &Sealed(row.sealed.clone()))
        {
            self.closed.push((row.name.clone(), error.to_string()));
        }
    }

    /// Do all open, as far as it was tried?
    pub(super) fn all(&self) -> bool {
        self.closed.is_empty()
    }

    pub(super) fn tree(&self) -> Value {
        let closed: Vec<Value> = self.closed.iter().map(|(name, why)| json!({"name": name, "why": why})).collect();
        let opened = self.keys.as_ref().map(|_| self.sealed - closed.len() as u64);
        json!({"sealed": self.sealed, "keyFile": self.keys.as_ref().map(|_| &self.path), "opened": opened, "closed": closed})
    }

    /// In one line.
    pub(super) fn said(&self) -> String {
        let (sealed, path) = (self.sealed, self.path.display());
        match (&self.keys, self.closed.first()) {
            _ if sealed == 0 => "none".to_owned(),
            (None, _) => format!(
                "{sealed} sealed; not tried, there is no key file {path}: they need the one they were sealed with"
            ),
            (Some(_), None) => format!("{sealed} sealed; all open with the key file {path}"),
            (Some(_), Some((name, why))) => {
                format!("{sealed} sealed; {} do not open with the key file {path}: {name}: {why}", self.closed.len())
            }
        }
    }
}

//! Entity references: `[kind:][namespace/]name`, compared without regard to case.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A complete reference, as written (its case kept for display). Equality and order ignore case.
#[derive(Debug, Clone)]
pub struct EntityRef {
    kind: String,
    namespace: String,
    name: String,
}

/// The lower-case form `kind:namespace/name`, what maps and tables are keyed by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RefKey(Arc<str>);

/// Why a text is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntityRefError {
    /// Nothing between the separators.
    #[error("reference {0:?} has an empty part: write kind:namespace/name, for example component:default/payments-api")]
    EmptyPart(String),
    /// More separators than the form has.
    #[error("reference {0:?} has too many separators: write kind:namespace/name with one colon and one slash")]
    TooManySeparators(String),
    /// The place where it stands gives no kind and the text has none.
    #[error("reference {0:?} needs a kind here, for example component:{0}")]
    KindMissing(String),
}

impl EntityRef {
    /// Builds a reference from parts that were validated before (`catalog` does).
    #[must_use]
    pub fn new(kind: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    /// Reads a reference. `default_kind` and `default_namespace` fill in what is not written; without a default kind the
    /// kind must be written.
    ///
    /// # Errors
    /// See [`EntityRefError`].
    pub fn parse(text: &str, default_kind: Option<&str>, default_namespace: &str) -> Result<Self, EntityRefError> {
        let text = text.trim();
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (Some(kind), rest),
            None => (default_kind, text),
        };
        let (namespace, name) = rest.split_once('/').unwrap_or((default_namespace, rest));
        if name.contains(['/', ':']) || namespace.contains(':') || kind.is_some_and(|kind| kind.contains('/')) {
            return Err(EntityRefError::TooManySeparators(text.to_owned()));
        }
        let kind = kind.ok_or_else(|| EntityRefError::KindMissing(text.to_owned()))?;
        if kind.is_empty() || namespace.is_empty() || name.is_empty() {
            return Err(EntityRefError::EmptyPart(text.to_owned()));
        }
        Ok(Self::new(kind, namespace, name))
    }

    /// The kind as written, for example `Component`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The namespace, `default` unless written.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name as written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The form to compare and to store by.
    #[must_use]
    pub fn key(&self) -> RefKey {
        RefKey(self.to_string().to_lowercase().into())
    }
}

/// Always complete: `kind:namespace/name`, in the case it was written.
impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

impl PartialEq for EntityRef {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for EntityRef {}

impl Serialize for EntityRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, None, "default").map_err(serde::de::Error::custom)
    }
}

impl RefKey {
    /// `kind:namespace/name`, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a complete reference; without a namespace it is `default`.
    ///
    /// # Errors
    /// See [`EntityRefError`].
    pub fn parse(text: &str) -> Result<Self, EntityRefError> {
        EntityRef::parse(text, None, "default").map(|r| r.key())
    }

    /// The part before the colon.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// The part between colon and slash.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once(':').and_then(|(_, rest)| rest.split_once('/')).map_or("", |(namespace, _)| namespace)
    }

    /// The part after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl fmt::Display for RefKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RefKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

//! Problems: what is wrong with something that was read, where, and what to do about it.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something stated in a file is not in the catalog, or not as it was stated.
    Error,
    /// The catalog holds it, but probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A position in a file, both counted from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

/// A stable name of one kind of problem, such as `missing-field`; what people filter and write alerts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The text is not YAML.
    Syntax,
    /// The bytes are not UTF-8.
    Encoding,
    /// The file is larger than what is read.
    TooLarge,
    /// Aliases, depth or documents beyond what is read.
    TooComplex,
    /// A mapping has one key twice.
    DuplicateKey,
    /// The document is not a mapping, or has unknown root keys.
    Envelope,
    /// A required field is absent.
    MissingField,
    /// A field has a value of the wrong type or form.
    InvalidField,
    /// A reference that cannot be read.
    InvalidRef,
    /// A reference to something that is not in the catalog.
    Dangling,
    /// An owner that is not in the catalog.
    UnknownOwner,
    /// An owner reference that fits several groups.
    AmbiguousOwner,
    /// Nobody is named and nobody could be inferred.
    NoOwner,
    /// Two files claim one reference.
    Conflict,
    /// The file that led here leads here no longer.
    Orphan,
    /// A Location points where this connection cannot read.
    OutOfReach,
    /// A Location points at a file that does not exist.
    TargetMissing,
    /// Locations lead in a circle.
    LocationCycle,
    /// A `$text`, `$json` or `$yaml` placeholder could not be filled.
    Placeholder,
    /// A line of CODEOWNERS that cannot be read.
    Codeowners,
    /// GitLab answered with an error; what is shown is the last good state.
    Stale,
    /// Some of what was asked for was not answered.
    Partial,
}

impl Code {
    /// The spelling used in the API, for example `missing-field`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Encoding => "encoding",
            Self::TooLarge => "too-large",
            Self::TooComplex => "too-complex",
            Self::DuplicateKey => "duplicate-key",
            Self::Envelope => "envelope",
            Self::MissingField => "missing-field",
            Self::InvalidField => "invalid-field",
            Self::InvalidRef => "invalid-ref",
            Self::Dangling => "dangling",
            Self::UnknownOwner => "unknown-owner",
            Self::AmbiguousOwner => "ambiguous-owner",
            Self::NoOwner => "no-owner",
            Self::Conflict => "conflict",
            Self::Orphan => "orphan",
            Self::OutOfReach => "out-of-reach",
            Self::TargetMissing => "target-missing",
            Self::LocationCycle => "location-cycle",
            Self::Placeholder => "placeholder",
            Self::Codeowners => "codeowners",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, in one sentence that names the value.
    pub message: String,
    /// What to do, in one sentence.
    pub remedy: String,
    /// The file, when it is another than the one the holder of the problem was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where in the file, if it stands in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Which field, dotted: `spec.owner`, `metadata.tags.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which document of the file, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<u32>,
    /// When it was first seen; 0 until the store has set it.
    #[serde(default)]
    pub since: Millis,
}

impl Problem {
    /// A problem without a place; add it with [`Problem::at`] and [`Problem::on`].
    #[must_use]
    pub fn new(code: Code, severity: Severity, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            remedy: remedy.into(),
            file: None,
            position: None,
            pointer: None,
            document: None,
            since: 0,
        }
    }

    /// Sets the position.
    #[must_use]
    pub fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }

    /// Sets the field.
    #[must_use]
    pub fn on(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Sets the file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Sets the document.
    #[must_use]
    pub fn in_document(mut self, document: u32) -> Self {
        self.document = Some(document);
        self
    }
}

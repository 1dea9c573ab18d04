//! Catalog files: bytes in, documents and problems out.
//!
//! The format is the entity format of Backstage (`apiVersion`, `kind`, `metadata`, `spec`), read exactly as its
//! published packages read it: YAML 1.2 core schema, no merge keys, duplicate keys refuse a document, and a document
//! that is refused never takes its neighbours with it. Where Stagedoor reads differently on purpose, the parity test's
//! README says so and why.
//!
//! This room knows no GitLab, no files, no clock and no other document than the ones in its hand: whether a reference
//! leads anywhere is for the index to find out.

mod bytes;
mod check;
mod entity;
mod kinds;
mod metadata;
mod names;
mod node;
mod placeholder;
mod report;
mod scalar;
mod shape;
mod skeleton;
mod yaml;

use model::{Code, EntityRef, Position, Problem, Severity};
use serde_json::{Map, Value};

pub use placeholder::{Placeholder, PlaceholderKind, fill};
pub use report::{Row, render, validate_report};
pub use skeleton::is_skeleton_path;

/// Problems reported of one file at most, except that every document keeps its first.
const REPORTED: usize = 1000;

/// What is read of one file at most. Everything beyond is refused with a problem, never cut off silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole file.
    pub bytes: usize,
    /// Documents of the file.
    pub documents: usize,
    /// Levels of lists and mappings inside each other.
    pub depth: usize,
    /// Values of one document, those that aliases repeat counted each time.
    pub nodes: usize,
    /// Bytes of text that aliases may repeat in one document.
    pub alias_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 20, documents: 1000, depth: 100, nodes: 200_000, alias_bytes: 4 << 20 }
    }
}

/// One file, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Its documents in their order, without empty ones.
    pub documents: Vec<Document>,
    /// What is wrong with the file as a whole.
    pub problems: Vec<Problem>,
}

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Which one, from 0; empty documents are counted.
    pub index: u32,
    /// Where its content begins.
    pub position: Position,
    /// The entity, unless the document was refused.
    pub entity: Option<Accepted>,
    /// The reference it means to describe, as far as it could be read; present for refused documents too, so that what
    /// is known of the entity can be kept.
    pub claimed_ref: Option<EntityRef>,
    /// What is wrong with it. Problems of severity `Error` may stand beside an accepted entity: a reference that cannot
    /// be read is left out, the rest holds.
    pub problems: Vec<Problem>,
}

/// An entity that follows the rules of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// Its reference.
    pub entity_ref: EntityRef,
    /// `apiVersion`, `kind`, `metadata`, `spec` as written, with `metadata.namespace` filled in.
    pub body: Map<String, Value>,
    /// What is still to be filled in from other files of the repository; after [`fill`], run [`check_value`] again.
    pub placeholders: Vec<Placeholder>,
    /// For kind Location: where it leads.
    pub location: Option<LocationSpec>,
    /// Where the value of `spec.owner` stands.
    pub owner_position: Option<Position>,
}

/// Where a Location leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationSpec {
    /// `spec.type`; the type of the file it stands in when absent.
    pub kind: Option<String>,
    /// `spec.target` and then `spec.targets`, as written, with their places.
    pub targets: Vec<(String, Option<Position>)>,
    /// Whether a target that is not there is an error (`spec.presence`).
    pub required: bool,
}

/// Reads a catalog file.
///
/// Never fails: what cannot be read becomes a problem, of its document where that is known and of the file otherwise.
#[must_use]
pub fn parse(bytes: &[u8], limits: &Limits) -> Parsed {
    if bytes.len() > limits.bytes {
        let problem = Problem::new(
            Code::TooLarge,
            Severity::Error,
            format!("the file has {} bytes; at most {} are read", bytes.len(), limits.bytes),
            "Split it into several files and list them in a Location.",
        );
        return Parsed { documents: Vec::new(), problems: vec![problem] };
    }
    let decoded = bytes::decode(bytes);
    let stream = yaml::read(&decoded.text, limits);
    let mut problems = stream.problems;
    let starts: Vec<u32> = stream.documents.iter().map(|raw| raw.first_line).collect();
    let mut raws = stream.documents;
    for bad in decoded.problems {
        let line = bad.position.map_or(1, |position| position.line);
        match starts.iter().rposition(|start| *start <= line) {
            Some(index) => raws[index].refuse(bad),
            None => problems.push(bad),
        }
    }
    let mut documents: Vec<Document> = raws.into_iter().filter_map(entity::document).collect();
    // A file of nothing but mistakes would be many times its own size in problems.
    let mut left = REPORTED;
    for document in &mut documents {
        document.problems.truncate(left.max(1));
        left = left.saturating_sub(document.problems.len());
    }
    if documents.is_empty() && problems.is_empty() {
        problems.push(Problem::new(
            Code::Envelope,
            Severity::Warning,
            "the file holds no document",
            "Describe the component in it, or remove the file.",
        ));
    }
    Parsed { documents, problems }
}

/// Checks an entity that is already JSON: after placeholders were filled, or as sent to `validate-entity`.
///
/// The problems have no positions. `None` means refused.
#[must_use]
pub fn check_value(body: &Value) -> (Option<Accepted>, Vec<Problem>) {
    let judged = entity::judge(&node::Node::from_json(body));
    (judged.entity, judged.problems)
}

#[cfg(test)]
mod tests;

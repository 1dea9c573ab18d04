//! What can be asked, and the pages that answer it.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{Filter, View};

/// A question for a page of entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which entities.
    pub filter: Filter,
    /// In which order; ties, and no order at all, go by reference.
    pub order: Vec<Order>,
    /// How many at most. 0 gives only the total.
    pub limit: usize,
    /// How many to leave out at the start.
    pub offset: usize,
    /// Where an earlier page ended. Its filter and order then hold instead of the ones here, and `offset` does nothing.
    pub cursor: Option<Cursor>,
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: Filter::All, order: Vec::new(), limit: 20, offset: 0, cursor: None }
    }
}

/// A field to order by. What lacks the field comes last in both directions; of a list its first item in the direction
/// of the order counts. Besides paths: `stagedoor.changed` (time) and `stagedoor.problems` (errors, then warnings, then
/// notes).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Dotted path, case ignored.
    pub field: String,
    /// From the largest to the smallest.
    pub descending: bool,
}

impl Order {
    /// From the smallest to the largest.
    #[must_use]
    pub fn asc(field: impl Into<String>) -> Self {
        Self { field: field.into(), descending: false }
    }

    /// From the largest to the smallest.
    #[must_use]
    pub fn desc(field: impl Into<String>) -> Self {
        Self { field: field.into(), descending: true }
    }

    /// Reads the catalog API's `field[,asc|desc]`.
    ///
    /// # Errors
    /// When the field is empty or the direction is another word.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let (field, direction) = text.split_once(',').unwrap_or((text, "asc"));
        match (field.trim(), direction.trim()) {
            ("", _) => Err(QueryError::Order(text.to_owned())),
            (field, "asc") => Ok(Self::asc(field)),
            (field, "desc") => Ok(Self::desc(field)),
            _ => Err(QueryError::Order(text.to_owned())),
        }
    }
}

/// Some rows of an answer.
#[derive(Debug)]
pub struct Page<'a> {
    /// The rows, in the order that was asked for.
    pub items: Vec<View<'a>>,
    /// How many entities the filter means, on all pages together.
    pub total: u64,
    /// Leads to the rows before these.
    pub prev: Option<Cursor>,
    /// Leads to the rows after these.
    pub next: Option<Cursor>,
}

/// A question and a position in its answer, as opaque text. What a client hands back is checked when it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub(super) String);

impl Cursor {
    /// Takes what a client sent; it may be anything.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to hand to clients.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A question that cannot be answered; always the caller's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A cursor that is broken or of another kind of list.
    #[error("the cursor cannot be read: ask for the first page again")]
    Cursor,
    /// A statement of a filter.
    #[error("filter statement {0:?} has no key: write key=value, key= or key")]
    Filter(String),
    /// A predicate.
    #[error("the query predicate cannot be read: {0}")]
    Predicate(String),
    /// An order.
    #[error("order {0:?} cannot be read: write field,asc or field,desc")]
    Order(String),
}

/// A key and its values with how many entities have each.
pub type Facet<'a> = (String, Vec<(Cow<'a, str>, u64)>);

/// Something found by words.
#[derive(Debug)]
pub struct Hit<'a> {
    /// What was found.
    pub view: View<'a>,
    /// Where the words stand: `name`, `title`, `tag`, `owner`, `language`, `project` or `description`.
    pub why: &'static str,
}

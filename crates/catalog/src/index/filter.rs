//! Filters: one algebra for query strings, for POST predicates and for the console's boxes.

use serde::{Deserialize, Serialize};

use super::QueryError;

/// Which entities are meant. Keys are dotted paths into the entity; keys and values compare without regard to case.
///
/// Besides the paths of the document there are `relations.<type>` (references), `metadata.uid`, and our own:
/// `stagedoor.origin`, `.evidence`, `.ownership` (`unowned`, `guessed`, `stated`), `.owner` (reference or `none`),
/// `.system` (reference), `.language`, `.project`
/// (full path), `.stale` (`true`), `.problem` (codes, severities, `any`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    /// Every entity.
    #[default]
    All,
    /// No entity.
    Nothing,
    /// What all of them mean.
    And(Vec<Filter>),
    /// What any of them means.
    Or(Vec<Filter>),
    /// What it does not mean.
    Not(Box<Filter>),
    /// The key is present, whatever its value.
    Exists(String),
    /// The key has one of these values; in a list, one of its items.
    In(String, Vec<String>),
    /// A value of the key begins with this.
    Prefix(String, String),
    /// The key is a list and one of these is an item of it.
    Item(String, Vec<String>),
    /// The key is a list of mappings and one of them is meant by the filter, whose keys start inside the mapping.
    Element(String, Box<Filter>),
    /// A value of one of these keys contains the text.
    Text(String, Vec<String>),
    /// Every word stands in name, title, description, owner, tags, language or project path.
    Words(String),
}

impl Filter {
    /// The key has one of these values.
    #[must_use]
    pub fn any_of<V: Into<String>>(key: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self::In(key.into(), values.into_iter().map(Into::into).collect())
    }

    /// The key is present.
    #[must_use]
    pub fn exists(key: impl Into<String>) -> Self {
        Self::Exists(key.into())
    }

    /// Every word of the text stands in what people search by. An empty text means every entity.
    #[must_use]
    pub fn words(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.trim().is_empty() { Self::All } else { Self::Words(text) }
    }

    /// The catalog API's full-text filter. An empty term means every entity.
    #[must_use]
    pub fn full_text<F: Into<String>>(term: impl Into<String>, fields: impl IntoIterator<Item = F>) -> Self {
        let term = term.into().trim().to_owned();
        if term.is_empty() { Self::All } else { Self::Text(term, fields.into_iter().map(Into::into).collect()) }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, other) | (other, Self::All) => other,
            (Self::And(mut all), other) => {
                all.push(other);
                Self::And(all)
            }
            (this, other) => Self::And(vec![this, other]),
        }
    }

    /// Reads the `filter` parameters of the catalog API: commas join with AND, a key repeated within one parameter with
    /// OR, several parameters with OR; a bare key means that it exists. No parameters mean every entity.
    ///
    /// # Errors
    /// When a statement has no key.
    pub fn parse_params(params: &[&str]) -> Result<Self, QueryError> {
        let mut any = Vec::new();
        for param in params {
            let mut keys: Vec<(String, Vec<String>)> = Vec::new();
            for statement in param.split(',').map(str::trim).filter(|s| !s.is_empty()) {
                let (key, value) = match statement.split_once('=') {
                    Some((key, value)) => (key.trim(), Some(value.trim())),
                    None => (statement, None),
                };
                if key.is_empty() {
                    return Err(QueryError::Filter(statement.to_owned()));
                }
                let at = keys.iter().position(|(k, _)| k == key).unwrap_or(keys.len());
                if at == keys.len() {
                    keys.push((key.to_owned(), Vec::new()));
                }
                if let (Some(value), Some((_, values))) = (value, keys.get_mut(at)) {
                    values.push(value.to_owned());
                }
            }
            if !keys.is_empty() {
                let all = keys.into_iter().map(|(k, v)| if v.is_empty() { Self::Exists(k) } else { Self::In(k, v) });
                any.push(Self::And(all.collect()));
            }
        }
        Ok(if any.is_empty() { Self::All } else { Self::Or(any) })
    }

    /// Reads a predicate of the catalog API's POST queries: `$all`, `$any`, `$not`, and per key a value or `$in`,
    /// `$exists`, `$hasPrefix`, `$contains`. As in the reference an empty `$all` or `$any` means no entity and an empty
    /// mapping every one.
    ///
    /// # Errors
    /// When an operator is unknown, stands beside other keys, has an operand of the wrong type, or the whole is too
    /// deep or too long.
    pub fn from_predicate(predicate: &serde_json::Value) -> Result<Self, QueryError> {
        super::predicate::read(predicate)
    }
}

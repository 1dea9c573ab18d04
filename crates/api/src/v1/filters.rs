//! The filters of entity lists, and what they mean to the index.

use catalog::index::{Filter, Index, Order, Resolution};
use model::RefKey;
use utoipa::IntoParams;

use crate::{Answer, Failure, params::Params};

/// A filter and the key of the index it asks.
const KEYS: [(&str, &str); 14] = [
    ("kind", "kind"),
    ("type", "spec.type"),
    ("owner", "stagedoor.owner"),
    ("system", "stagedoor.system"),
    ("lifecycle", "spec.lifecycle"),
    ("tag", "metadata.tags"),
    ("language", "stagedoor.language"),
    ("namespace", "metadata.namespace"),
    ("origin", "stagedoor.origin"),
    ("evidence", "stagedoor.evidence"),
    ("ownership", "stagedoor.ownership"),
    ("problem", "stagedoor.problem"),
    ("project", "stagedoor.project"),
    // GitLab's topics come into the catalog as tags.
    ("topic", "metadata.tags"),
];

/// The key of the index for a filter or facet.
pub(super) fn index_key(name: &str) -> Option<&'static str> {
    KEYS.iter().find(|(known, _)| *known == name).map(|(_, key)| *key)
}

/// What a list is narrowed by. A parameter given several times joins with OR, different parameters with AND.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameters; a test compares it with the table that reads them")]
pub(crate) struct EntityFilters {
    /// `component`, `api`, `group` …
    kind: Option<Vec<String>>,
    /// `spec.type`.
    r#type: Option<Vec<String>>,
    /// A reference, or `none`.
    owner: Option<Vec<String>>,
    /// A reference.
    system: Option<Vec<String>>,
    lifecycle: Option<Vec<String>>,
    tag: Option<Vec<String>>,
    /// The repository's main language.
    language: Option<Vec<String>>,
    namespace: Option<Vec<String>>,
    /// `file`, `inferred`, `directory` or `registered`.
    origin: Option<Vec<String>>,
    /// `declared`, `codeowners`, `commits`, `group` or `missing`.
    evidence: Option<Vec<String>>,
    /// `unowned`: no owner, or one that is not in the catalog. `guessed`: concluded with a confidence under 80.
    /// `stated`: the rest.
    ownership: Option<Vec<String>>,
    /// `any`, a severity, or a code such as `conflict`.
    problem: Option<Vec<String>>,
    /// The full path of a project.
    project: Option<Vec<String>>,
    /// GitLab topics, which are tags here.
    topic: Option<Vec<String>>,
    /// Words that must all occur in name, title, description, owner, tags, language or project path.
    q: Option<String>,
}

/// The filters of one request.
#[derive(Debug)]
pub(super) struct Narrowed {
    values: Vec<(&'static str, Vec<String>)>,
    words: Filter,
}

impl Narrowed {
    pub(super) fn take(params: &mut Params) -> Answer<Self> {
        let values = KEYS.iter().map(|(name, _)| (*name, params.all(name))).filter(|(_, values)| !values.is_empty());
        let values = values.collect();
        Ok(Self { values, words: Filter::words(params.one("q")?.unwrap_or_default()) })
    }

    /// Is anything filtered by `name`?
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(known, _)| *known == name)
    }

    /// All filters but the one of `without`.
    pub(super) fn filter(&self, index: &Index, without: Option<&str>) -> Filter {
        let kept = self.values.iter().filter(|(name, _)| Some(*name) != without);
        kept.fold(self.words.clone(), |filter, (name, values)| {
            let Some(key) = index_key(name) else { return filter };
            let values = values.iter().map(|value| match *name {
                "owner" => canonical(index, value, "group"),
                "system" => canonical(index, value, "system"),
                _ => value.clone(),
            });
            filter.and(Filter::any_of(key, values))
        })
    }
}

/// The reference that a value means: people may write an alias or leave the kind out.
pub(super) fn canonical(index: &Index, value: &str, kind: &str) -> String {
    if value == "none" {
        return value.to_owned();
    }
    let Ok(written) = model::EntityRef::parse(value, Some(kind), "default") else { return value.to_owned() };
    match index.resolve(&written.key()) {
        Resolution::Held(key) | Resolution::Alias(key) => key,
        Resolution::Ambiguous(_) | Resolution::Unknown => written.key(),
    }
    .to_string()
}

/// The order that `sort` names.
pub(super) fn order(sort: Option<&str>) -> Answer<Vec<Order>> {
    let sort = sort.unwrap_or("name");
    let (name, descending) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let field = match name {
        "name" => "metadata.name",
        "kind" => "kind",
        "type" => "spec.type",
        "owner" => "stagedoor.owner",
        "lifecycle" => "spec.lifecycle",
        "system" => "stagedoor.system",
        "language" => "stagedoor.language",
        "problems" => "stagedoor.problems",
        "changed" => "stagedoor.changed",
        _ => {
            return Err(Failure::bad_request(format!(
                "sort {sort:?}: use name, kind, type, owner, lifecycle, system, language, problems or changed, with - before it to turn it around."
            )));
        }
    };
    let mut orders = vec![Order { field: field.to_owned(), descending }];
    if name != "name" {
        orders.push(Order::asc("metadata.name"));
    }
    Ok(orders)
}

/// A complete reference from a path.
pub(crate) fn key_of_path(kind: &str, namespace: &str, name: &str) -> Answer<RefKey> {
    RefKey::parse(&format!("{kind}:{namespace}/{name}"))
        .map_err(|error| Failure::not_found(format!("There is no such entity: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_filters_are_the_ones_that_are_read() {
        let documented = EntityFilters::into_params(|| None);
        let documented: Vec<_> = documented.iter().map(|p| p.name.as_str()).collect();
        let read: Vec<_> = KEYS.iter().map(|(name, _)| *name).chain(["q"]).collect();
        assert_eq!(documented, read);
    }

    #[test]
    fn sorting_by_what_is_not_there_is_refused() {
        assert_eq!(order(Some("-changed")).expect("legal").first(), Some(&Order::desc("stagedoor.changed")));
        assert_eq!(order(None).expect("legal"), [Order::asc("metadata.name")]);
        for bad in ["", "-", "size", "--name", "Name"] {
            assert!(order(Some(bad)).is_err(), "{bad}");
        }
    }
}

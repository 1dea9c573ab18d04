//! Predicates over plain JSON: registered locations are few and stand in no index.

use catalog::index::Filter;
use serde_json::{Map, Value};

/// Does a predicate mean this object? Values compare by their text and without regard to case, as everywhere.
pub(super) fn matches(filter: &Filter, object: &Map<String, Value>) -> bool {
    let value =
        |key: &str| object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| text(value));
    match filter {
        Filter::All => true,
        Filter::And(all) => all.iter().all(|filter| matches(filter, object)),
        Filter::Or(any) => any.iter().any(|filter| matches(filter, object)),
        Filter::Not(filter) => !matches(filter, object),
        Filter::Exists(key) => value(key).is_some(),
        Filter::In(key, values) => value(key).is_some_and(|v| values.iter().any(|w| w.to_lowercase() == v)),
        Filter::Prefix(key, prefix) => value(key).is_some_and(|v| v.starts_with(&prefix.to_lowercase())),
        Filter::Text(term, keys) => keys.iter().filter_map(|key| value(key)).any(|v| v.contains(&term.to_lowercase())),
        // Nothing of a location is a list, and words are for entities.
        Filter::Nothing | Filter::Item(..) | Filter::Element(..) | Filter::Words(_) => false,
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn predicates_hold_over_plain_objects() {
        let Value::Object(object) = json!({"id": "a1", "type": "url", "target": "https://git.example/A"}) else {
            panic!()
        };
        for (predicate, expected) in [
            (json!({}), true),
            (json!({"type": "URL"}), true),
            (json!({"type": "file"}), false),
            (json!({"target": {"$hasPrefix": "https://GIT.example/"}}), true),
            (json!({"$not": {"id": {"$in": ["a1", "b2"]}}}), false),
            (json!({"$any": [{"id": "x"}, {"target": {"$exists": true}}]}), true),
            (json!({"$all": [{"id": "a1"}, {"owner": {"$exists": true}}]}), false),
            (json!({"$any": []}), false),
        ] {
            let filter = Filter::from_predicate(&predicate).expect("predicate");
            assert_eq!(matches(&filter, &object), expected, "{predicate}");
        }
    }
}

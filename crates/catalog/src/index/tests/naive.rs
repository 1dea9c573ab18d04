//! The index again, by looking at everything each time. What it says is what the index must say.

use std::collections::{BTreeMap, BTreeSet};

use model::{Entity, RefKey, RelationType};
use serde_json::Value;

use crate::index::{Filter, Index, Order};

pub(super) struct Naive {
    /// Every entity that is held, by reference.
    pub(super) held: Vec<(RefKey, Entity)>,
    /// What `stagedoor.problems` orders by, which is taken from the index: only the order itself is tried.
    problems: BTreeMap<RefKey, String>,
}

impl Naive {
    pub(super) fn of(entities: &[Entity]) -> Self {
        let mut all: Vec<(RefKey, Entity)> = entities.iter().map(|e| (e.entity_ref.key(), e.clone())).collect();
        let project = |entity: &Entity| entity.source.project.map_or(0, |project| project.0);
        all.sort_by_key(|(key, e)| (key.clone(), e.claimed_at, project(e), e.id));
        all.dedup_by(|later, first| later.0 == first.0);
        Self { held: all, problems: BTreeMap::new() }
    }

    pub(super) fn with_problems_of(mut self, index: &Index) -> Self {
        for (key, _) in &self.held {
            let counts = index.get(key).expect("held").problem_counts();
            let worth = format!("{:09}.{:09}.{:09}", counts.error, counts.warning, counts.note);
            self.problems.insert(key.clone(), worth);
        }
        self
    }

    pub(super) fn resolve(&self, target: &RefKey) -> Option<RefKey> {
        if self.held.iter().any(|(key, _)| key == target) {
            return Some(target.clone());
        }
        let called: Vec<_> = self.held.iter().filter(|(_, e)| e.aliases.contains(target)).collect();
        if let [(key, _)] = called.as_slice() { Some(key.clone()) } else { None }
    }

    fn stated(entity: &Entity) -> Vec<(RelationType, RefKey)> {
        let mut stated = entity.relations.clone();
        if !stated.iter().any(|(kind, _)| *kind == RelationType::OwnedBy) {
            let owner = entity.ownership.as_ref().and_then(|o| o.owner.clone());
            stated.extend(owner.map(|owner| (RelationType::OwnedBy, owner)));
        }
        stated
    }

    pub(super) fn relations(&self, key: &RefKey) -> BTreeSet<(String, RefKey)> {
        let mut found = BTreeSet::new();
        for (source, entity) in &self.held {
            for (kind, written) in Self::stated(entity) {
                let target = self.resolve(&written);
                if source == key {
                    found.insert((kind.as_str().to_owned(), target.clone().unwrap_or(written)));
                }
                if target.as_ref() == Some(key) {
                    found.insert((kind.inverse().as_str().to_owned(), source.clone()));
                }
            }
        }
        found
    }

    /// Rows as the reference makes them: path and value in lower case, no value where there is none to compare.
    pub(super) fn rows(&self, key: &RefKey, entity: &Entity) -> Vec<(String, Option<String>)> {
        let body: Value = serde_json::from_str(&entity.body).expect("a document");
        let mut rows = Vec::new();
        flatten("", &body, &mut rows);
        for (kind, target) in self.relations(key) {
            rows.push((format!("relations.{}", kind.to_lowercase()), Some(target.to_string())));
        }
        rows.push(("stagedoor.origin".into(), Some(entity.origin.as_str().into())));
        if let Some(ownership) = &entity.ownership {
            let owner = ownership.owner.as_ref().map(|o| self.resolve(o).unwrap_or_else(|| o.clone()).to_string());
            rows.push(("stagedoor.owner".into(), Some(owner.unwrap_or_else(|| "none".into()))));
            rows.push(("stagedoor.evidence".into(), Some(ownership.evidence.as_str().into())));
        }
        rows
    }

    fn words(&self, entity: &Entity) -> String {
        let body: Value = serde_json::from_str(&entity.body).expect("a document");
        let metadata = &body["metadata"];
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        let tags = metadata["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let owner = entity.ownership.as_ref().and_then(|o| o.owner.clone());
        let owner = owner.map(|o| self.resolve(&o).unwrap_or(o));
        let title =
            owner.as_ref().and_then(|o| self.held.iter().find(|(key, _)| key == o)).map(|(_, e)| e.body.clone());
        let title =
            title.and_then(|body| serde_json::from_str::<Value>(&body).ok()).map(|b| b["metadata"]["title"].clone());
        let parts = [
            entity.entity_ref.name().to_owned(),
            text("title"),
            text("description"),
            tags.collect::<Vec<_>>().join(" "),
            owner.map(|o| o.name().to_owned()).unwrap_or_default(),
            title.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            entity.language.clone().unwrap_or_default(),
            entity.source.project_path.clone(),
        ];
        parts.join(" ").to_lowercase()
    }

    pub(super) fn means(&self, filter: &Filter, key: &RefKey, entity: &Entity) -> bool {
        let rows = || self.rows(key, entity);
        let value = |key: &str, wanted: &dyn Fn(&str) -> bool| {
            rows().iter().any(|(path, value)| *path == key.to_lowercase() && value.as_deref().is_some_and(wanted))
        };
        match filter {
            Filter::All => true,
            Filter::Nothing => false,
            Filter::And(all) => all.iter().all(|f| self.means(f, key, entity)),
            Filter::Or(any) => any.iter().any(|f| self.means(f, key, entity)),
            Filter::Not(inner) => !self.means(inner, key, entity),
            Filter::Exists(path) => rows().iter().any(|(p, _)| *p == path.to_lowercase()),
            Filter::In(path, values) => values.iter().any(|wanted| {
                let wanted = self.canonical(path, wanted);
                value(path, &|v| v == wanted)
            }),
            Filter::Prefix(path, prefix) => value(path, &|v| v.starts_with(&prefix.to_lowercase())),
            Filter::Item(path, values) => {
                values.iter().any(|v| rows().contains(&(format!("{path}.{v}").to_lowercase(), Some("true".into()))))
            }
            Filter::Text(text, paths) => paths.iter().any(|p| value(p, &|v| v.contains(&text.to_lowercase()))),
            Filter::Words(text) => {
                let words = self.words(entity);
                text.split_whitespace().all(|word| words.contains(&word.to_lowercase()))
            }
            Filter::Element(..) => unreachable!("has tests of its own"),
        }
    }

    /// References may be written by another name.
    fn canonical(&self, path: &str, value: &str) -> String {
        let value = value.to_lowercase();
        let reference = path.starts_with("relations.") || path == "stagedoor.owner";
        let meant = RefKey::parse(&value).ok().filter(|_| reference).and_then(|key| self.resolve(&key));
        meant.map_or(value, |key| key.to_string())
    }

    /// The references that a filter means, in order.
    pub(super) fn query(&self, filter: &Filter, order: &[Order]) -> Vec<RefKey> {
        let mut meant: Vec<_> = self.held.iter().filter(|(key, e)| self.means(filter, key, e)).collect();
        meant.sort_by(|a, b| {
            for Order { field, descending } in order {
                let worth = |(key, e): &(RefKey, Entity)| {
                    match field.as_str() {
                        "stagedoor.changed" => return Some(format!("{:020}", e.changed_at)),
                        "stagedoor.problems" => return self.problems.get(key).cloned(),
                        _ => {}
                    }
                    let rows = self.rows(key, e).into_iter();
                    let values = rows.filter(|(p, _)| *p == field.to_lowercase()).filter_map(|(_, v)| v);
                    if *descending { values.max() } else { values.min() }
                };
                let order = match (worth(a), worth(b)) {
                    (Some(a), Some(b)) if *descending => b.cmp(&a),
                    (Some(a), Some(b)) => a.cmp(&b),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                };
                if order.is_ne() {
                    return order;
                }
            }
            a.0.cmp(&b.0)
        });
        meant.into_iter().map(|(key, _)| key.clone()).collect()
    }
}

fn flatten(path: &str, value: &Value, rows: &mut Vec<(String, Option<String>)>) {
    let row = |value: Option<String>| (path.to_lowercase(), value.map(|v| v.to_lowercase()));
    match value {
        Value::Null => rows.push(row(None)),
        Value::Bool(flag) => rows.push(row(Some(flag.to_string()))),
        Value::Number(number) => rows.push(row(Some(number.to_string()))),
        Value::String(text) => rows.push(row((text.chars().count() <= 200).then(|| text.clone()))),
        Value::Array(items) => {
            for item in items {
                flatten(path, item, rows);
                if let Value::String(text) = item {
                    rows.push((format!("{path}.{text}").to_lowercase(), Some("true".into())));
                }
            }
        }
        Value::Object(map) => {
            for (key, inner) in map {
                flatten(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, inner, rows);
            }
        }
    }
}

//! Which Locations led to an entity's file.

use model::{Entity, RefKey};

use super::{Ancestor, Filter, document, state::Index};

/// Chains of Locations are not followed further.
const LONGEST: usize = 64;

impl Index {
    /// The Locations through which an entity was found, from it upwards; empty for what is not held.
    ///
    /// A Location is a parent of what stands in a file it has as target, in the same project; targets elsewhere are
    /// recognised by their full address.
    #[must_use]
    pub fn ancestry(&self, key: &RefKey) -> Vec<Ancestor> {
        let mut known: Vec<RefKey> = Vec::new();
        known.extend(self.get(key).map(|view| view.key().clone()));
        let mut items = Vec::new();
        let mut at = 0;
        while let Some(key) = known.get(at).cloned() {
            at += 1;
            let parents = self.get(&key).map(|view| self.parents(view.entity())).unwrap_or_default();
            for parent in &parents {
                if known.len() < LONGEST && !known.contains(parent) {
                    known.push(parent.clone());
                }
            }
            items.push(Ancestor { key, parents });
        }
        items
    }

    fn parents(&self, entity: &Entity) -> Vec<RefKey> {
        let Some(file) = entity.source.file.as_deref() else { return Vec::new() };
        let locations = Filter::any_of("kind", ["location"]);
        let here = locations.and(Filter::any_of("stagedoor.project", [entity.source.project_path.as_str()]));
        let views = self.meant(&here).iter().filter_map(|slot| self.view(slot)).collect::<Vec<_>>();
        let leads_here = |location: &Entity| {
            location.id != entity.id && targets(location).iter().any(|target| leads(location, target, entity, file))
        };
        views.into_iter().filter(|view| leads_here(view.entity())).map(|view| view.key().clone()).collect()
    }
}

/// `spec.target` and `spec.targets`.
fn targets(location: &Entity) -> Vec<String> {
    let body = document::document(location);
    let (one, many) = (&body["spec"]["target"], &body["spec"]["targets"]);
    let texts = std::iter::once(one).chain(many.as_array().into_iter().flatten());
    texts.filter_map(serde_json::Value::as_str).map(ToOwned::to_owned).collect()
}

fn leads(location: &Entity, target: &str, entity: &Entity, file: &str) -> bool {
    if target.contains("://") {
        return target == entity.source.url();
    }
    let base = location.source.file.as_deref().unwrap_or_default();
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if target.starts_with('/') {
        path.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if path.pop().is_none() {
                    return false;
                }
            }
            part => path.push(part),
        }
    }
    path.join("/") == file
}

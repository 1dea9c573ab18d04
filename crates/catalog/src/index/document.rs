//! What one document puts into the index and takes out of it.

use model::{Entity, RelationType};
use serde_json::Value;
use thin_vec::ThinVec;

use super::{
    flatten::{Kept, kept, lower, rows},
    state::Index,
    terms::{FieldId, TermId, Terms},
};

/// The field that holds the words of a description. Its name cannot be a path.
pub(super) const WORDS: &str = "\u{1}words";
/// The field that holds the words of its owner.
pub(super) const OWNER_WORDS: &str = "\u{1}owner";

/// The field that holds the path above a project, which projects share, and the project's own part of its path, each
/// where the name has not all of it.
const PATH_PARTS: &str = "\u{1}path";

/// Fields in whose values a word is looked for. A whole path is as long as all other values together, so it is looked at
/// only for words that may reach over its parts.
pub(super) fn searched(word: &str) -> [&'static str; 7] {
    let paths = if word.contains('/') { "stagedoor.project" } else { PATH_PARTS };
    [paths, "metadata.name", "metadata.title", "metadata.tags", "stagedoor.language", WORDS, OWNER_WORDS]
}

/// How many words of a description can be searched by.
const MOST_WORDS: usize = 60;
/// Longer words are addresses and keys.
const LONGEST_WORD: usize = 100;

impl Index {
    /// Takes out the document of the entity that holds this slot.
    pub(super) fn forget_document(&mut self, number: u32) {
        let Some(view) = self.view(number) else { return };
        let body = document(view.entity());
        let (stated, aliases) = (view.held.stated.clone(), view.held.aliases.clone());
        let changed = (view.held.changed_at, number);
        self.changed.remove(|other| other.cmp(&changed));
        if let Some(slot) = self.slot_mut(number) {
            slot.title = None;
            let statics = std::mem::take(&mut slot.statics);
            self.terms.remove(number, &statics);
        }
        rows(&body, &mut |path, value, _| {
            if kept(path) == Kept::Hashes {
                self.hashes.remove(number, path, value.map(lower).as_deref());
            }
        });
        for (kind, target) in stated {
            let node = self.nodes.get_mut(target);
            node.into_iter().for_each(|node| remove_sorted(&mut node.incoming, &(kind, number)));
        }
        for alias in aliases {
            if let Some(called) = self.aliases.get_mut(&alias) {
                if let Ok(at) = called.binary_search(&number) {
                    called.remove(at);
                }
                if called.is_empty() {
                    self.aliases.remove(&alias);
                }
            }
        }
    }

    /// Takes in the document of the entity that holds this slot. `came` is that entity, if it is at hand.
    pub(super) fn learn_document(&mut self, number: u32, came: Option<&Came>) {
        let read = if came.is_none() { self.view(number).map(|view| Came::of(view.entity())) } else { None };
        let Some(Came { body, searched, rows: own }) = came.or(read.as_ref()) else { return };
        let Self { terms, hashes, .. } = self;
        let mut ids: Vec<TermId> = Vec::with_capacity(48);
        rows(body, &mut |path, value, item| {
            let value = value.map(|written| (written, lower(written)));
            if kept(path) == Kept::Hashes {
                hashes.add(number, path, value.as_ref().map(|(_, lower)| &**lower));
                return;
            }
            let field = terms.intern(path);
            match value {
                Some((written, lower)) => ids.extend(terms.add(field, number, written, &lower)),
                None => ids.push(terms.add_null(field, number)),
            }
            if item {
                terms.add_listed(field, number);
            }
        });
        for (path, value) in own {
            let field = terms.intern(path);
            ids.extend(terms.add(field, number, value, &lower(value)));
        }
        let words = terms.intern(WORDS);
        add_words(terms, words, number, searched, MOST_WORDS, &mut ids);
        terms.arrange(&mut ids);
        let title = body["metadata"]["title"].as_str().map(Into::into);
        let Some(slot) = self.slot_mut(number) else { return };
        slot.statics = ids.into();
        slot.title = title;
        let Some(holder) = self.holder(number) else { return };
        let (stated, aliases) = (holder.stated.clone(), holder.aliases.clone());
        let changed = (holder.changed_at, number);
        self.changed.insert(changed, |other| other.cmp(&changed));
        for (kind, target) in stated {
            let node = self.nodes.get_mut(target);
            node.into_iter().for_each(|node| insert_sorted(&mut node.incoming, (kind, number)));
        }
        for alias in aliases {
            let called = self.aliases.entry(alias).or_default();
            if let Err(at) = called.binary_search(&number) {
                called.insert(at, number);
            }
        }
    }
}

/// What an entity puts into the index.
#[derive(Debug)]
pub(super) struct Came {
    body: Value,
    /// Text whose words are searched, besides the fields that are.
    searched: String,
    /// Rows besides those of the document.
    rows: Vec<(&'static str, String)>,
}

impl Came {
    pub(super) fn of(entity: &Entity) -> Self {
        let body = document(entity);
        let text = |key: &str| body["metadata"][key].as_str().unwrap_or_default();
        let mut searched = text("description").to_owned();
        if text("title").len() > super::flatten::LONGEST {
            // A title so long is no value.
            searched = format!("{} {searched}", text("title"));
        }
        let mut rows = vec![
            // Lists go by kind, so that one term must be there whatever the document says.
            ("kind", entity.entity_ref.kind().to_owned()),
            ("stagedoor.origin", entity.origin.as_str().to_owned()),
            ("stagedoor.project", entity.source.project_path.clone()),
        ];
        let path = &entity.source.project_path;
        let (above, own) = path.rsplit_once('/').unwrap_or(("", path));
        let parts = [above, own].into_iter().filter(|part| !entity.entity_ref.name().contains(*part));
        rows.extend(parts.map(|part| (PATH_PARTS, part.to_owned())));
        rows.extend(entity.language.clone().map(|language| ("stagedoor.language", language)));
        if entity.stale.is_some() {
            rows.push(("stagedoor.stale", "true".to_owned()));
        }
        Self { body, searched, rows }
    }
}

/// The document as a value; of a damaged store, what the reference says.
pub(super) fn document(entity: &Entity) -> Value {
    serde_json::from_str(&entity.body).unwrap_or_else(|_| {
        let reference = &entity.entity_ref;
        let metadata = serde_json::json!({"namespace": reference.namespace(), "name": reference.name()});
        serde_json::json!({"kind": reference.kind(), "metadata": metadata})
    })
}

/// The words by which a text is found: lower case, without the punctuation of sentences.
pub(super) fn words(text: &str) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    let bare = |word: &'_ str| -> bool { !word.is_empty() && word.len() <= LONGEST_WORD };
    let trim = |word| str::trim_matches(word, |c: char| ",.;:!?()[]{}\"'`".contains(c));
    text.split_whitespace().map(trim).filter(move |word| bare(word)).map(lower)
}

/// Notes the first `most` words of a text.
pub(super) fn add_words(terms: &mut Terms, field: FieldId, slot: u32, text: &str, most: usize, ids: &mut Vec<TermId>) {
    for word in words(text).take(most) {
        ids.extend(terms.add(field, slot, &word, &word));
    }
}

fn insert_sorted<T: Ord>(list: &mut ThinVec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.reserve_exact(1 + list.len() / 4);
        list.insert(at, item);
    }
}

fn remove_sorted<T: Ord>(list: &mut ThinVec<T>, item: &T) {
    if let Ok(at) = list.binary_search(item) {
        list.remove(at);
    }
}

/// Relations that have terms: each entity has few of them, and lists are filtered, counted and ordered by them. The
/// others are answered from the edges.
pub(super) const WITH_TERMS: [RelationType; 4] =
    [RelationType::OwnedBy, RelationType::PartOf, RelationType::MemberOf, RelationType::ChildOf];

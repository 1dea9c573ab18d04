//! What one document puts into the index and takes out of it.

use model::{Entity, RelationType};
use serde_json::Value;

use super::{
    flatten::{Kept, kept, lower, rows},
    links::stated,
    state::Index,
    terms::{FieldId, TermId, Terms},
};

/// The field that holds the words of a document. Its name cannot be a path.
pub(super) const WORDS: &str = "\u{1}words";
/// The field that holds the words of its owner.
pub(super) const OWNER_WORDS: &str = "\u{1}owner";

/// How many words of a description can be searched by.
const MOST_WORDS: usize = 60;
/// Longer words are addresses and keys.
const LONGEST_WORD: usize = 100;

impl Index {
    /// Takes out the document of the entity that holds this slot.
    pub(super) fn forget_document(&mut self, number: u32) {
        let Self { slots, terms, hashes, incoming, aliases, .. } = self;
        let Some(Some(slot)) = slots.get_mut(number as usize) else { return };
        let Some(entity) = slot.claims.first() else { return };
        terms.remove(number, &std::mem::take(&mut slot.statics));
        slot.title = None;
        rows(&document(entity), &mut |path, value, _| {
            if kept(path) == Kept::Hashes {
                hashes.remove(number, path, value.map(lower).as_deref());
            }
        });
        for (kind, target) in stated(entity) {
            if let Some(named) = incoming.get_mut(target) {
                remove_sorted(named, &(kind, number));
                if named.is_empty() {
                    incoming.remove(target);
                }
            }
        }
        for alias in &entity.aliases {
            if let Some(called) = aliases.get_mut(alias) {
                remove_sorted(called, &number);
                if called.is_empty() {
                    aliases.remove(alias);
                }
            }
        }
    }

    /// Takes in the document of the entity that holds this slot.
    pub(super) fn learn_document(&mut self, number: u32) {
        let Self { slots, terms, hashes, incoming, aliases, .. } = self;
        let Some(Some(slot)) = slots.get_mut(number as usize) else { return };
        let Some(entity) = slot.claims.first() else { return };
        let body = document(entity);
        let mut ids: Vec<TermId> = Vec::with_capacity(48);
        rows(&body, &mut |path, value, item| {
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
        let field = terms.intern(WORDS);
        let mut note = |text: &str, most: usize| add_words(terms, field, number, text, most, &mut ids);
        let metadata = &body["metadata"];
        note(entity.entity_ref.name(), 1);
        note(&entity.source.project_path, 1);
        note(entity.language.as_deref().unwrap_or_default(), usize::MAX);
        note(metadata["title"].as_str().unwrap_or_default(), MOST_WORDS);
        note(metadata["description"].as_str().unwrap_or_default(), MOST_WORDS);
        for tag in metadata["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            note(tag, 1);
        }
        // Lists go by kind, so that one term must be there whatever the document says.
        let kind = terms.intern("kind");
        ids.extend(terms.add(kind, number, entity.entity_ref.kind(), &lower(entity.entity_ref.kind())));
        slot.changed_at = entity.changed_at;
        slot.title = metadata["title"].as_str().map(Into::into);
        ids.sort_unstable();
        ids.dedup();
        slot.statics = ids.into();
        for (kind, target) in stated(entity) {
            insert_sorted(incoming.entry(target.clone()).or_default(), (kind, number));
        }
        for alias in &entity.aliases {
            insert_sorted(aliases.entry(alias.clone()).or_default(), number);
        }
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

fn insert_sorted<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

fn remove_sorted<T: Ord>(list: &mut Vec<T>, item: &T) {
    if let Ok(at) = list.binary_search(item) {
        list.remove(at);
    }
}

/// Relations that have terms: each entity has few of them, and lists are filtered, counted and ordered by them. The
/// others are answered from the edges.
pub(super) const WITH_TERMS: [RelationType; 4] =
    [RelationType::OwnedBy, RelationType::PartOf, RelationType::MemberOf, RelationType::ChildOf];

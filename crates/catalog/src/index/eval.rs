//! Filters as sets of slots.
//!
//! What has terms or hashes is a union of lists. The rest (beginnings, parts and list items of paths that have only
//! hashes, relations without terms) is decided by reading the documents of what the other conditions left over.

use std::borrow::Cow;

use model::{RefKey, RelationType};
use roaring::RoaringBitmap;

use super::{
    Filter,
    document::{WITH_TERMS, document, searched, words},
    flatten::{Kept, element_rows, kept, lower, rows},
    links::End,
    state::{Found, Index},
    terms::{TermId, Values},
};

type Slots<'a> = Cow<'a, RoaringBitmap>;

/// Where the values of a key come from.
enum Source {
    /// Terms of a field.
    Terms,
    /// References: terms whose texts are canonical references.
    References,
    /// The edges.
    Edges(RelationType),
    /// The reference itself.
    Uid,
    /// Hashes and documents.
    Hashes,
}

fn source(key: &str) -> Source {
    if key == "metadata.uid" {
        return Source::Uid;
    }
    if let Some(kind) = key.strip_prefix("relations.") {
        return match RelationType::parse(kind) {
            Some(kind) if !WITH_TERMS.contains(&kind) => Source::Edges(kind),
            _ => Source::References,
        };
    }
    match kept(key) {
        _ if matches!(key, "stagedoor.owner" | "stagedoor.system") => Source::References,
        Kept::Terms => Source::Terms,
        Kept::Hashes => Source::Hashes,
    }
}

impl Index {
    /// The slots a filter means.
    pub(super) fn meant(&self, filter: &Filter) -> Slots<'_> {
        match self.eval(filter, &self.live) {
            Cow::Borrowed(slots) if std::ptr::eq(slots, &raw const self.live) => Cow::Borrowed(slots),
            slots => Cow::Owned(slots.as_ref() & &self.live),
        }
    }

    /// The slots a filter means, right only for those in `within`.
    fn eval<'a>(&'a self, filter: &Filter, within: &RoaringBitmap) -> Slots<'a> {
        match filter {
            Filter::All => Cow::Borrowed(&self.live),
            Filter::Nothing => Cow::default(),
            Filter::And(all) => self.eval_all(all, within),
            Filter::Or(any) => match any.as_slice() {
                [only] => self.eval(only, within),
                any => {
                    let union = any.iter().fold(RoaringBitmap::new(), |union, f| union | &*self.eval(f, within));
                    Cow::Owned(union)
                }
            },
            Filter::Not(inner) => Cow::Owned(within - &*self.eval(inner, within)),
            Filter::Exists(key) => self.exists(&lower(key), within),
            Filter::In(key, values) => self.any_value(&lower(key), values, within),
            Filter::Prefix(key, prefix) => self.prefixed(&lower(key), &lower(prefix), within),
            Filter::Item(key, values) => Cow::Owned(self.items(&lower(key), values, within)),
            Filter::Element(key, inner) => Cow::Owned(self.elements(&lower(key), inner, within)),
            Filter::Text(text, keys) => {
                let text = lower(text);
                let parts = keys.iter().map(|key| self.containing(&lower(key), &text, within));
                Cow::Owned(parts.fold(RoaringBitmap::new(), |union, slots| union | slots))
            }
            Filter::Words(text) => Cow::Owned(self.with_words(text)),
        }
    }

    /// The cheap ones first, so that documents are read only of what they leave.
    fn eval_all<'a>(&'a self, all: &[Filter], within: &RoaringBitmap) -> Slots<'a> {
        if let [only] = all {
            return self.eval(only, within);
        }
        let (dear, cheap): (Vec<&Filter>, Vec<&Filter>) = all.iter().partition(|filter| reads_documents(filter));
        let mut left: Option<Slots<'a>> = None;
        for filter in cheap.into_iter().chain(dear) {
            let slots = match &left {
                Some(left) => self.eval(filter, left),
                None => self.eval(filter, within),
            };
            left = Some(match left {
                None => slots,
                Some(Cow::Owned(mut left)) => {
                    left &= &*slots;
                    Cow::Owned(left)
                }
                Some(Cow::Borrowed(left)) => Cow::Owned(left & &*slots),
            });
            if left.as_ref().is_some_and(|left| left.is_empty()) {
                break;
            }
        }
        left.unwrap_or(Cow::Borrowed(&self.live))
    }

    /// Who has the key at all.
    pub(super) fn exists<'a>(&'a self, key: &str, within: &RoaringBitmap) -> Slots<'a> {
        let own: Slots<'a> = match source(key) {
            Source::Terms | Source::References => match self.terms.field(key) {
                Some(values) => Cow::Borrowed(values.exists()),
                None => Cow::default(),
            },
            Source::Uid => Cow::Borrowed(&self.live),
            Source::Edges(kind) => {
                Cow::Owned(within.iter().filter(|slot| !self.ends(*slot, kind).is_empty()).collect())
            }
            Source::Hashes => Cow::Owned(self.hashes.find(key, None)),
        };
        self.with_item_keys(own, key, within)
    }

    fn any_value<'a>(&'a self, key: &str, values: &[String], within: &RoaringBitmap) -> Slots<'a> {
        let mut found = RoaringBitmap::new();
        for value in values {
            let value = lower(value);
            match source(key) {
                Source::Terms => self.add_term(key, &value, &mut found),
                Source::References => self.add_term(key, &self.canonical(&value), &mut found),
                Source::Uid => found.extend(self.slot_of_uid(&value)),
                Source::Edges(kind) => found |= self.towards(&value, kind),
                Source::Hashes => found |= self.hashes.find(key, Some(&value)),
            }
        }
        if values.iter().any(|value| value.eq_ignore_ascii_case("true")) {
            return self.with_item_keys(Cow::Owned(found), key, within);
        }
        Cow::Owned(found)
    }

    fn add_term(&self, key: &str, value: &str, found: &mut RoaringBitmap) {
        if let Some(slots) = self.terms.field(key).and_then(|values| values.postings(value)) {
            slots.add_to(found);
        }
    }

    /// Adds whoever has `key` as `path.item`, the reference's way of asking for several items of one list.
    fn with_item_keys<'a>(&'a self, own: Slots<'a>, key: &str, within: &RoaringBitmap) -> Slots<'a> {
        let mut more = RoaringBitmap::new();
        for (at, _) in key.match_indices('.') {
            if let (Some(path), Some(item)) = (key.get(..at), key.get(at + 1..)) {
                more |= self.listed(path, item, within);
            }
        }
        if more.is_empty() { own } else { Cow::Owned(more | &*own) }
    }

    /// Who has the text (lower case) as an item of a list.
    fn listed(&self, path: &str, item: &str, within: &RoaringBitmap) -> RoaringBitmap {
        match source(path) {
            Source::Terms => {
                let Some(values) = self.terms.field(path) else { return RoaringBitmap::new() };
                values.postings(item).map(|slots| slots.and(values.listed())).unwrap_or_default()
            }
            Source::Hashes => {
                let candidates = self.hashes.find(path, Some(item)) & within;
                self.reading(&candidates, |row, value, listed| listed && row == path && value == Some(item))
            }
            Source::References | Source::Uid | Source::Edges(_) => RoaringBitmap::new(),
        }
    }

    fn items(&self, key: &str, values: &[String], within: &RoaringBitmap) -> RoaringBitmap {
        let parts = values.iter().map(|value| self.listed(key, &lower(value), within));
        parts.fold(RoaringBitmap::new(), |union, slots| union | slots)
    }

    fn prefixed<'a>(&'a self, key: &str, prefix: &str, within: &RoaringBitmap) -> Slots<'a> {
        let mut found = RoaringBitmap::new();
        match source(key) {
            Source::Terms | Source::References => {
                let mut bits = self.bits();
                let values = self.terms.field(key);
                for id in values.into_iter().flat_map(|values| values.prefixed(prefix)) {
                    self.terms.slots(id).mark(&mut bits);
                }
                found = RoaringBitmap::from_lsb0_bytes(0, &bits);
            }
            Source::Uid | Source::Edges(_) | Source::Hashes => {
                let candidates = within & &*self.exists(key, within);
                let begins = |slot: &u32| self.values(*slot, key).iter().any(|value| lower(value).starts_with(prefix));
                found.extend(candidates.iter().filter(begins));
            }
        }
        Cow::Owned(found)
    }

    fn containing(&self, key: &str, text: &str, within: &RoaringBitmap) -> RoaringBitmap {
        let mut found = RoaringBitmap::new();
        match source(key) {
            Source::Terms | Source::References => found = self.with_part(&[key], text),
            Source::Uid | Source::Edges(_) | Source::Hashes => {
                let candidates = within & &*self.exists(key, within);
                let contains = |slot: &u32| self.values(*slot, key).iter().any(|value| lower(value).contains(text));
                found.extend(candidates.iter().filter(contains));
            }
        }
        found
    }

    /// A bit for each slot: what is found may be most of them, and a bitmap is made only at the end.
    pub(super) fn bits(&self) -> Vec<u8> {
        vec![0_u8; self.nodes.end().div_ceil(8)]
    }

    /// Who has the text (lower case) in a value of one of these fields.
    fn with_part(&self, fields: &[&str], text: &str) -> RoaringBitmap {
        let mut bits = self.bits();
        for values in fields.iter().filter_map(|field| self.terms.field(field)) {
            values.mark_containing(text, &mut bits);
        }
        RoaringBitmap::from_lsb0_bytes(0, &bits)
    }

    /// Who has every word of the text.
    pub(super) fn with_words(&self, text: &str) -> RoaringBitmap {
        // The longest first: it leaves the fewest, and of those the own words can be looked at.
        let mut wanted: Vec<Cow<'_, str>> = words(text).collect();
        wanted.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let mut left: Option<RoaringBitmap> = None;
        for word in wanted {
            left = Some(match left {
                Some(left) if left.len() * 64 < self.live.len() => {
                    left.iter().filter(|slot| self.has_word(*slot, &word)).collect()
                }
                Some(left) => left & self.with_part(&searched(&word), &word),
                None => self.with_part(&searched(&word), &word),
            });
        }
        left.unwrap_or_else(|| self.live.clone())
    }

    fn has_word(&self, number: u32, word: &str) -> bool {
        let Some(slot) = self.slot(number) else { return false };
        let has = |values: Values<'_>, ids: &[TermId]| {
            self.terms.of_field(ids, values.id).any(|term| values.text(term).contains(word))
        };
        let mut fields = searched(word).into_iter().filter_map(|field| self.terms.field(field));
        fields.any(|values| has(values, &slot.statics) || has(values, &slot.derived))
    }

    /// Who has an edge of this type to whatever the reference means here.
    fn towards(&self, reference: &str, kind: RelationType) -> RoaringBitmap {
        let Some(number) = RefKey::parse(reference).ok().and_then(|key| self.nodes.find(key.as_str())) else {
            return RoaringBitmap::new();
        };
        match self.find(number) {
            Found::Slot(slot) => {
                let ends = self.ends(slot, kind.inverse()).into_iter();
                ends.filter_map(|end| if let End::Slot(slot) = end { Some(slot) } else { None }).collect()
            }
            Found::Ambiguous | Found::Nothing => {
                self.incoming(number).iter().filter(|(of, _)| *of == kind).map(|(_, slot)| *slot).collect()
            }
        }
    }

    /// The reference something has here, if it is one.
    fn canonical<'a>(&self, reference: &'a str) -> Cow<'a, str> {
        match RefKey::parse(reference) {
            Ok(key) => Cow::Owned(self.target(&key).key.to_string()),
            Err(_) => Cow::Borrowed(reference),
        }
    }

    /// The values of a key that has no terms, as written.
    pub(super) fn values(&self, number: u32, key: &str) -> Vec<String> {
        let mut found = Vec::new();
        match source(key) {
            Source::Uid => found.extend(self.key(number).map(|key| super::state::uid(key).to_string())),
            Source::Edges(kind) => {
                let ends = self.ends(number, kind);
                found.extend(ends.iter().filter_map(|end| self.end_key(*end)).map(ToString::to_string));
            }
            Source::Terms | Source::References | Source::Hashes => {
                let Some(view) = self.view(number) else { return found };
                rows(&document(view.entity()), &mut |path, value, item| {
                    if path == key {
                        found.extend(value.map(ToOwned::to_owned));
                    } else if let (true, Some(value)) = (item, value)
                        && key.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')) == Some(&*lower(value))
                    {
                        found.push("true".to_owned());
                    }
                });
            }
        }
        found
    }

    /// Those of `candidates` of which a row of the document is as wanted (path and value in lower case).
    fn reading(&self, candidates: &RoaringBitmap, wanted: impl Fn(&str, Option<&str>, bool) -> bool) -> RoaringBitmap {
        let wanted = |slot: &u32| {
            let mut found = false;
            if let Some(view) = self.view(*slot) {
                rows(&document(view.entity()), &mut |path, value, item| {
                    found = found || wanted(path, value.map(lower).as_deref(), item);
                });
            }
            found
        };
        candidates.iter().filter(wanted).collect()
    }

    /// Who has a list of mappings at `key` of which one is meant by `inner`.
    fn elements(&self, key: &str, inner: &Filter, within: &RoaringBitmap) -> RoaringBitmap {
        if key == "relations" {
            return within.iter().filter(|slot| self.relation_meant(*slot, inner)).collect();
        }
        let meant = |slot: &u32| {
            let Some(view) = self.view(*slot) else { return false };
            let body = document(view.entity());
            let list = super::flatten::at(&body, key).and_then(serde_json::Value::as_array);
            list.into_iter().flatten().any(|element| {
                let mut rows = Vec::new();
                element_rows(element, &mut |path, value, item| {
                    rows.push((path.to_owned(), value.map(|value| lower(value).into_owned()), item));
                });
                rows_meant(&rows, inner)
            })
        };
        within.iter().filter(meant).collect()
    }

    /// Whether one of the edges, as `{type, targetRef}`, is meant.
    fn relation_meant(&self, number: u32, inner: &Filter) -> bool {
        self.edges(number).iter().any(|edge| {
            let row = |path: &str, value: &str| (path.to_owned(), Some(lower(value).into_owned()), false);
            rows_meant(&[row("type", edge.kind.as_str()), row("targetref", edge.target.as_str())], inner)
        })
    }
}

type Row = (String, Option<String>, bool);

/// Whether rows (in lower case) are meant by a filter.
fn rows_meant(rows: &[Row], filter: &Filter) -> bool {
    let any = |key: &str, wanted: &dyn Fn(&str) -> bool| {
        let key = lower(key);
        rows.iter().any(|(path, value, _)| *path == *key && value.as_deref().is_some_and(wanted))
    };
    match filter {
        Filter::All => true,
        Filter::And(all) => all.iter().all(|filter| rows_meant(rows, filter)),
        Filter::Or(any) => any.iter().any(|filter| rows_meant(rows, filter)),
        Filter::Not(inner) => !rows_meant(rows, inner),
        Filter::Exists(key) => rows.iter().any(|(path, ..)| **path == *lower(key)),
        Filter::In(key, values) => any(key, &|value| values.iter().any(|wanted| *lower(wanted) == *value)),
        Filter::Prefix(key, prefix) => any(key, &|value| value.starts_with(&*lower(prefix))),
        Filter::Text(text, keys) => keys.iter().any(|key| any(key, &|value| value.contains(&*lower(text)))),
        Filter::Item(key, values) => {
            let wanted = |value: &str| values.iter().any(|wanted| *lower(wanted) == *value);
            let listed =
                |(path, value, item): &Row| *item && **path == *lower(key) && value.as_deref().is_some_and(wanted);
            rows.iter().any(listed)
        }
        // Lists of mappings inside lists of mappings are beyond what the catalog API asks.
        Filter::Nothing | Filter::Element(..) | Filter::Words(_) => false,
    }
}

/// Whether deciding may read documents.
fn reads_documents(filter: &Filter) -> bool {
    match filter {
        Filter::Element(..) => true,
        Filter::All | Filter::Nothing | Filter::Words(_) => false,
        Filter::And(inner) | Filter::Or(inner) => inner.iter().any(reads_documents),
        Filter::Not(inner) => reads_documents(inner),
        Filter::Exists(key) | Filter::Prefix(key, _) | Filter::Item(key, _) => {
            !matches!(source(&lower(key)), Source::Terms)
        }
        Filter::In(..) => false,
        Filter::Text(_, keys) => keys.iter().any(|key| !matches!(source(&lower(key)), Source::Terms)),
    }
}

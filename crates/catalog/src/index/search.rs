//! Finding by words, and finding what was nearly meant.

use model::RefKey;
use roaring::RoaringBitmap;

use super::{
    Hit,
    document::{document, words},
    flatten::lower,
    state::Index,
};

/// What a few letters mean may be the whole catalog; of only so many the names are weighed.
const MOST_WEIGHED: usize = 2_000;
/// And of so many the documents are read, if the names give too few.
const MOST_READ: usize = 200;
/// References to suggest.
const MOST_SUGGESTED: usize = 5;

impl Index {
    /// What people mean by some words, best first: names before the rest, whole words and beginnings before parts.
    /// Every word must stand in name, title, tags, owner, language, project path or description.
    #[must_use]
    pub fn search(&self, text: &str, limit: usize) -> Vec<Hit<'_>> {
        let wanted: Vec<String> = words(text).map(std::borrow::Cow::into_owned).collect();
        let Some(first) = wanted.first() else { return Vec::new() };
        let all = self.with_words(text);
        // Those whose name begins with the first word come first, so that the limit cannot lose the best.
        let mut begins = RoaringBitmap::new();
        for id in self.terms.field("metadata.name").into_iter().flat_map(|names| names.prefixed(first)) {
            self.terms.slots(id).add_to(&mut begins);
        }
        begins &= &all;
        let order = begins.iter().chain(all.iter().filter(|slot| !begins.contains(*slot)));
        let mut hits: Vec<(u32, &'static str, u32)> = Vec::new();
        let mut rest = Vec::new();
        for slot in order.take(MOST_WEIGHED) {
            match self.weigh_names(slot, &wanted) {
                Some((weight, why)) => hits.push((weight, why, slot)),
                None => rest.push(slot),
            }
        }
        if hits.len() < limit {
            let weigh = |slot| self.weigh(slot, &wanted).map(|(weight, why)| (weight, why, slot));
            hits.extend(rest.into_iter().take(MOST_READ).filter_map(weigh));
        }
        hits.sort_by(|a, b| {
            let name = |slot: u32| self.key(slot).map(|key| (key.name().len(), key));
            a.0.cmp(&b.0).then_with(|| name(a.2).cmp(&name(b.2)))
        });
        hits.truncate(limit);
        hits.into_iter().filter_map(|(_, why, slot)| Some(Hit { view: self.view(slot)?, why })).collect()
    }

    /// How well the words fit name and title, which is better than anything else fits.
    fn weigh_names(&self, number: u32, wanted: &[String]) -> Option<(u32, &'static str)> {
        let title = lower(self.slot(number)?.title.as_deref().unwrap_or_default());
        weigh(&[("name", self.key(number)?.name()), ("title", &title)], wanted)
    }

    /// How well the words fit, less being better, and where the one that fits worst stands.
    fn weigh(&self, number: u32, wanted: &[String]) -> Option<(u32, &'static str)> {
        let view = self.view(number)?;
        let entity = view.entity();
        let body = document(entity);
        let metadata = &body["metadata"];
        let text = |key: &str| lower(metadata[key].as_str().unwrap_or_default()).into_owned();
        let tags = metadata["tags"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        let tags = tags.collect::<Vec<_>>().join(" ");
        let owner = entity.ownership.as_ref().and_then(|ownership| ownership.owner.as_ref());
        let places = [
            ("name", &*lower(entity.entity_ref.name())),
            ("title", &*text("title")),
            ("tag", &*lower(&tags)),
            ("owner", &*owner.map(|owner| self.owner_text(owner)).unwrap_or_default()),
            ("language", &*lower(entity.language.as_deref().unwrap_or_default())),
            ("project", &*lower(&entity.source.project_path)),
            ("description", &*text("description")),
        ];
        weigh(&places, wanted)
    }

    fn owner_text(&self, owner: &RefKey) -> String {
        let key = self.target(owner).key;
        let title = self.held(&key).and_then(|slot| self.slot(slot)?.title.as_deref()).unwrap_or_default();
        format!("{} {}", key.name(), lower(title))
    }

    /// References that look like one that is not held, nearest first, five at most: what it is an alias of, the same
    /// name elsewhere, names that differ in a letter or two, names that begin with it.
    #[must_use]
    pub fn suggestions(&self, key: &RefKey) -> Vec<RefKey> {
        let mut near: Vec<(usize, &RefKey)> = Vec::new();
        let (wanted, letters) = (key.name(), letters(key.name()));
        let most = (wanted.len() / 3).min(2);
        let near_name = |name: &str| {
            if name.len() > wanted.len() && wanted.len() > 2 && name.starts_with(wanted) {
                return Some(distance(name, wanted, most).unwrap_or(most + 1));
            }
            // Each change of a letter takes one away and brings one at most; nearly all names end here.
            let apart = (self::letters(name) ^ letters).count_ones() as usize;
            if apart > most * 2 { None } else { distance(name, wanted, most) }
        };
        for held in self.nodes.iter().filter(|slot| self.live.contains(*slot)).filter_map(|slot| self.key(slot)) {
            let Some(name) = near_name(held.name()) else { continue };
            let apart = usize::from(held.kind() != key.kind()) + usize::from(held.namespace() != key.namespace());
            near.push((name * 4 + apart, held));
        }
        near.sort_unstable();
        let mut found: Vec<RefKey> = match self.resolve(key) {
            super::Resolution::Alias(meant) => vec![meant],
            super::Resolution::Ambiguous(meant) => meant,
            super::Resolution::Held(_) | super::Resolution::Unknown => Vec::new(),
        };
        for (_, held) in near.into_iter().take(MOST_SUGGESTED * 2) {
            if held != key && !found.contains(held) {
                found.push(held.clone());
            }
        }
        found.truncate(MOST_SUGGESTED);
        found
    }
}

/// What the worst of the words weighs, and where it stands. Places come in the order of their worth.
fn weigh(places: &[(&'static str, &str)], wanted: &[String]) -> Option<(u32, &'static str)> {
    let best = |word: &String| {
        let fits =
            places.iter().zip(0_u32..).filter_map(|((why, text), place)| Some((place * 4 + fit(text, word)?, *why)));
        fits.min()
    };
    wanted.iter().map(best).try_fold((0, "name"), |worst, best| Some(worst.max(best?)))
}

/// 0: the whole text; 1: its beginning; 2: the beginning of one of its words; 3: a part.
fn fit(text: &str, word: &str) -> Option<u32> {
    let at = text.find(word)?;
    if text == word {
        return Some(0);
    }
    if at == 0 {
        return Some(1);
    }
    let starts = |(at, _): (usize, &str)| text.get(..at).is_some_and(|head| !head.ends_with(char::is_alphanumeric));
    Some(if text.match_indices(word).any(starts) { 2 } else { 3 })
}

/// Which letters a name has, a bit for each, several to a bit.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |letters, byte| letters | 1 << (byte % 64))
}

/// How many letters to change, insert or leave out make one name the other, if not more than `most` (Levenshtein).
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut()?, i + 1);
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let here = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if row.iter().min()? > &most {
            return None;
        }
    }
    row.last().copied().filter(|distance| *distance <= most)
}

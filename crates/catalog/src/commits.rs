//! Whose a project is by who wrote what was committed lately. Pure: authors and people in, an owner out.

use std::collections::{BTreeMap, HashMap, HashSet};

use gitlab::CommitAuthor;
use model::{Millis, RefKey};
use serde::{Deserialize, Serialize};

/// A share below this says nothing about who looks after a project.
const LEAST: usize = 50;
/// Of fewer commits than this no share says anything: one of one would be everything.
const FEWEST: usize = 3;
/// However large the share: who writes most need not be who answers for it.
const MOST: usize = 85;
/// How far back is looked. Older work tells of teams that were.
pub(crate) const WINDOW: Millis = 90 * 24 * 60 * 60 * 1000;

/// An owner by commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) owner: RefKey,
    /// In percent, of all commits.
    pub(crate) percent: u8,
    pub(crate) commits: usize,
    /// The day from which on they were counted, for people: `27 August`.
    pub(crate) since: String,
}

impl Share {
    /// How sure that is, in percent.
    pub(crate) fn confidence(&self) -> u8 {
        self.percent.min(u8::try_from(MOST).unwrap_or(u8::MAX))
    }

    /// `82 % of 37 commits since 27 August`.
    pub(crate) fn detail(&self) -> String {
        format!("{} % of {} commits since {}", self.percent, self.commits, self.since)
    }
}

/// One person of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) key: RefKey,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    /// The groups they are direct members of.
    pub(crate) groups: Vec<RefKey>,
}

/// The people of one connection by what commits say of their authors.
#[derive(Debug, Default)]
pub(crate) struct People {
    people: Vec<Person>,
    by_email: HashMap<String, usize>,
    by_username: HashMap<String, usize>,
    /// `None` where several have that name.
    by_name: HashMap<String, Option<usize>>,
    members: HashMap<RefKey, usize>,
}

impl People {
    pub(crate) fn of(people: Vec<Person>) -> Self {
        let mut found = Self::default();
        for (at, person) in people.iter().enumerate() {
            found.by_username.insert(person.username.to_lowercase(), at);
            if let Some(email) = &person.email {
                found.by_email.insert(email.to_lowercase(), at);
            }
            let same = found.by_name.entry(person.name.trim().to_lowercase()).or_insert(Some(at));
            if *same != Some(at) {
                *same = None;
            }
            for group in &person.groups {
                *found.members.entry(group.clone()).or_default() += 1;
            }
        }
        found.people = people;
        found
    }

    /// By address; else, because GitLab hides addresses, by the private address that GitLab gives, by full name or by user
    /// name.
    fn find(&self, author: &CommitAuthor) -> Option<&Person> {
        let (email, name) = (author.email.to_lowercase(), author.name.trim().to_lowercase());
        let at = self
            .by_email
            .get(&email)
            .or_else(|| self.by_username.get(private_address(&email)?))
            .copied()
            .or_else(|| self.by_name.get(&name).copied().flatten())
            .or_else(|| self.by_username.get(&name).copied())?;
        self.people.get(at)
    }

    /// The group whose direct members wrote the largest share, else the person who did, if it is large enough. `near` is
    /// the reference of the group that the project lies in: of equals the nearer and then the smaller one is meant.
    pub(crate) fn owner_of(&self, authors: &[CommitAuthor], near: Option<&RefKey>, since: &str) -> Option<Share> {
        if authors.len() < FEWEST {
            return None;
        }
        let mut groups: BTreeMap<&RefKey, usize> = BTreeMap::new();
        let mut people: BTreeMap<&RefKey, usize> = BTreeMap::new();
        for person in authors.iter().filter_map(|author| self.find(author)) {
            *people.entry(&person.key).or_default() += 1;
            for group in person.groups.iter().collect::<HashSet<_>>() {
                *groups.entry(group).or_default() += 1;
            }
        }
        let enough = |(_, count): &(&RefKey, usize)| count * 100 >= LEAST * authors.len();
        let rank = |(group, count): &(&RefKey, usize)| {
            let near = near.map_or(0, |near| common(near.name(), group.name()));
            let members = self.members.get(*group).copied().unwrap_or(usize::MAX);
            (*count, near, std::cmp::Reverse(members))
        };
        let group = groups.into_iter().filter(enough).max_by_key(rank);
        let found = group.or_else(|| people.into_iter().filter(enough).max_by_key(|(_, count)| *count));
        let (owner, count) = found?;
        let percent = u8::try_from(count * 100 / authors.len().max(1)).unwrap_or(100);
        Some(Share { owner: owner.clone(), percent, commits: authors.len(), since: since.to_owned() })
    }
}

/// `12345-ilse@users.noreply.gitlab.com`, and `ilse@users.noreply.gitlab.com` of older times.
fn private_address(email: &str) -> Option<&str> {
    let (local, host) = email.split_once('@')?;
    if !host.starts_with("users.noreply.") {
        return None;
    }
    Some(match local.split_once('-') {
        Some((number, username)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => username,
        _ => local,
    })
}

/// How many segments two group names have in common from the top.
fn common(one: &str, other: &str) -> usize {
    one.split('.').zip(other.split('.')).take_while(|(a, b)| a == b).count()
}

/// A day for people: `27 August`.
pub(crate) fn day(at: Millis) -> String {
    let format = time::macros::format_description!("[day padding:none] [month repr:long]");
    let at = time::OffsetDateTime::from_unix_timestamp(at.div_euclid(1_000)).ok();
    at.and_then(|at| at.format(format).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> RefKey {
        RefKey::parse(text).expect("key")
    }

    fn person(username: &str, name: &str, email: Option<&str>, groups: &[&str]) -> Person {
        Person {
            key: key(&format!("user:default/{username}")),
            username: username.to_owned(),
            name: name.to_owned(),
            email: email.map(str::to_owned),
            groups: groups.iter().map(|group| key(&format!("group:default/{group}"))).collect(),
        }
    }

    fn by(name: &str, email: &str) -> CommitAuthor {
        CommitAuthor { name: name.to_owned(), email: email.to_owned() }
    }

    fn people() -> People {
        People::of(vec![
            person("ilse", "Ilse Brandvold", Some("Ilse@sandrill.example"), &["sandrill.pay", "sandrill"]),
            person("odd", "Odd", None, &["sandrill.pay"]),
            person("kai", "Kai Li", None, &["sandrill.ops"]),
            person("kai2", "Kai Li", None, &["sandrill"]),
        ])
    }

    #[test]
    fn authors_are_found_by_address_name_and_user_name() {
        let people = people();
        for (author, expected) in [
            (by("x", "ilse@SANDRILL.example"), Some("ilse")),
            (by("ilse brandvold", "private@home"), Some("ilse")),
            (by("ODD", ""), Some("odd")),
            (by("x", "77-kai@users.noreply.gitlab.com"), Some("kai")),
            (by("x", "kai@users.noreply.git.example"), Some("kai")),
            (by("Kai Li", ""), None),
            (by("kai2", ""), Some("kai2")),
            (by("stranger", "ilse@elsewhere.example"), None),
        ] {
            assert_eq!(people.find(&author).map(|p| p.username.as_str()), expected, "{author:?}");
        }
    }

    #[test]
    fn the_group_with_the_largest_share_owns() {
        let people = people();
        let mut authors = vec![by("ilse", ""); 5];
        authors.extend(vec![by("odd", ""); 3]);
        authors.extend(vec![by("stranger", ""); 2]);
        let share = people.owner_of(&authors, None, "27 August").expect("an owner");
        assert_eq!((share.owner.as_str(), share.percent), ("group:default/sandrill.pay", 80));
        assert_eq!(share.detail(), "80 % of 10 commits since 27 August");
        assert_eq!(people.owner_of(&vec![by("ilse", ""); 3], None, "x").expect("an owner").confidence(), 85);
        assert_eq!(people.owner_of(&vec![by("ilse", ""); 2], None, "x"), None, "two commits say nothing");
        // Of equals the one that the project is nearest to, then the smaller one.
        let alone = vec![by("ilse", ""); 4];
        let near = |near: Option<&str>| {
            let near = near.map(key);
            people.owner_of(&alone, near.as_ref(), "x").expect("an owner").owner.to_string()
        };
        assert_eq!(near(Some("group:default/sandrill.pay")), "group:default/sandrill.pay");
        authors.extend(vec![by("stranger", ""); 10]);
        assert_eq!(people.owner_of(&authors, None, "x"), None, "less than half");
        let lonely = People::of(vec![person("kim", "Kim", None, &[])]);
        let share =
            lonely.owner_of(&[by("Kim", ""), by("?", ""), by("Kim", ""), by("?", "")], None, "x").expect("an owner");
        assert_eq!((share.owner.as_str(), share.percent), ("user:default/kim", 50));
    }

    #[test]
    fn a_day_is_written_for_people() {
        assert_eq!(day(1_787_832_000_000), "27 August");
    }

    proptest! {
        #[test]
        fn a_share_is_at_least_half_and_never_sure(names in proptest::collection::vec("(ilse|odd|kai|stranger)", 0..40)) {
            let authors: Vec<CommitAuthor> = names.iter().map(|name| by(name, "")).collect();
            if let Some(share) = people().owner_of(&authors, None, "x") {
                prop_assert!((50..=100).contains(&share.percent) && share.confidence() <= 85);
                prop_assert_eq!(share.commits, authors.len());
            }
        }
    }
}

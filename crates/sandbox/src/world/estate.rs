//! The generated estate: any number of projects, none of which exists before it is asked for.
//!
//! Everything is arithmetic on an index and the seed, so that starting costs nothing and two servers with one seed
//! answer alike. Ids are the index plus one. A name ends in its index, which makes the way back from a path to an id a
//! parse and a comparison.
//!
//! Groups form a tree with eight children a node, or, where their number is given, a wood of eight trees at most six
//! deep. Of G groups, H have projects, one for a dozen projects at most: every (G/H)th, beginning with the first.
//! Project `p` lives in the `p mod H`th of these. Without a number of groups, H is G.

mod content;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::model::{Group, Member, Namespace, Person, Project, UserKind, Visibility, level};
use super::words::{FIRST, LANGUAGES, LAST, PLACES, THINGS};
use crate::clock;

/// Children a group has; chosen so that 100,000 projects are five levels deep.
const FANOUT: u64 = 8;
/// Top-level groups of an estate whose number of groups is given, and levels it has at most.
const TOPS: u64 = 8;
const LEVELS: u32 = 6;
/// The estate's last day, 2026-11-18T12:00:00Z: activity is counted back from here.
const LAST_DAY: i64 = 1_795_003_200;
/// The day its first group was made, 2022-01-10T08:00:00Z.
const FIRST_DAY: i64 = 1_641_801_600;
const DAY: i64 = 86_400;

/// The estate's parameters; everything else follows.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    seed: u64,
    projects: u64,
    groups: u64,
    people: u64,
    /// Top-level groups: the first so many.
    tops: u64,
    fanout: u64,
    /// Groups that have projects of their own.
    homes: u64,
}

impl Estate {
    pub(crate) fn new(projects: u64, groups: Option<u64>, seed: u64) -> Self {
        let usual = projects.div_ceil(12).max(2);
        let people = (projects / 10).clamp(30, 5000);
        let Some(groups) = groups else {
            return Self { seed, projects, groups: usual, people, tops: 1, fanout: FANOUT, homes: usual };
        };
        let tops = if groups > 2 * TOPS { TOPS } else { 1 };
        let holds = |fanout: u64| tops * (0..LEVELS).map(|level| fanout.saturating_pow(level)).sum::<u64>();
        let fanout = (2..).find(|fanout| holds(*fanout) >= groups).unwrap_or(FANOUT);
        Self { seed, projects, groups, people, tops, fanout, homes: usual.min(groups) }
    }

    pub(crate) fn projects(&self) -> u64 {
        self.projects
    }

    pub(crate) fn groups(&self) -> u64 {
        self.groups
    }

    /// Including the administrator, who has id 1.
    pub(crate) fn people(&self) -> u64 {
        self.people + 1
    }

    fn dice(&self, what: u64, index: u64) -> u64 {
        mix(mix(self.seed ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ index)
    }

    // ── people ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// The person with this id; 1 is the administrator, 2 to 6 are owner, maintainer, developer, reporter and guest.
    pub(crate) fn person(&self, id: u64) -> Option<Arc<Person>> {
        if id == 0 || id > self.people() {
            return None;
        }
        let (username, name) = if id == 1 {
            ("root".to_owned(), "Administrator".to_owned())
        } else {
            let first = pick(&FIRST, self.dice(1, id));
            let last = pick(&LAST, self.dice(2, id));
            (format!("{first}.{last}-{id}"), format!("{} {}", capital(first), capital(last)))
        };
        let created = clock::at_unix(FIRST_DAY) + days(self.dice(3, id) % 700);
        Some(Arc::new(Person {
            id,
            email: format!("{username}@estate.example"),
            username,
            name,
            job_title: None,
            state: "active".to_owned(),
            admin: id == 1,
            kind: UserKind::Human,
            created,
        }))
    }

    pub(crate) fn person_named(&self, username: &str) -> Option<Arc<Person>> {
        let id = if username.eq_ignore_ascii_case("root") { 1 } else { trailing_number(username)? };
        self.person(id).filter(|person| person.username.eq_ignore_ascii_case(username))
    }

    // ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────

    fn group_slug(&self, index: u64) -> String {
        if index == 0 { "estate".to_owned() } else { format!("{}-{index}", pick(&PLACES, self.dice(4, index))) }
    }

    pub(crate) fn parent(&self, id: u64) -> Option<u64> {
        (id > self.tops).then(|| (id - self.tops - 1) / self.fanout + 1)
    }

    fn group_path(&self, id: u64) -> String {
        let mut segments = vec![self.group_slug(id - 1)];
        let mut at = id;
        while let Some(parent) = self.parent(at) {
            segments.push(self.group_slug(parent - 1));
            at = parent;
        }
        segments.reverse();
        segments.join("/")
    }

    pub(crate) fn group(&self, id: u64) -> Option<Arc<Group>> {
        if id == 0 || id > self.groups {
            return None;
        }
        let slug = self.group_slug(id - 1);
        Some(Arc::new(Group {
            id,
            path: self.group_path(id),
            name: capital(&slug.replace('-', " ")),
            parent: self.parent(id),
            description: format!("Keeps what runs at {slug}."),
            visibility: Visibility::Private,
            created: clock::at_unix(FIRST_DAY) + days(id % 300),
            members: self.members(id),
        }))
    }

    pub(crate) fn group_at(&self, path: &str) -> Option<u64> {
        let last = super::model::last_segment(path);
        let id = if last.eq_ignore_ascii_case("estate") { 1 } else { trailing_number(last)? + 1 };
        (id <= self.groups && self.group_path(id).eq_ignore_ascii_case(path)).then_some(id)
    }

    pub(crate) fn subgroups(&self, id: u64) -> std::ops::RangeInclusive<u64> {
        let first = (id - 1) * self.fanout + self.tops + 1;
        first..=(first + self.fanout - 1).min(self.groups)
    }

    /// The projects directly in a group, by id.
    pub(crate) fn projects_in(&self, group: u64) -> impl Iterator<Item = u64> + use<> {
        let (all, step) = (self.projects, self.homes);
        let stride = self.stride();
        let home = (group - 1) / stride + 1;
        let first = if (group - 1).is_multiple_of(stride) && home <= step { home } else { all + 1 };
        (first..=all).step_by(usize::try_from(step).unwrap_or(usize::MAX))
    }

    /// Every so many groups one has projects.
    fn stride(&self) -> u64 {
        self.groups / self.homes
    }

    /// User and level of each of the five direct members.
    pub(crate) fn member_levels(&self, group: u64) -> [(u64, u8); 5] {
        if group <= self.tops {
            return [
                (1, level::OWNER),
                (2, level::OWNER),
                (3, level::MAINTAINER),
                (4, level::DEVELOPER),
                (5, level::REPORTER),
            ];
        }
        // Ids 7 and up are people without a token; a stride that does not wrap within five keeps the five distinct.
        let crowd = self.people - 5;
        let start = self.dice(5, group) % crowd;
        let stride = 1 + self.dice(6, group) % (crowd / 5).max(1);
        let at = |k: u64| 7 + (start + k * stride) % crowd;
        let last = if group == self.tops + 1 { (6, level::GUEST) } else { (at(4), level::REPORTER) };
        [(at(0), level::OWNER), (at(1), level::MAINTAINER), (at(2), level::DEVELOPER), (at(3), level::DEVELOPER), last]
    }

    pub(crate) fn members(&self, group: u64) -> Vec<Member> {
        let created = clock::at_unix(FIRST_DAY) + days(group % 300);
        self.member_levels(group)
            .into_iter()
            .map(|(user, level)| Member { user, level, created, expires: None })
            .collect()
    }

    // ── projects ──────────────────────────────────────────────────────────────────────────────────────────────────

    fn slug(&self, id: u64) -> String {
        let place = pick(&PLACES, self.dice(7, id));
        let thing = pick(&THINGS, self.dice(8, id));
        format!("{place}-{thing}-{id}")
    }

    pub(crate) fn group_of(&self, project: u64) -> u64 {
        (project - 1) % self.homes * self.stride() + 1
    }

    fn language(&self, id: u64) -> (&'static str, &'static str) {
        pick_copy(&LANGUAGES, self.dice(9, id))
    }

    /// When the project last saw a push, before anything happened in this process.
    pub(crate) fn activity(&self, id: u64) -> OffsetDateTime {
        let back = self.dice(10, id) % (400 * 86_400);
        clock::at_unix(LAST_DAY - i64::try_from(back).unwrap_or(0))
    }

    /// Grows with the id, so that order by age is order by id; always before the first activity.
    pub(crate) fn created(&self, id: u64) -> OffsetDateTime {
        let span = 1_200 * 86_400;
        clock::at_unix(FIRST_DAY + i64::try_from(id * span / (self.projects + 1)).unwrap_or(0))
    }

    pub(crate) fn project(&self, id: u64) -> Option<Arc<Project>> {
        if id == 0 || id > self.projects {
            return None;
        }
        let group = self.group_of(id);
        let slug = self.slug(id);
        let (language, _) = self.language(id);
        let activity = self.activity(id);
        Some(Arc::new(Project {
            id,
            path: format!("{}/{slug}", self.group_path(group)),
            name: slug,
            namespace: Namespace::Group(group),
            description: Some(format!("A {language} service of the estate.")),
            topics: vec![language.to_lowercase()],
            visibility: if self.dice(11, id).is_multiple_of(10) { Visibility::Internal } else { Visibility::Private },
            archived: false,
            default_branch: "main".to_owned(),
            languages: vec![(language.to_owned(), 96.4), ("Dockerfile".to_owned(), 3.6)],
            members: Vec::new(),
            created: self.created(id),
            last_activity: activity,
            forked_from: None,
        }))
    }

    pub(crate) fn project_at(&self, path: &str) -> Option<u64> {
        let id = trailing_number(super::model::last_segment(path))?;
        (id >= 1 && id <= self.projects).then_some(())?;
        let right = format!("{}/{}", self.group_path(self.group_of(id)), self.slug(id));
        right.eq_ignore_ascii_case(path).then_some(id)
    }
}

/// The finaliser of splitmix64: a good enough spread for made-up content, and the same on every machine.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn pick<'a>(from: &[&'a str], dice: u64) -> &'a str {
    from[usize::try_from(dice % from.len() as u64).unwrap_or(0)]
}

fn pick_copy<T: Copy>(from: &[T], dice: u64) -> T {
    from[usize::try_from(dice % from.len() as u64).unwrap_or(0)]
}

fn trailing_number(text: &str) -> Option<u64> {
    text.rsplit_once('-')?.1.parse().ok()
}

fn days(count: u64) -> Duration {
    Duration::seconds(i64::try_from(count).unwrap_or(0) * DAY)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

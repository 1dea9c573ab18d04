//! The generated estate: any number of projects, none of which exists before it is asked for.
//!
//! Everything is arithmetic on an index and the seed, so that starting costs nothing and two servers with one seed
//! answer alike. Ids are the index plus one. A name ends in its index, which makes the way back from a path to an id a
//! parse and a comparison.
//!
//! Groups form a tree with eight children a node, or, where their number is given, a wood of eight trees at most six
//! deep. Of G groups, H have projects, one for a dozen projects at most: every (G/H)th, beginning with the first.
//! Project `p` lives in the `p mod H`th of these. Without a number of groups, H is G.

use std::fmt::Write as _;
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

/// What describes a project of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Catalog {
    /// `catalog-info.yaml` with a Component and an API.
    Entities,
    /// `catalog-info.yaml` with a Location that names `./catalog/service.yaml`.
    Location,
    /// No catalog file.
    Absent,
}

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

    // ── content ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// Seven of each ten have entities, one a Location, two nothing; which of the ten is drawn by the seed.
    fn catalog(&self, id: u64) -> Catalog {
        let index = id - 1;
        match (index + self.dice(12, index / 10)) % 10 {
            0..=6 => Catalog::Entities,
            7 => Catalog::Location,
            _ => Catalog::Absent,
        }
    }

    /// The paths of a project's files, sorted.
    pub(crate) fn paths(&self, id: u64) -> Vec<String> {
        let (_, extension) = self.language(id);
        let mut paths = vec![".gitlab-ci.yml".to_owned(), "Dockerfile".to_owned(), "README.md".to_owned()];
        match self.catalog(id) {
            Catalog::Entities => paths.push("catalog-info.yaml".to_owned()),
            Catalog::Location => paths.extend(["catalog-info.yaml".to_owned(), "catalog/service.yaml".to_owned()]),
            // Half of the undescribed name an owner the other way.
            Catalog::Absent if id.is_multiple_of(2) => paths.push("CODEOWNERS".to_owned()),
            Catalog::Absent => {}
        }
        paths.push(format!("src/main.{extension}"));
        paths.sort();
        paths
    }

    /// One file's text, or `None` where the project has no such file.
    pub(crate) fn file(&self, id: u64, path: &str) -> Option<String> {
        let catalog = self.catalog(id);
        let (language, extension) = self.language(id);
        let slug = self.slug(id);
        match path {
            "catalog-info.yaml" => match catalog {
                Catalog::Entities => Some(self.entities(id)),
                Catalog::Location => Some(format!(
                    "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: {slug}\nspec:\n  type: url\n  targets:\n    - ./catalog/service.yaml\n"
                )),
                Catalog::Absent => None,
            },
            "catalog/service.yaml" if catalog == Catalog::Location => Some(self.entities(id)),
            "CODEOWNERS" if catalog == Catalog::Absent && id.is_multiple_of(2) => {
                Some(format!("* @{}\n", self.group_path(self.group_of(id))))
            }
            "README.md" => Some(format!("# {slug}\n\nA {language} service of the estate, number {id}.\n")),
            ".gitlab-ci.yml" => Some("stages: [build, test]\n\nbuild:\n  stage: build\n  script: [make build]\n\ntest:\n  stage: test\n  script: [make test]\n".to_owned()),
            "Dockerfile" => Some(format!("FROM scratch\nCOPY {slug} /usr/bin/{slug}\nENTRYPOINT [\"/usr/bin/{slug}\"]\n")),
            _ if path.strip_prefix("src/main.") == Some(extension) => Some(source(language, &slug)),
            _ => None,
        }
    }

    fn entities(&self, id: u64) -> String {
        let slug = self.slug(id);
        let (language, _) = self.language(id);
        let owner = super::model::last_segment(&self.group_path(self.group_of(id))).to_owned();
        let lifecycle = ["production", "production", "experimental", "deprecated"]
            [usize::try_from(self.dice(13, id) % 4).unwrap_or(0)];
        let mut text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {slug}\n  description: A {language} service of the estate.\n  tags: [{}]\nspec:\n  type: service\n  lifecycle: {lifecycle}\n  owner: {owner}\n  providesApis: [{slug}-api]\n",
            language.to_lowercase()
        );
        if let Some(other) = self.neighbour(14, id) {
            let _ = writeln!(text, "  dependsOn: [\"component:{}\"]", self.slug(other));
        }
        if let Some(other) = self.neighbour(15, id) {
            let _ = writeln!(text, "  consumesApis: [{}-api]", self.slug(other));
        }
        let _ = write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: {slug}-api\nspec:\n  type: openapi\n  lifecycle: {lifecycle}\n  owner: {owner}\n  definition: |\n    openapi: 3.1.0\n    info:\n      title: {slug}\n      version: 1.0.{}\n    paths:\n      /health:\n        get:\n          responses:\n            '200':\n              description: It is well.\n",
            id % 17
        );
        text
    }

    /// Another project that has entities, for a relation; the search is short because eight of ten have them.
    fn neighbour(&self, what: u64, id: u64) -> Option<u64> {
        let start = self.dice(what, id) % self.projects;
        (0..10)
            .map(|k| (start + k) % self.projects + 1)
            .find(|other| *other != id && self.catalog(*other) != Catalog::Absent)
    }

    /// Times and authors of the project's commits, oldest first.
    pub(crate) fn history(&self, id: u64) -> Vec<(u64, OffsetDateTime, String)> {
        let project_activity = self.activity(id);
        let first = self.created(id) + Duration::hours(2);
        let people = self.member_levels(self.group_of(id));
        vec![
            (people[1].0, first, "Start the service".to_owned()),
            (people[2].0, project_activity, "Describe what runs".to_owned()),
        ]
    }
}

fn source(language: &str, slug: &str) -> String {
    match language {
        "Rust" => format!("fn main() {{\n    println!(\"{slug}\");\n}}\n"),
        "Python" => format!("print(\"{slug}\")\n"),
        "Go" => format!("package main\n\nfunc main() {{\n\tprintln(\"{slug}\")\n}}\n"),
        "Java" => format!(
            "class Main {{\n    public static void main(String[] args) {{\n        System.out.println(\"{slug}\");\n    }}\n}}\n"
        ),
        _ => format!("console.log(\"{slug}\");\n"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventy_ten_twenty() {
        let estate = Estate::new(1000, None, 7);
        let count = |wanted| (1..=1000).filter(|id| estate.catalog(*id) == wanted).count();
        assert_eq!((count(Catalog::Entities), count(Catalog::Location), count(Catalog::Absent)), (700, 100, 200));
    }

    #[test]
    fn paths_lead_back_to_ids() {
        let estate = Estate::new(5000, None, 3);
        for id in [1, 2, 13, 416, 417, 4999, 5000] {
            assert_eq!(estate.project_at(&estate.project(id).unwrap().path), Some(id));
        }
        for id in 1..=estate.groups() {
            assert_eq!(estate.group_at(&estate.group(id).unwrap().path), Some(id));
        }
        for id in 1..=estate.people() {
            assert_eq!(estate.person_named(&estate.person(id).unwrap().username).unwrap().id, id);
        }
        assert_eq!(estate.project_at("estate/quay-ledger-5001"), None);
        assert_eq!(estate.person(0).map(|p| p.id), None);
    }

    #[test]
    fn five_distinct_members_in_every_group() {
        for projects in [1, 100, 1000, 100_000] {
            let estate = Estate::new(projects, None, 42);
            for group in 1..=estate.groups() {
                let mut users = estate.member_levels(group).map(|(user, _)| user).to_vec();
                users.sort_unstable();
                users.dedup();
                assert_eq!(users.len(), 5, "group {group} of {projects}");
                assert!(users.iter().all(|user| estate.person(*user).is_some()));
            }
        }
    }

    #[test]
    fn every_project_stands_in_its_group_and_its_listed_files_exist() {
        for groups in [None, Some(1), Some(7), Some(25), Some(26), Some(3000)] {
            let estate = Estate::new(300, groups, 1);
            let mut seen = 0;
            for group in 1..=estate.groups() {
                for project in estate.projects_in(group) {
                    assert_eq!(estate.group_of(project), group);
                    for path in estate.paths(project) {
                        assert!(estate.file(project, &path).is_some(), "{path}");
                    }
                    seen += 1;
                }
            }
            assert_eq!(seen, 300, "{groups:?}");
        }
    }

    #[test]
    fn a_wood_of_groups_is_at_most_six_deep_and_every_group_has_its_parent() {
        for groups in [2, 16, 17, 100, 10_000, 100_000] {
            let estate = Estate::new(10, Some(groups), 1);
            let depth = |mut id: u64| {
                let mut depth = 1;
                while let Some(parent) = estate.parent(id) {
                    assert!(estate.subgroups(parent).contains(&id), "{id} in {parent} of {groups}");
                    (id, depth) = (parent, depth + 1);
                }
                depth
            };
            assert!((1..=groups).all(|id| depth(id) <= 6), "{groups}");
            assert_eq!((1..=groups).filter(|id| estate.parent(*id).is_none()).count(), if groups > 16 { 8 } else { 1 });
        }
        assert_eq!(Estate::new(10, Some(10_000), 1).group(10_000).unwrap().path.matches('/').count(), 5);
    }

    #[test]
    fn another_seed_is_another_estate() {
        let (a, b, c) = (Estate::new(50, None, 1), Estate::new(50, None, 1), Estate::new(50, None, 2));
        let all = |estate: &Estate| (1..=50).map(|id| estate.project(id).unwrap().path.clone()).collect::<Vec<_>>();
        assert_eq!(all(&a), all(&b));
        assert_ne!(all(&a), all(&c));
    }
}

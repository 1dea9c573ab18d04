//! Files → requests: few, and each within GitLab's bounds on cost, size and page. Pure.

use std::collections::BTreeMap;

use model::ProjectId;

use super::Fields;
use crate::{
    cost::{self, PageSize},
    settings::Limits,
};

/// Paths of one project in one request: each costs, and `first` is cut at a hundred.
const MOST_PATHS: usize = 40;

/// Aliases in one request, so that the text stays far below 10,000 characters.
const MOST_ALIASES: usize = 30;

/// Files of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) project: ProjectId,
    /// Sorted, so that equal sets are equal.
    pub(crate) paths: Vec<String>,
}

/// What one request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Batch {
    pub(crate) items: Vec<Item>,
}

/// Projects of a batch that are asked for the same paths.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) paths: &'a [String],
    pub(crate) projects: Vec<ProjectId>,
}

impl Batch {
    /// One part for each path set.
    pub(crate) fn parts(&self) -> Vec<Part<'_>> {
        let mut sets: BTreeMap<&[String], Vec<ProjectId>> = BTreeMap::new();
        for item in &self.items {
            sets.entry(&item.paths).or_default().push(item.project);
        }
        sets.into_iter().map(|(paths, projects)| Part { paths, projects }).collect()
    }

    /// What GitLab will charge.
    pub(crate) fn cost(&self, fields: Fields) -> u32 {
        let part = |p: &Part<'_>| part_cost(p.projects.len(), p.paths.len(), fields);
        self.parts().iter().map(part).fold(0, u32::saturating_add)
    }

    /// How many paths of this project are asked for in one piece.
    pub(crate) fn paths_of(&self, project: ProjectId) -> usize {
        self.items.iter().filter(|i| i.project == project).map(|i| i.paths.len()).max().unwrap_or(0)
    }

    /// Two smaller batches.
    ///
    /// # Errors
    /// The only file, when there is but one.
    pub(crate) fn halves(mut self) -> Result<(Self, Self), (ProjectId, String)> {
        if self.items.len() > 1 {
            let other = self.items.split_off(self.items.len() / 2);
            return Ok((self, Self { items: other }));
        }
        let Some(mut item) = self.items.pop() else { return Err((ProjectId(0), String::new())) };
        if item.paths.len() > 1 {
            let other = Item { project: item.project, paths: item.paths.split_off(item.paths.len() / 2) };
            return Ok((Self { items: vec![item] }, Self { items: vec![other] }));
        }
        Err((item.project, item.paths.pop().unwrap_or_default()))
    }
}

/// `projects(ids, first) { nodes { id repository { blobs … } } }`; `sort` has a default, which costs 1.
fn part_cost(projects: usize, paths: usize, fields: Fields) -> u32 {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    cost::connection(3 + cost::blobs(count(paths), fields.count()), 1, count(projects))
}

/// Packs files (project, path, bytes) into requests.
pub(crate) fn pack(
    files: Vec<(ProjectId, String, u64)>,
    fields: Fields,
    limits: &Limits,
    pages: &PageSize,
) -> Vec<Batch> {
    let mut items = items(files, limits.texts);
    // Equal path sets side by side share an alias.
    items.sort_by(|(a, _), (b, _)| a.paths.cmp(&b.paths).then(a.project.cmp(&b.project)));
    let most = pages.largest() as usize;
    let mut batches = Vec::new();
    let mut open = Open::default();
    for (item, bytes) in items {
        if !open.batch.items.is_empty() && !open.takes(&item, bytes, fields, limits.texts, most, pages) {
            batches.push(std::mem::take(&mut open).batch);
        }
        open.add(item, bytes, fields);
    }
    if !open.batch.items.is_empty() {
        batches.push(open.batch);
    }
    batches
}

/// The batch that is being filled.
#[derive(Debug, Default)]
struct Open {
    batch: Batch,
    bytes: u64,
    aliases: usize,
    /// Cost of the aliases that are complete.
    closed: u32,
    /// Projects of the last alias.
    last: usize,
}

impl Open {
    fn same_alias(&self, item: &Item) -> bool {
        self.batch.items.last().is_some_and(|last| last.paths == item.paths)
    }

    /// Cost of the complete aliases and of the last one, were it to take `item`.
    fn cost_with(&self, item: &Item, fields: Fields) -> (u32, u32) {
        if self.same_alias(item) {
            return (self.closed, part_cost(self.last + 1, item.paths.len(), fields));
        }
        let last = self.batch.items.last().map_or(0, |last| part_cost(self.last, last.paths.len(), fields));
        (self.closed + last, part_cost(1, item.paths.len(), fields))
    }

    fn takes(&self, item: &Item, bytes: u64, fields: Fields, most_bytes: u64, most: usize, pages: &PageSize) -> bool {
        let (closed, last) = self.cost_with(item, fields);
        // A project twice in one batch would need an alias each, and its answers would be told apart by nothing else.
        let twice = self.batch.items.iter().any(|i| i.project == item.project);
        !twice
            && self.batch.items.len() < most
            && self.bytes + bytes <= most_bytes
            && (self.same_alias(item) || self.aliases < MOST_ALIASES)
            && pages.affords(closed + last)
    }

    fn add(&mut self, item: Item, bytes: u64, fields: Fields) {
        let same = self.same_alias(&item);
        self.closed = self.cost_with(&item, fields).0;
        self.last = if same { self.last + 1 } else { 1 };
        self.aliases += usize::from(!same);
        self.bytes += bytes;
        self.batch.items.push(item);
    }
}

/// The files of each project, in pieces that GitLab takes.
fn items(files: Vec<(ProjectId, String, u64)>, most_bytes: u64) -> Vec<(Item, u64)> {
    let mut by_project: BTreeMap<ProjectId, Vec<(String, u64)>> = BTreeMap::new();
    for (project, path, bytes) in files {
        by_project.entry(project).or_default().push((path, bytes));
    }
    let mut items = Vec::new();
    for (project, mut files) in by_project {
        files.sort();
        let mut paths: Vec<String> = Vec::new();
        let mut sum = 0;
        for (path, bytes) in files {
            if !paths.is_empty() && (paths.len() >= MOST_PATHS || sum + bytes > most_bytes) {
                items.push((Item { project, paths: std::mem::take(&mut paths) }, std::mem::take(&mut sum)));
            }
            paths.push(path);
            sum += bytes;
        }
        if !paths.is_empty() {
            items.push((Item { project, paths }, sum));
        }
    }
    items
}

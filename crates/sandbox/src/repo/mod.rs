//! Repositories: what the API reads and git serves, from one source.
//!
//! A project's repository stays virtual (a [`Snapshot`] in memory, or nothing at all) until git asks for it or someone
//! writes. Then it becomes a bare repository in the data folder and is read from there ever after. Both kinds answer
//! through [`Repo`], with the same ids. This room knows nothing of HTTP and of who may do what.

pub(crate) mod bare;
pub(crate) mod diff;
pub(crate) mod edit;
pub(crate) mod object;
mod snapshot;

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::{Context as _, Result};
use bytes::Bytes;

use crate::world::World;
use crate::world::model::Project;
use bare::Bare;
use object::{Commit, Kind, Mode, Object, Oid, TreeEntry};
use snapshot::Snapshot;

/// Snapshots kept; one of the estate is about 10 kB, one of Sandrill up to a megabyte.
const SNAPSHOTS: usize = 128;

/// The repositories of an instance.
pub(crate) struct Repos {
    /// Where bare repositories live, one `<project id>.git` each.
    dir: PathBuf,
    bare: RwLock<HashMap<u64, Bare>>,
    snapshots: Mutex<HashMap<u64, Arc<Snapshot>>>,
    /// One lock a project: whoever moves its refs holds it.
    writing: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>,
}

impl Repos {
    /// Opens the folder; repositories of an earlier run are found again.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make the data folder {}", dir.display()))?;
        let mut bare = HashMap::new();
        for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
            let path = entry?.path();
            let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".git"));
            if let Some(id) = id.and_then(|id| id.parse().ok()) {
                bare.insert(id, Bare::open(&path)?);
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            bare: RwLock::new(bare),
            snapshots: Mutex::default(),
            writing: Mutex::default(),
        })
    }

    /// Whether the project is still virtual.
    pub(crate) fn is_virtual(&self, project: u64) -> bool {
        !self.bare.read().unwrap_or_else(PoisonError::into_inner).contains_key(&project)
    }

    /// The repository for reading.
    pub(crate) fn read(&self, world: &World, project: &Project) -> Repo {
        if let Some(bare) = self.bare.read().unwrap_or_else(PoisonError::into_inner).get(&project.id) {
            return Repo { branch: project.default_branch.clone(), source: Source::Bare(Box::new(bare.clone())) };
        }
        let snapshot = self.snapshot(world, project);
        Repo { branch: project.default_branch.clone(), source: Source::Snapshot(snapshot) }
    }

    fn snapshot(&self, world: &World, project: &Project) -> Arc<Snapshot> {
        let kept = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner).get(&project.id).cloned();
        if let Some(snapshot) = kept {
            return snapshot;
        }
        let history = world.history(project.id);
        let made = Arc::new(Snapshot::build(&project.default_branch, &world.files(project.id), &history));
        let mut kept = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= SNAPSHOTS {
            kept.clear();
        }
        kept.insert(project.id, made.clone());
        made
    }

    /// The project as a bare repository on disk, made now if it was virtual.
    pub(crate) fn bare(&self, world: &World, project: &Project) -> Result<Bare> {
        if let Some(bare) = self.bare.read().unwrap_or_else(PoisonError::into_inner).get(&project.id) {
            return Ok(bare.clone());
        }
        let snapshot = self.snapshot(world, project);
        let mut all = self.bare.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(bare) = all.get(&project.id) {
            return Ok(bare.clone());
        }
        let path = self.dir.join(format!("{}.git", project.id));
        bare::create(&path, &snapshot)?;
        let bare = Bare::open(&path)?;
        all.insert(project.id, bare.clone());
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner).remove(&project.id);
        Ok(bare)
    }

    /// The lock to hold while moving refs of a project.
    pub(crate) fn writing(&self, project: u64) -> Arc<tokio::sync::Mutex<()>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).entry(project).or_default().clone()
    }
}

enum Source {
    Snapshot(Arc<Snapshot>),
    Bare(Box<Bare>),
}

/// A repository open for reading.
pub(crate) struct Repo {
    branch: String,
    source: Source,
}

/// A file or folder found at a path.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) entry: TreeEntry,
}

impl Repo {
    pub(crate) fn object(&self, oid: Oid) -> Option<Object> {
        match &self.source {
            Source::Snapshot(snapshot) => snapshot.objects.get(&oid).cloned(),
            Source::Bare(bare) => bare.object(oid),
        }
    }

    /// Full names and targets of branches and tags, sorted by name.
    pub(crate) fn refs(&self) -> Vec<(String, Oid)> {
        match &self.source {
            Source::Snapshot(snapshot) => {
                snapshot.tip.map(|tip| (format!("refs/heads/{}", snapshot.branch), tip)).into_iter().collect()
            }
            Source::Bare(bare) => bare.refs(),
        }
    }

    /// Names and tips of the branches, sorted.
    pub(crate) fn branches(&self) -> Vec<(String, Oid)> {
        let refs = self.refs().into_iter();
        refs.filter_map(|(name, oid)| Some((name.strip_prefix("refs/heads/")?.to_owned(), oid))).collect()
    }

    pub(crate) fn branch(&self, name: &str) -> Option<Oid> {
        self.branches().into_iter().find(|(branch, _)| branch == name).map(|(_, oid)| oid)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.refs().iter().all(|(name, _)| !name.starts_with("refs/heads/"))
    }

    /// The default branch: the declared one, or in a repository that has only others, the first of those.
    pub(crate) fn root_ref(&self) -> Option<String> {
        let branches = self.branches();
        if branches.iter().any(|(name, _)| *name == self.branch) {
            return Some(self.branch.clone());
        }
        branches.into_iter().next().map(|(name, _)| name)
    }

    /// The commit that a revision names: `HEAD`, a branch, a tag, a full ref, an id or the beginning of one.
    pub(crate) fn resolve(&self, revision: &str) -> Option<Commit> {
        let revision = revision.trim();
        if revision == "HEAD" || revision.is_empty() {
            return self.resolve_branch(&self.root_ref()?);
        }
        let refs = self.refs();
        let named = [format!("refs/heads/{revision}"), format!("refs/tags/{revision}"), revision.to_owned()]
            .into_iter()
            .find_map(|full| refs.iter().find(|(name, _)| *name == full).map(|(_, oid)| *oid));
        if let Some(oid) = named {
            return self.peel(oid);
        }
        if let Some(oid) = Oid::parse(revision) {
            return self.peel(oid);
        }
        if revision.len() >= 4 && revision.bytes().all(|b| b.is_ascii_hexdigit()) {
            return self.by_prefix(&revision.to_lowercase()).and_then(|oid| self.peel(oid));
        }
        None
    }

    fn resolve_branch(&self, name: &str) -> Option<Commit> {
        self.branch(name).and_then(|oid| self.commit(oid))
    }

    fn by_prefix(&self, digits: &str) -> Option<Oid> {
        match &self.source {
            Source::Bare(bare) => bare.by_prefix(digits),
            Source::Snapshot(snapshot) => {
                let mut fitting = snapshot.objects.keys().filter(|oid| oid.to_string().starts_with(digits));
                let first = *fitting.next()?;
                fitting.next().is_none().then_some(first)
            }
        }
    }

    /// Follows annotated tags to their commit.
    fn peel(&self, mut oid: Oid) -> Option<Commit> {
        for _ in 0..8 {
            let object = self.object(oid)?;
            match object.kind {
                Kind::Commit => return Commit::parse(oid, &object.data),
                Kind::Tag => {
                    let text = String::from_utf8_lossy(&object.data).into_owned();
                    oid = Oid::parse(text.strip_prefix("object ")?.get(..40)?)?;
                }
                Kind::Blob | Kind::Tree => return None,
            }
        }
        None
    }

    pub(crate) fn commit(&self, oid: Oid) -> Option<Commit> {
        let object = self.object(oid).filter(|object| object.kind == Kind::Commit)?;
        Commit::parse(oid, &object.data)
    }

    pub(crate) fn tree(&self, oid: Oid) -> Vec<TreeEntry> {
        match self.object(oid) {
            Some(object) if object.kind == Kind::Tree => object::parse_tree(&object.data),
            _ => Vec::new(),
        }
    }

    pub(crate) fn blob(&self, oid: Oid) -> Option<Bytes> {
        self.object(oid).filter(|object| object.kind == Kind::Blob).map(|object| object.data)
    }

    /// What lies at a path below a tree.
    pub(crate) fn at(&self, tree: Oid, path: &str) -> Option<TreeEntry> {
        let mut here = tree;
        let mut segments = path.trim_matches('/').split('/').peekable();
        while let Some(segment) = segments.next() {
            let entry = self.tree(here).into_iter().find(|entry| entry.name == segment)?;
            if segments.peek().is_none() {
                return Some(entry);
            }
            if entry.mode != Mode::Tree {
                return None;
            }
            here = entry.oid;
        }
        None
    }

    /// Entries below a path, in git's order; `None` where the path is no folder. Folders precede their content.
    pub(crate) fn list(&self, tree: Oid, path: &str, recursive: bool) -> Option<Vec<Found>> {
        let path = path.trim_matches('/');
        let start =
            if path.is_empty() { tree } else { self.at(tree, path).filter(|entry| entry.mode == Mode::Tree)?.oid };
        let mut found = Vec::new();
        self.collect(start, path, recursive, &mut found);
        Some(found)
    }

    fn collect(&self, tree: Oid, prefix: &str, recursive: bool, found: &mut Vec<Found>) {
        for entry in self.tree(tree) {
            let path = if prefix.is_empty() { entry.name.clone() } else { format!("{prefix}/{}", entry.name) };
            let (mode, oid) = (entry.mode, entry.oid);
            found.push(Found { path: path.clone(), entry });
            if recursive && mode == Mode::Tree {
                self.collect(oid, &path, recursive, found);
            }
        }
    }

    /// All files of a tree: full path to mode and id.
    pub(crate) fn flat(&self, tree: Oid) -> BTreeMap<String, (Mode, Oid)> {
        let mut found = Vec::new();
        self.collect(tree, "", true, &mut found);
        found
            .into_iter()
            .filter(|row| row.entry.mode != Mode::Tree)
            .map(|row| (row.path, (row.entry.mode, row.entry.oid)))
            .collect()
    }

    /// Commits reachable from `tip`, newest first, lazily; with `path` only those that changed something there.
    pub(crate) fn log<'a>(&'a self, tip: Oid, path: Option<&'a str>) -> impl Iterator<Item = Commit> + 'a {
        let mut queue = BinaryHeap::new();
        let mut seen = HashSet::from([tip]);
        let mut known: HashMap<Oid, Commit> = HashMap::new();
        if let Some(commit) = self.commit(tip) {
            queue.push((commit.committer.at, u32::MAX, tip));
            known.insert(tip, commit);
        }
        // Commits of one second keep the order in which they were met.
        let mut order = u32::MAX;
        std::iter::from_fn(move || {
            loop {
                let (_, _, oid) = queue.pop()?;
                let commit = known.remove(&oid)?;
                for parent in &commit.parents {
                    if seen.insert(*parent)
                        && let Some(found) = self.commit(*parent)
                    {
                        order -= 1;
                        queue.push((found.committer.at, order, *parent));
                        known.insert(*parent, found);
                    }
                }
                if path.is_none_or(|path| self.touches(&commit, path)) {
                    return Some(commit);
                }
            }
        })
    }

    /// Whether a commit changed something at a path, compared with its first parent.
    fn touches(&self, commit: &Commit, path: &str) -> bool {
        let here = self.at(commit.tree, path).map(|entry| (entry.mode, entry.oid));
        let before = commit
            .parents
            .first()
            .and_then(|parent| self.commit(*parent))
            .and_then(|parent| self.at(parent.tree, path))
            .map(|entry| (entry.mode, entry.oid));
        here != before
    }
}

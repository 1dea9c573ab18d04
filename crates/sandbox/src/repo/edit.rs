//! Commits made through the API: a list of actions applied to a tree, written as one commit.

use std::path::Path;

use anyhow::Result;

use super::bare;
use super::object::{self, Commit, Kind, Mode, Oid, Signature};
use super::{Repo, diff};

/// What a commit does to one file.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Create {
        content: Vec<u8>,
        executable: bool,
    },
    Update {
        content: Vec<u8>,
        executable: Option<bool>,
    },
    Delete,
    /// From another path; with content if that changes too.
    Move {
        from: String,
        content: Option<Vec<u8>>,
    },
    Chmod {
        executable: bool,
    },
}

/// One action on one path. `last_commit_id` refuses the change if the file has moved on since.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) path: String,
    pub(crate) change: Change,
    pub(crate) last_commit_id: Option<String>,
}

/// Why actions could not be applied; the sentences are GitLab's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    #[error("A file with this name already exists")]
    Exists,
    #[error("A file with this name doesn't exist")]
    Missing,
    #[error("You have attempted to update a file that has changed since you started editing it.")]
    Changed,
    #[error("Path cannot include directory traversal")]
    BadPath,
    #[error(transparent)]
    Disk(#[from] anyhow::Error),
}

/// Applies actions to the tree of `base` (or to nothing) and writes the commit; moves no ref.
pub(crate) fn commit(
    repo: &Repo,
    place: &Path,
    base: Option<&Commit>,
    actions: &[Action],
    who: &Signature,
    message: &str,
) -> Result<Commit, EditError> {
    let mut files = base.map(|commit| repo.flat(commit.tree)).unwrap_or_default();
    for action in actions {
        check_path(&action.path)?;
        if let (Some(wanted), Some(base)) = (&action.last_commit_id, base) {
            let last = repo.log(base.oid, Some(&action.path)).next();
            if last.is_some_and(|last| last.oid.to_string() != *wanted) {
                return Err(EditError::Changed);
            }
        }
        let existing = files.get(&action.path).copied();
        match &action.change {
            Change::Create { content, executable } => {
                let folder = format!("{}/", action.path);
                if existing.is_some() || files.keys().any(|path| path.starts_with(&folder)) {
                    return Err(EditError::Exists);
                }
                let oid = bare::write(place, Kind::Blob, content)?;
                files.insert(action.path.clone(), (mode(*executable), oid));
            }
            Change::Update { content, executable } => {
                let (was, _) = existing.ok_or(EditError::Missing)?;
                let oid = bare::write(place, Kind::Blob, content)?;
                files.insert(action.path.clone(), (executable.map_or(was, mode), oid));
            }
            Change::Delete => {
                files.remove(&action.path).ok_or(EditError::Missing)?;
            }
            Change::Move { from, content } => {
                check_path(from)?;
                if existing.is_some() {
                    return Err(EditError::Exists);
                }
                let (was, mut oid) = files.remove(from).ok_or(EditError::Missing)?;
                if let Some(content) = content {
                    oid = bare::write(place, Kind::Blob, content)?;
                }
                files.insert(action.path.clone(), (was, oid));
            }
            Change::Chmod { executable } => {
                let (_, oid) = existing.ok_or(EditError::Missing)?;
                files.insert(action.path.clone(), (mode(*executable), oid));
            }
        }
    }
    let mut failed = None;
    let tree = object::write_trees(&files, &mut |kind, data| {
        bare::write(place, kind, &data).unwrap_or_else(|error| {
            failed = Some(error);
            Oid::ZERO
        })
    });
    if let Some(error) = failed {
        return Err(EditError::Disk(error));
    }
    let parents: Vec<Oid> = base.map(|commit| commit.oid).into_iter().collect();
    let body = object::write_commit(tree, &parents, who, who, message);
    let oid = bare::write(place, Kind::Commit, &body)?;
    Ok(Commit { oid, tree, parents, author: who.clone(), committer: who.clone(), message: message.to_owned() })
}

fn mode(executable: bool) -> Mode {
    if executable { Mode::Executable } else { Mode::File }
}

fn check_path(path: &str) -> Result<(), EditError> {
    let bad = path.is_empty()
        || path.split('/').any(|segment| segment.is_empty() || segment == "." || segment == ".." || segment == ".git");
    if bad { Err(EditError::BadPath) } else { Ok(()) }
}

/// Commits that a moved ref brought, oldest first, at most `limit` of the newest, with what each changed, and how many
/// there are in all. `before` is [`Oid::ZERO`] for a new branch.
pub(crate) fn pushed(repo: &Repo, before: Oid, after: Oid, limit: usize) -> (Vec<(Commit, diff::Changes)>, usize) {
    let known: std::collections::HashSet<Oid> = if before == Oid::ZERO {
        std::collections::HashSet::new()
    } else {
        repo.log(before, None).map(|commit| commit.oid).collect()
    };
    let new: Vec<Commit> = repo.log(after, None).filter(|commit| !known.contains(&commit.oid)).collect();
    let total = new.len();
    let mut rows: Vec<_> = new
        .into_iter()
        .take(limit)
        .map(|commit| {
            let changes = diff::of_commit(repo, &commit);
            (commit, changes)
        })
        .collect();
    rows.reverse();
    (rows, total)
}

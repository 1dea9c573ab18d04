//! What changed between two trees: paths, and counts of lines.

use std::collections::BTreeMap;

use super::Repo;
use super::object::{Commit, Mode, Oid};

/// Paths by what happened to them, each list sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<String>,
    pub(crate) modified: Vec<String>,
    pub(crate) removed: Vec<String>,
}

/// Files that a commit changed against its first parent (or against nothing).
pub(crate) fn of_commit(repo: &Repo, commit: &Commit) -> Changes {
    let (before, after) = sides(repo, commit);
    let mut changes = Changes::default();
    for (path, now) in &after {
        match before.get(path) {
            None => changes.added.push(path.clone()),
            Some(was) if was != now => changes.modified.push(path.clone()),
            Some(_) => {}
        }
    }
    changes.removed = before.keys().filter(|path| !after.contains_key(*path)).cloned().collect();
    changes
}

type Flat = BTreeMap<String, (Mode, Oid)>;

fn sides(repo: &Repo, commit: &Commit) -> (Flat, Flat) {
    let parent = commit.parents.first().and_then(|parent| repo.commit(*parent));
    (parent.map(|parent| repo.flat(parent.tree)).unwrap_or_default(), repo.flat(commit.tree))
}

/// Lines added and removed by a commit, as `git show --numstat` counts; binary files count nothing.
pub(crate) fn line_counts(repo: &Repo, commit: &Commit) -> (u64, u64) {
    let (before, after) = sides(repo, commit);
    let text = |flat: &Flat, path: &String| flat.get(path).and_then(|(_, oid)| repo.blob(*oid)).unwrap_or_default();
    let (mut added, mut removed) = (0, 0);
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        if before.get(path).map(|file| file.1) == after.get(path).map(|file| file.1) {
            continue;
        }
        let (old, new) = (text(&before, path), text(&after, path));
        if old.contains(&0) || new.contains(&0) {
            continue;
        }
        let (plus, minus) = count(&lines(&old), &lines(&new));
        added += plus;
        removed += minus;
    }
    (added, removed)
}

fn lines(data: &[u8]) -> Vec<&[u8]> {
    data.split_inclusive(|b| *b == b'\n').collect()
}

/// Lines only in `new` and only in `old`, by the greedy shortest edit script (Myers 1986, without the script).
fn count(mut old: &[&[u8]], mut new: &[&[u8]]) -> (u64, u64) {
    while let ([a, rest_old @ ..], [b, rest_new @ ..]) = (old, new)
        && a == b
    {
        (old, new) = (rest_old, rest_new);
    }
    while let ([rest_old @ .., a], [rest_new @ .., b]) = (old, new)
        && a == b
    {
        (old, new) = (rest_old, rest_new);
    }
    let (n, m) = (old.len(), new.len());
    let edits = if n == 0 || m == 0 { n + m } else { distance(old, new) };
    // With d edits, of which i insert and r remove: i + r = d and i - r = m - n.
    let inserted = (edits + m - n) / 2;
    (inserted as u64, (edits - inserted) as u64)
}

fn distance(old: &[&[u8]], new: &[&[u8]]) -> usize {
    let (n, m) = (old.len(), new.len());
    let size = 2 * (n + m) + 3;
    let middle = n + m + 1;
    // furthest[k] is how far into `old` a path on diagonal k = x - y (shifted by `middle`) has come.
    let mut furthest = vec![0_usize; size];
    for edits in 0..=n + m {
        let mut k = middle - edits;
        while k <= middle + edits {
            let down = k == middle - edits || (k != middle + edits && furthest[k - 1] < furthest[k + 1]);
            let mut x = if down { furthest[k + 1] } else { furthest[k - 1] + 1 };
            // y = x - (k - middle), which a path never lets fall below zero.
            let mut y = (x + middle).saturating_sub(k);
            while x < n && y < m && old[x] == new[y] {
                x += 1;
                y += 1;
            }
            furthest[k] = x;
            if x >= n && y >= m {
                return edits;
            }
            k += 2;
        }
    }
    n + m
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: (u64, u64)) {
        assert_eq!(count(&lines(old.as_bytes()), &lines(new.as_bytes())), expected, "{old:?} -> {new:?}");
    }

    #[test]
    fn counts_lines_as_git_does() {
        check("", "a\nb\n", (2, 0));
        check("a\nb\n", "", (0, 2));
        check("a\nb\nc\n", "a\nx\nc\n", (1, 1));
        check("a\nb\nc\nd\n", "b\nc\nd\ne\nf\n", (2, 1));
        check("a\n", "a\n", (0, 0));
        check("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", (2, 3));
        check("x\n", "a\nb\nc\n", (3, 1));
    }
}

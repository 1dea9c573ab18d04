//! A repository that nobody has cloned or written to yet: its objects, made in memory from what the world declares,
//! with the very ids that git will give them. Never written to; the first write makes it a bare repository.

use std::collections::{BTreeMap, HashMap};

use super::object::{self, Kind, Mode, Object, Oid, Signature};
use crate::world::model::{WorldCommit, WorldFile};

/// All objects of a repository and the tip of its only branch.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) branch: String,
    /// `None` for an empty repository.
    pub(crate) tip: Option<Oid>,
    pub(crate) objects: HashMap<Oid, Object>,
}

impl Snapshot {
    /// Builds the history: of `n` commits the `k`-th has the first `k/n` of the files, so that each commit changes
    /// something and the last one has everything.
    pub(crate) fn build(branch: &str, files: &[WorldFile], history: &[WorldCommit]) -> Self {
        let mut made = Self { branch: branch.to_owned(), tip: None, objects: HashMap::new() };
        let mut rows = Vec::new();
        for file in files {
            let oid = made.add(Kind::Blob, file.data.to_vec());
            let mode = if file.executable { Mode::Executable } else { Mode::File };
            rows.push((file.path.clone(), (mode, oid)));
        }
        // What a project begins with comes first: its README, then the rest by path.
        rows.sort_by_key(|(path, _)| (!path.eq_ignore_ascii_case("readme.md"), path.clone()));
        let count = history.len();
        for (at, commit) in history.iter().enumerate() {
            let upto = if at + 1 == count { rows.len() } else { (rows.len() * (at + 1)).div_ceil(count) };
            let listing: BTreeMap<String, (Mode, Oid)> = rows[..upto].iter().cloned().collect();
            let mut objects = std::mem::take(&mut made.objects);
            let tree = object::write_trees(&listing, &mut |kind, data| put(&mut objects, kind, data));
            made.objects = objects;
            let who = Signature { name: commit.author.name.clone(), email: commit.author.email.clone(), at: commit.at };
            let message = format!("{}\n", commit.message.trim_end());
            let parents: Vec<Oid> = made.tip.into_iter().collect();
            made.tip = Some(made.add(Kind::Commit, object::write_commit(tree, &parents, &who, &who, &message)));
        }
        made
    }

    fn add(&mut self, kind: Kind, data: Vec<u8>) -> Oid {
        put(&mut self.objects, kind, data)
    }
}

fn put(objects: &mut HashMap<Oid, Object>, kind: Kind, data: Vec<u8>) -> Oid {
    let oid = object::hash(kind, &data);
    objects.entry(oid).or_insert_with(|| Object { kind, data: data.into() });
    oid
}

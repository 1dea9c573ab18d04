//! Git's objects as bytes: ids, trees, commits. The formats are git's own (gitformat-object); only SHA-1 repositories.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use sha1::{Digest as _, Sha1};
use time::{OffsetDateTime, UtcOffset};

/// The id of an object, 20 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Oid(pub(crate) [u8; 20]);

impl Oid {
    /// What git writes where there is no object: forty zeros.
    pub(crate) const ZERO: Self = Self([0; 20]);

    /// Reads forty hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The first eight digits, as GitLab shortens.
    pub(crate) fn short(&self) -> String {
        hex::encode(&self.0[..4])
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The four kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blob,
    Tree,
    Commit,
    Tag,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }
}

/// An object's kind and body, without its header.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) data: Bytes,
}

/// The id that git gives this body.
pub(crate) fn hash(kind: Kind, data: &[u8]) -> Oid {
    let mut sha = Sha1::new();
    sha.update(format!("{} {}\0", kind.word(), data.len()).as_bytes());
    sha.update(data);
    Oid(sha.finalize().into())
}

/// How an entry of a tree is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    File,
    Executable,
    Link,
    Tree,
    Submodule,
}

impl Mode {
    /// Six digits, as GitLab shows them.
    pub(crate) fn digits(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Tree => "040000",
            Self::Submodule => "160000",
        }
    }

    fn parse(digits: &[u8]) -> Option<Self> {
        Some(match digits {
            b"100644" | b"100664" => Self::File,
            b"100755" => Self::Executable,
            b"120000" => Self::Link,
            b"40000" | b"040000" => Self::Tree,
            b"160000" => Self::Submodule,
            _ => return None,
        })
    }

    /// `tree`, `blob` or `commit`: GitLab's `type`.
    pub(crate) fn kind_word(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Submodule => "commit",
            _ => "blob",
        }
    }
}

/// One entry of a tree.
#[derive(Clone, Debug)]
pub(crate) struct TreeEntry {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) oid: Oid,
}

/// Reads a tree's body; entries with an unknown mode are passed over.
pub(crate) fn parse_tree(mut data: &[u8]) -> Vec<TreeEntry> {
    let mut entries = Vec::new();
    while let Some(space) = data.iter().position(|b| *b == b' ') {
        let Some(zero) = data.iter().position(|b| *b == 0) else { break };
        let Some(oid) = data.get(zero + 1..zero + 21).and_then(|bytes| <[u8; 20]>::try_from(bytes).ok()) else { break };
        if let Some(mode) = Mode::parse(&data[..space]) {
            let name = String::from_utf8_lossy(&data[space + 1..zero]).into_owned();
            entries.push(TreeEntry { name, mode, oid: Oid(oid) });
        }
        data = &data[zero + 21..];
    }
    entries
}

/// Writes the trees of a flat listing (full path to mode and blob), deepest first, into `sink`; gives the root's id.
pub(crate) fn write_trees(files: &BTreeMap<String, (Mode, Oid)>, sink: &mut dyn FnMut(Kind, Vec<u8>) -> Oid) -> Oid {
    let rows: Vec<(&str, Mode, Oid)> = files.iter().map(|(path, (mode, oid))| (path.as_str(), *mode, *oid)).collect();
    write_level(&rows, sink)
}

fn write_level(rows: &[(&str, Mode, Oid)], sink: &mut dyn FnMut(Kind, Vec<u8>) -> Oid) -> Oid {
    let mut entries: Vec<TreeEntry> = Vec::new();
    let mut folders: BTreeMap<&str, Vec<(&str, Mode, Oid)>> = BTreeMap::new();
    for (path, mode, oid) in rows {
        match path.split_once('/') {
            Some((folder, rest)) => folders.entry(folder).or_default().push((rest, *mode, *oid)),
            None => entries.push(TreeEntry { name: (*path).to_owned(), mode: *mode, oid: *oid }),
        }
    }
    for (folder, rows) in folders {
        let oid = write_level(&rows, sink);
        entries.push(TreeEntry { name: folder.to_owned(), mode: Mode::Tree, oid });
    }
    // Git sorts a folder as if its name ended in a slash.
    entries.sort_by_key(|entry| {
        let mut key = entry.name.clone().into_bytes();
        if entry.mode == Mode::Tree {
            key.push(b'/');
        }
        key
    });
    let mut body = Vec::new();
    for entry in entries {
        body.extend_from_slice(entry.mode.digits().trim_start_matches('0').as_bytes());
        body.push(b' ');
        body.extend_from_slice(entry.name.as_bytes());
        body.push(0);
        body.extend_from_slice(&entry.oid.0);
    }
    sink(Kind::Tree, body)
}

/// Name, address and hour of who wrote or committed.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) at: OffsetDateTime,
}

impl Signature {
    fn write(&self) -> String {
        let (hours, minutes, _) = self.at.offset().as_hms();
        let sign = if hours < 0 || minutes < 0 { '-' } else { '+' };
        let clean = |text: &str| text.replace(['<', '>', '\n'], "");
        format!(
            "{} <{}> {} {sign}{:02}{:02}",
            clean(&self.name),
            clean(&self.email),
            self.at.unix_timestamp(),
            hours.unsigned_abs(),
            minutes.unsigned_abs()
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('<')?;
        let (email, rest) = rest.split_once('>')?;
        let mut parts = rest.split_whitespace();
        let seconds: i64 = parts.next()?.parse().ok()?;
        let offset = parts.next().and_then(parse_offset).unwrap_or(UtcOffset::UTC);
        let at = OffsetDateTime::from_unix_timestamp(seconds).ok()?.to_offset(offset);
        Some(Self { name: name.trim().to_owned(), email: email.to_owned(), at })
    }
}

fn parse_offset(text: &str) -> Option<UtcOffset> {
    let number: i32 = text.parse().ok()?;
    UtcOffset::from_whole_seconds((number / 100) * 3600 + (number % 100) * 60).ok()
}

/// A commit.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) oid: Oid,
    pub(crate) tree: Oid,
    pub(crate) parents: Vec<Oid>,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
    pub(crate) message: String,
}

impl Commit {
    /// The message's first line.
    pub(crate) fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// Reads a commit's body.
    pub(crate) fn parse(oid: Oid, data: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(data);
        let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let (mut tree, mut parents, mut author, mut committer) = (None, Vec::new(), None, None);
        for line in head.lines() {
            match line.split_once(' ') {
                Some(("tree", id)) => tree = Oid::parse(id),
                Some(("parent", id)) => parents.extend(Oid::parse(id)),
                Some(("author", who)) => author = Signature::parse(who),
                Some(("committer", who)) => committer = Signature::parse(who),
                _ => {}
            }
        }
        Some(Self { oid, tree: tree?, parents, author: author?, committer: committer?, message: message.to_owned() })
    }
}

/// The body of a commit.
pub(crate) fn write_commit(
    tree: Oid,
    parents: &[Oid],
    author: &Signature,
    committer: &Signature,
    message: &str,
) -> Vec<u8> {
    let mut body = format!("tree {tree}\n");
    for parent in parents {
        body.push_str(&format!("parent {parent}\n"));
    }
    body.push_str(&format!("author {}\ncommitter {}\n\n{message}", author.write(), committer.write()));
    body.into_bytes()
}

//! A bare repository on disk: made from a snapshot as loose objects, read with gix, its refs moved by the real `git`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use flate2::{Compression, write::ZlibEncoder};
use tokio::process::Command;

use super::object::{self, Kind, Object, Oid};
use super::snapshot::Snapshot;

/// Refuses pushes to the protected branch by those who may not, and non-fast-forward pushes to it by anyone. The two
/// sentences are GitLab's.
const PRE_RECEIVE: &str = r#"#!/bin/sh
while read -r old new ref; do
  [ "$ref" = "$SANDBOX_PROTECTED" ] || continue
  case "$new" in *[!0]*) ;; *) echo "GitLab: The default branch of a project cannot be deleted."; exit 1 ;; esac
  if [ "$SANDBOX_MAY_PUSH_PROTECTED" != yes ]; then
    echo "GitLab: You are not allowed to push code to protected branches on this project."
    exit 1
  fi
  case "$old" in
    *[!0]*) git merge-base --is-ancestor "$old" "$new" || {
      echo "GitLab: You are not allowed to force push code to a protected branch on this project."
      exit 1
    } ;;
  esac
done
exit 0
"#;

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[http]\n\treceivepack = true\n[receive]\n\tautogc = false\n[gc]\n\tauto = 0\n[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n";

/// Makes a bare repository at `path` with the snapshot's content. Built beside its place and moved there, so that a
/// half-made repository is never opened.
pub(crate) fn create(path: &Path, snapshot: &Snapshot) -> Result<()> {
    let draft = path.with_extension("draft");
    if draft.exists() {
        std::fs::remove_dir_all(&draft).context("an earlier draft of the repository cannot be removed")?;
    }
    for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "hooks"] {
        std::fs::create_dir_all(draft.join(folder)).with_context(|| format!("cannot make {}", draft.display()))?;
    }
    std::fs::write(draft.join("HEAD"), format!("ref: refs/heads/{}\n", snapshot.branch))?;
    std::fs::write(draft.join("config"), CONFIG)?;
    let hook = draft.join("hooks/pre-receive");
    std::fs::write(&hook, PRE_RECEIVE)?;
    make_executable(&hook)?;
    for (oid, object) in &snapshot.objects {
        write_loose(&draft, *oid, object.kind, &object.data)?;
    }
    if let Some(tip) = snapshot.tip {
        let place = draft.join("refs/heads").join(&snapshot.branch);
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(place, format!("{tip}\n"))?;
    }
    std::fs::rename(&draft, path).with_context(|| format!("cannot put the repository at {}", path.display()))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Result<()> {
    Ok(())
}

/// Writes one loose object unless it is there.
pub(crate) fn write_loose(repository: &Path, oid: Oid, kind: Kind, data: &[u8]) -> Result<()> {
    let name = oid.to_string();
    let folder = repository.join("objects").join(&name[..2]);
    let place = folder.join(&name[2..]);
    if place.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    let mut zip = ZlibEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(format!("{} {}\0", kind.word(), data.len()).as_bytes())?;
    zip.write_all(data)?;
    let draft = folder.join(format!("{}.draft", &name[2..]));
    std::fs::write(&draft, zip.finish()?)?;
    Ok(std::fs::rename(&draft, &place)?)
}

/// Hashes and writes an object; gives its id.
pub(crate) fn write(repository: &Path, kind: Kind, data: &[u8]) -> Result<Oid> {
    let oid = object::hash(kind, data);
    write_loose(repository, oid, kind, data)?;
    Ok(oid)
}

/// Moves a ref from `old` to `new`, atomically; [`Oid::ZERO`] on either side makes or deletes it.
pub(crate) async fn update_ref(repository: &Path, name: &str, new: Oid, old: Oid) -> Result<()> {
    let mut command = git(repository);
    if new == Oid::ZERO {
        command.args(["update-ref", "-d", name, &old.to_string()]);
    } else {
        command.args(["update-ref", name, &new.to_string(), &old.to_string()]);
    }
    let done = command.output().await.context("the program git cannot be run; the sandbox needs it for writing")?;
    if !done.status.success() {
        bail!("git update-ref {name}: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}

/// The `git` program on a repository, with nothing taken from the machine's own configuration.
pub(crate) fn git(repository: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .env("GIT_DIR", repository)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("HOME", repository)
        .env("LC_ALL", "C")
        .kill_on_drop(true);
    command
}

/// A bare repository open for reading.
#[derive(Clone, Debug)]
pub(crate) struct Bare {
    pub(crate) path: PathBuf,
    inner: gix::ThreadSafeRepository,
}

impl Bare {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let inner = gix::ThreadSafeRepository::open_opts(path, gix::open::Options::isolated())
            .with_context(|| format!("{} is not a readable git repository", path.display()))?;
        Ok(Self { path: path.to_owned(), inner })
    }

    /// An object, or `None` where the repository has none with this id.
    pub(crate) fn object(&self, oid: Oid) -> Option<Object> {
        let local = self.inner.to_thread_local();
        let found = local.find_object(gix::ObjectId::Sha1(oid.0)).ok()?;
        let kind = match found.kind {
            gix::object::Kind::Blob => Kind::Blob,
            gix::object::Kind::Tree => Kind::Tree,
            gix::object::Kind::Commit => Kind::Commit,
            gix::object::Kind::Tag => Kind::Tag,
        };
        Some(Object { kind, data: found.data.clone().into() })
    }

    /// Full names and targets of all branches and tags, sorted; an annotated tag gives its own object.
    pub(crate) fn refs(&self) -> Vec<(String, Oid)> {
        let local = self.inner.to_thread_local();
        let Ok(platform) = local.references() else { return Vec::new() };
        let Ok(all) = platform.all() else { return Vec::new() };
        let mut rows: Vec<(String, Oid)> = all
            .filter_map(Result::ok)
            .filter_map(|reference| {
                let oid = reference.try_id()?;
                Some((reference.name().as_bstr().to_string(), Oid(<[u8; 20]>::try_from(oid.as_bytes()).ok()?)))
            })
            .filter(|(name, _)| name.starts_with("refs/heads/") || name.starts_with("refs/tags/"))
            .collect();
        rows.sort();
        rows
    }

    /// The objects whose ids begin with these digits, at most one; `None` when ambiguous too.
    pub(crate) fn by_prefix(&self, digits: &str) -> Option<Oid> {
        let local = self.inner.to_thread_local();
        let id = local.rev_parse_single(digits).ok()?;
        Some(Oid(<[u8; 20]>::try_from(id.as_bytes()).ok()?))
    }
}

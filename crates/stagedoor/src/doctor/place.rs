//! Folders and files of ours.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::Check;
use crate::config::Config;

const MIB: u64 = 1 << 20;
/// Below this SQLite may stop in the middle of a day.
const LEAST: u64 = 100 * MIB;
/// Comfortable for a catalog of tens of thousands of projects.
const ENOUGH: u64 = 1024 * MIB;

pub(super) fn data(config: &Config) -> Check {
    const TITLE: &str = "Data folder";
    let folder = &config.data;
    let shown = folder.display();
    let place = existing(folder);
    // Made and removed at once: permission bits do not know of read-only mounts and access lists.
    match tempfile::Builder::new().prefix(".stagedoor-doctor-").tempfile_in(&place) {
        Ok(_removed) if place == *folder => Check::passed("data", TITLE, format!("{shown} can be written")),
        Ok(_removed) => Check::passed("data", TITLE, format!("{shown} will be made at the first start")),
        Err(error) if folder.exists() && !folder.is_dir() => {
            Check::failed("data", TITLE, format!("{shown} is no folder: {error}")).remedy("name a folder with `data`")
        }
        Err(error) => Check::failed("data", TITLE, format!("{} cannot be written: {error}", place.display()))
            .remedy("give it to the user who runs Stagedoor, or name another folder with `data`"),
    }
}

/// The folder, or the nearest one above it that is there.
fn existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let found = absolute.ancestors().find(|place| place.is_dir());
    match found {
        Some(place) if place == absolute => folder.to_owned(),
        Some(place) => place.to_owned(),
        None => PathBuf::from("/"),
    }
}

pub(super) fn space(config: &Config) -> Option<Check> {
    const TITLE: &str = "Free space";
    let place = existing(&config.data);
    let stat = rustix::fs::statvfs(&place).ok()?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let detail = format!("{} MiB where {} is", free / MIB, config.data.display());
    Some(match free {
        free if free < LEAST => {
            Check::failed("space", TITLE, detail).remedy("make room, or name another folder with `data`")
        }
        free if free < ENOUGH => Check::note("space", TITLE, detail).remedy("1 GiB is comfortable"),
        _ => Check::passed("space", TITLE, detail),
    })
}

pub(super) fn key_file(config: &Config) -> Check {
    const TITLE: &str = "Key file";
    let path = config.key_file();
    let shown = path.display();
    let meta = match fs::metadata(&path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Check::passed("key", TITLE, format!("{shown} will be made when the first token is kept"));
        }
        Err(error) => {
            return Check::failed("key", TITLE, format!("{shown} cannot be looked at: {error}"))
                .remedy("give its folder to the user who runs Stagedoor");
        }
    };
    if !meta.is_file() {
        return Check::failed("key", TITLE, format!("{shown} is no file")).remedy("name a file with `secrets.keyFile`");
    }
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Check::failed("key", TITLE, format!("others can read {shown} (mode {mode:03o})"))
            .remedy(format!("chmod 600 {shown}"));
    }
    match fs::File::open(&path) {
        Ok(_closed) => Check::passed("key", TITLE, format!("{shown}, for its owner alone")),
        Err(error) => Check::failed("key", TITLE, format!("{shown} cannot be read: {error}"))
            .remedy("give it to the user who runs Stagedoor"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};
    use crate::{cli::ServeOptions, config::Config};

    fn config(folder: &Path) -> Config {
        let options = ServeOptions { data: Some(folder.to_owned()), ..ServeOptions::default() };
        Config::load(&options).expect("the smallest configuration")
    }

    #[test]
    fn folders_that_are_there_and_that_are_not() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(data(&config(folder.path())).state, State::Passed);
        let check = data(&config(&folder.path().join("a/b")));
        assert_eq!(check.state, State::Passed);
        assert!(check.detail.contains("will be made") && !folder.path().join("a").exists(), "{check:?}");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");
        assert!(space(&config(&file)).is_some());
        let left: Vec<_> = fs::read_dir(folder.path()).expect("list").collect();
        assert_eq!(left.len(), 1, "nothing of ours stays");
    }

    #[test]
    fn a_key_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let config = config(folder.path());
        assert_eq!(key_file(&config).state, State::Passed);
        fs::write(config.key_file(), "key").expect("written");
        for (mode, state) in
            [(0o600, State::Passed), (0o400, State::Passed), (0o640, State::Failed), (0o604, State::Failed)]
        {
            fs::set_permissions(config.key_file(), fs::Permissions::from_mode(mode)).expect("mode");
            assert_eq!(key_file(&config).state, state, "{mode:o}");
        }
        fs::remove_file(config.key_file()).expect("removed");
        fs::create_dir(config.key_file()).expect("folder");
        assert_eq!(key_file(&config).state, State::Failed);
    }
}

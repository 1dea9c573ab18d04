//! The key file: the master keys, made once and kept by the operator.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use secrecy::{SecretBox, zeroize::Zeroize};
use sha2::{Digest, Sha256};

use crate::{SealError, fill};

/// The length of a master key.
pub(crate) const KEY: usize = 32;

/// One master key with the name under which sealed values refer to it.
#[derive(Debug)]
pub(crate) struct Master {
    pub(crate) id: String,
    pub(crate) key: SecretBox<[u8; KEY]>,
}

/// The master keys: the first seals, all of them open. To change the master key, put a new line above the old one; what
/// is sealed with the old one is sealed anew when it is next used (see [`Keys::is_current`]).
#[derive(Debug)]
pub struct Keys {
    pub(crate) masters: Vec<Master>,
    path: PathBuf,
}

/// Why there are no master keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is gone, and a new one would not open what is there.
    #[error(
        "the key file {0} is gone, and secrets in the database are sealed with it: restore it from your backup, or \
         remove the connections and add them again"
    )]
    Gone(PathBuf),
    /// It cannot be read or written.
    #[error("the key file {path} cannot be used: {source}")]
    Unusable {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read it.
    #[error("the key file {0} can be read by others: chmod 600 it")]
    Open(PathBuf),
    /// A line of it is no key.
    #[error(
        "line {line} of the key file {path} is no key: write 64 hexadecimal digits, for example from `openssl rand -hex 32`"
    )]
    Malformed {
        /// Where.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// No randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Keys {
    /// Reads the key file, or makes it if there is none and nothing was sealed yet.
    ///
    /// # Errors
    /// When it cannot be read or made, when others may read it, or when it is gone while `sealed` values exist.
    pub fn open_or_create(path: &Path, sealed: bool) -> Result<Self, KeyError> {
        let unusable = |source| KeyError::Unusable { path: path.to_owned(), source };
        match fs::read_to_string(path) {
            Ok(mut text) => {
                private(path)?;
                let keys = Self::parse(path, &text);
                text.zeroize();
                keys
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if sealed {
                    return Err(KeyError::Gone(path.to_owned()));
                }
                create(path)?;
                let text = fs::read_to_string(path).map_err(unusable)?;
                Self::parse(path, &text)
            }
            Err(source) => Err(unusable(source)),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, KeyError> {
        let mut masters = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut key = [0_u8; KEY];
            hex::decode_to_slice(line, &mut key)
                .map_err(|_| KeyError::Malformed { path: path.to_owned(), line: number })?;
            let id = hex::encode(&Sha256::digest(key)[..4]);
            masters.push(Master { id, key: SecretBox::new(Box::new(key)) });
            key.zeroize();
        }
        if masters.is_empty() {
            return Err(KeyError::Malformed { path: path.to_owned(), line: 1 });
        }
        Ok(Self { masters, path: path.to_owned() })
    }

    /// Where they are kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the file, for its owner only; if another process was quicker, its file stands.
fn create(path: &Path) -> Result<(), KeyError> {
    let unusable = |source| KeyError::Unusable { path: path.to_owned(), source };
    let mut key = [0_u8; KEY];
    fill(&mut key)?;
    let mut text = format!("{}\n", hex::encode(key));
    key.zeroize();
    // Written beside and linked into place, so that nobody ever reads half a key.
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let written = write_private(&beside, &text).and_then(|()| match fs::hard_link(&beside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    text.zeroize();
    let removed = fs::remove_file(&beside);
    written.map_err(unusable)?;
    removed.map_err(unusable)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        fs::metadata(path).map_err(|source| KeyError::Unusable { path: path.to_owned(), source })?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Open(path.to_owned())) }
}

#[cfg(not(unix))]
fn private(_path: &Path) -> Result<(), KeyError> {
    Ok(())
}

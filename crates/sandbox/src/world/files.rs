//! Where the declared world's bytes come from: the folder `world/` embedded in the binary, or a map in a test.

use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(rust_embed::RustEmbed)]
#[folder = "world/"]
#[allow_missing = true]
struct Embedded;

/// The files of a declared world, `sandrill.yaml` and `files/<full path>/…`, addressed relative to `world/`.
#[derive(Clone, Debug, Default)]
pub struct WorldFiles(Option<BTreeMap<String, Vec<u8>>>);

impl WorldFiles {
    /// The world that is embedded in this build.
    #[must_use]
    pub fn embedded() -> Self {
        Self(None)
    }

    /// A world given as path and content, for tests.
    #[must_use]
    pub fn of<P: Into<String>, D: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, D)>) -> Self {
        Self(Some(files.into_iter().map(|(path, data)| (path.into(), data.into())).collect()))
    }

    pub(crate) fn get(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        match &self.0 {
            Some(files) => files.get(path).map(|data| Cow::Owned(data.clone())),
            None => Embedded::get(path).map(|file| file.data),
        }
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        match &self.0 {
            Some(files) => files.keys().cloned().collect(),
            None => Embedded::iter().map(Cow::into_owned).collect(),
        }
    }
}

//! Who acts and what they do.

use serde::{Deserialize, Serialize};

/// The one who is answerable for an action.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Principal {
    /// The person at the machine on which Stagedoor runs. The only principal until sign-on exists, which is why the
    /// server listens on loopback only until then.
    Operator,
    /// Stagedoor itself, doing what the configuration file tells it to.
    System,
}

impl Principal {
    /// The immutable identifier that audit rows keep.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Operator => "local-operator",
            Self::System => "stagedoor",
        }
    }

    /// What pages show.
    #[must_use]
    pub fn display_name(&self) -> &'static str {
        match self {
            Self::Operator => "Local operator",
            Self::System => "Stagedoor",
        }
    }
}

/// The name of an action as policy, audit rows and the golden list of endpoints spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionName(pub &'static str);

/// Something a principal asks to do. Each action is a type of its own that carries exactly what was authorised; the
/// effect takes its values from there and from nowhere else.
pub trait Action: std::fmt::Debug + Send + Sync {
    /// The name, for example `RefreshCatalog`.
    const NAME: &'static str;

    /// On what: the identifier that audit rows keep, for example `gitlab/main/project/17`.
    fn resource(&self) -> String;
}

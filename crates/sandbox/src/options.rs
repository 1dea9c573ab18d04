//! How an instance is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Certificate chain and private key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The server's certificate, and what leads to its authority.
    pub cert: PathBuf,
    /// The key of the first certificate.
    pub key: PathBuf,
}

/// What the instance's licence opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Edition {
    /// The open edition: group webhooks are no route.
    #[default]
    Free,
    /// With group webhooks.
    Premium,
}

/// The parameters of an instance. Two instances with the same ones have the same content, ids and tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `None`: the declared world, Sandrill. `Some(n)`: a generated estate of `n` projects, 1 to 100,000.
    pub projects: Option<u32>,
    /// The groups of a generated estate, 1 to 100,000; `None` for one group a dozen projects.
    pub groups: Option<u32>,
    /// Decides the generated content and all tokens.
    pub seed: u64,
    /// Waited before every API answer.
    pub latency: Duration,
    /// Where repositories are kept that were cloned or written to; `None` for a folder that goes away at the end.
    pub data: Option<PathBuf>,
    /// With a certificate the instance speaks https, and nothing else.
    pub tls: Option<Tls>,
    /// The address under which the instance speaks of itself; port 0 in it stands for the one it listens on.
    pub url: Option<String>,
    /// Free or Premium.
    pub edition: Edition,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            projects: None,
            groups: None,
            seed: 42,
            latency: Duration::ZERO,
            data: None,
            tls: None,
            url: None,
            edition: Edition::Free,
        }
    }
}

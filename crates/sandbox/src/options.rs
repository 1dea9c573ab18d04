//! How an instance is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The parameters of an instance. Two instances with the same ones have the same content, ids and tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `None`: the declared world, Sandrill. `Some(n)`: a generated estate of `n` projects, 1 to 100,000.
    pub projects: Option<u32>,
    /// Decides the generated content and all tokens.
    pub seed: u64,
    /// Waited before every API answer.
    pub latency: Duration,
    /// Where repositories are kept that were cloned or written to; `None` for a folder that goes away at the end.
    pub data: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            projects: None,
            seed: 42,
            latency: Duration::ZERO,
            data: None,
        }
    }
}

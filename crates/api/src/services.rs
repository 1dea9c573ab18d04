//! What the room is handed: everything that answers come from. It opens, reads and configures nothing by itself.

use std::{fmt, ops::Deref, sync::Arc};

use model::{Clock, Random};
use tokio::sync::{Semaphore, watch};
use url::Url;

use crate::{console::Assets, edge::Hosts, idempotency::Replays};

/// How many pages may listen for events at once. A page holds one; more is a fault somewhere.
const STREAMS: usize = 1_000;

/// How many connections may be tested at once: each opens connections to an address of somebody's choice.
const TESTS: usize = 8;

/// Everything that the routes need.
#[derive(Debug)]
pub struct Services {
    /// Answers reads, takes refreshes and locations.
    pub catalog: catalog::Catalog,
    /// Takes webhooks and says whether the database answers.
    pub store: store::Store,
    /// Every write passes it.
    pub gate: policy::Gate,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For request ids.
    pub random: Arc<dyn Random>,
    /// Holds the connections, and what authenticates their webhooks.
    pub broker: broker::Broker,
    /// Shown to people and sent to nobody else.
    pub version: &'static str,
    /// The machine this process runs on, for people.
    pub host: String,
    /// When this process began.
    pub started_at: model::Millis,
    /// Renders `/metrics`. Its recorder must be the installed one.
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
    /// The address under which browsers and GitLab reach us, if it is not loopback.
    pub public_url: Option<Url>,
}

/// The state of every handler.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) services: Services,
    pub(crate) hosts: Hosts,
    /// The OpenAPI document as JSON text.
    pub(crate) document: String,
    pub(crate) assets: Assets,
    pub(crate) replays: Replays,
    pub(crate) streams: Arc<Semaphore>,
    /// Tests of connections under way.
    pub(crate) tests: Arc<Semaphore>,
    /// Becomes true when the server ends: long answers end then.
    pub(crate) closing: watch::Sender<bool>,
}

impl App {
    pub(crate) fn new(services: Services, document: String, closing: watch::Sender<bool>) -> Self {
        Self(Arc::new(Inner {
            hosts: Hosts::new(services.public_url.clone()),
            document,
            assets: Assets::embedded(),
            replays: Replays::default(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            tests: Arc::new(Semaphore::new(TESTS)),
            closing,
            services,
        }))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Deref for Inner {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}

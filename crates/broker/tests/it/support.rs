//! A broker over a database of its own, a stand-in GitLab, and the gate.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use broker::{AddConnection, Broker, BrokerError, Change, Connection, Declared, Given, NewConnection, Options};
use model::{Action, Clock, ConnectionName, Ctx, Discovery, ManualClock, Principal, RequestId, SystemRandom};
use policy::{Gate, Outcome, Permit};
use sandbox::Sandbox;
use secrecy::SecretString;
use secrets::Keys;
use serde_json::Value;
use store::Store;
use url::Url;

pub(crate) struct House {
    pub(crate) broker: Broker,
    told: Arc<Mutex<Vec<String>>>,
    pub(crate) store: Store,
    pub(crate) gate: Gate,
    pub(crate) ctx: Ctx,
    pub(crate) clock: ManualClock,
    pub(crate) folder: tempfile::TempDir,
}

/// The sandbox has the machine's clock, so the broker begins with it, too.
fn now() -> i64 {
    model::SystemClock.now()
}

pub(crate) async fn gitlab() -> Sandbox {
    sandbox::start(sandbox::Options::default()).await.expect("a sandbox")
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    pub(crate) async fn with(declared: Vec<Declared>) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        Self::over(folder, ManualClock::at(now()), declared).await
    }

    /// As after a restart: the same folder, everything else new.
    pub(crate) async fn restarted(self) -> Self {
        self.store.close().await;
        Self::over(self.folder, self.clock, Vec::new()).await
    }

    async fn over(folder: tempfile::TempDir, clock: ManualClock, declared: Vec<Declared>) -> Self {
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let url = format!("sqlite:{}", folder.path().join("stagedoor.sqlite").display());
        let store = Store::open(&url, Arc::clone(&shared)).await.expect("store");
        let sealed = store.has_secrets().await.expect("asked");
        let keys = Keys::open_or_create(&folder.path().join("secrets.key"), sealed).expect("keys");
        let random = Arc::new(SystemRandom::default());
        let options = Options {
            public_url: None,
            local_url: "http://127.0.0.1:9".parse().expect("address"),
            check_every: Duration::from_secs(300),
            poll_seconds: 60,
            secrets_folder: folder.path().join("secrets"),
        };
        let gate = Gate::new(Arc::new(store.clone()));
        let ctx = Ctx::new(Principal::Operator, RequestId::fresh(random.as_ref()), Arc::clone(&shared));
        let opened = Broker::open((store.clone(), keys), shared, random, declared, options).await;
        let (broker, mut changes) = opened.expect("broker");
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&told);
        while let Ok(change) = changes.try_recv() {
            kept.lock().expect("told").push(word(&change.change));
        }
        tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                kept.lock().expect("told").push(word(&change.change));
            }
        });
        Self { broker, told, store, gate, ctx, clock, folder }
    }

    pub(crate) async fn permit<A: Action>(&self, action: A) -> Permit<A> {
        self.gate.permit(&self.ctx, action).await.expect("allowed")
    }

    pub(crate) async fn done<A: Action>(&self, permit: Permit<A>) {
        permit.done(&self.ctx, Outcome::Done(String::new())).await.expect("recorded");
    }

    pub(crate) async fn add(&self, connection: NewConnection) -> Result<Connection, BrokerError> {
        let permit = self.permit(AddConnection { connection }).await;
        let added = self.broker.add(&permit).await;
        self.done(permit).await;
        added
    }

    /// What was told since the last time, one word each.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().expect("told"))
    }
}

fn word(change: &Change) -> String {
    match change {
        Change::Connected { name, .. } => format!("connected {name}"),
        Change::Disconnected(name) => format!("disconnected {name}"),
        Change::Listening(name, yes) => format!("listening {name} {yes}"),
    }
}

pub(crate) fn name(text: &str) -> ConnectionName {
    ConnectionName::parse(text).expect("legal")
}

pub(crate) fn pasted(token: &str) -> Given {
    Given::Pasted(SecretString::from(token.to_owned()))
}

pub(crate) fn connection(called: &str, url: &str, token: &str) -> NewConnection {
    NewConnection {
        name: name(called),
        url: url.to_owned(),
        token: pasted(token),
        proxy: None,
        no_proxy: Vec::new(),
        ca: None,
        discovery: Discovery::default(),
    }
}

/// Turns one of the sandbox's own knobs.
pub(crate) async fn control(sandbox: &Sandbox, path: &str, body: Value) {
    let url = Url::parse(&sandbox.url).and_then(|url| url.join(&format!("/-/sandbox/{path}"))).expect("address");
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let answer = client.put(url).json(&body).send().await.expect("answered");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// Every byte that the database has on disk.
pub(crate) fn bytes_of(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("stagedoor.sqlite")) {
            bytes.extend(std::fs::read(&path).expect("file"));
        }
    }
    bytes
}

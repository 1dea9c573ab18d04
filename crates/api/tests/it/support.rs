//! A small catalog and a way to ask for it.

use std::sync::{Arc, OnceLock};

use api::Services;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header, request::Builder},
};
use broker::{Broker, Declared, Options, Spec};
use catalog::{
    Catalog,
    sync::{Sync, SyncSettings},
};
use metrics_exporter_prometheus::PrometheusHandle;
use model::{
    BlobId, Clock, Code, ConnectionName, Discovery, Entity, EntityRef, Evidence, Fact, FixedRandom, ManualClock,
    Origin, Ownership, Position, Problem, ProjectId, RefKey, Severity, Source, Staleness,
};
use secrecy::SecretString;
use secrets::{Keys, SecretRef};
use serde_json::{Value, json};
use store::{Batch, FileKey, FileRow, Location, ProjectRow, Replacement, Root, Store};
use tower::ServiceExt;

/// 2026-11-20T12:00:00Z.
pub(crate) const NOW: i64 = 1_795_176_000_000;
pub(crate) const HOOK_TOKEN: &str = "hook-token-7f3a";

/// A running room.
pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) clock: ManualClock,
    pub(crate) catalog: Catalog,
    _folder: tempfile::TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("utf-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// A broker with one connection, declared, whose GitLab answers nobody.
async fn broker(folder: &tempfile::TempDir, store: &Store, clock: &Arc<dyn Clock>) -> Broker {
    for (name, secret) in [("token", "glpat-test"), ("hook", HOOK_TOKEN)] {
        std::fs::write(folder.path().join(name), secret).expect("secret");
    }
    let at = |name: &str| SecretRef::File(folder.path().join(name));
    let declared = Declared {
        name: connection(),
        url: url::Url::parse("https://git.example").expect("url"),
        spec: Spec { token: Some(at("token")), ..Spec::default() },
        proxy_password: None,
        hook_token: Some(at("hook")),
        hook_signing: None,
        register: None,
    };
    let options = Options {
        public_url: None,
        local_url: url::Url::parse("http://127.0.0.1:1").expect("url"),
        check_every: std::time::Duration::from_secs(300),
        poll_seconds: 60,
        secrets_folder: folder.path().join("secrets"),
    };
    let keys = Keys::open_or_create(&folder.path().join("secrets.key"), false).expect("keys");
    let random = Arc::new(FixedRandom::seeded(2));
    let opened = Broker::open((store.clone(), keys), Arc::clone(clock), random, vec![declared], options).await;
    opened.expect("broker").0
}

fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| api::recorder().install_recorder().expect("one recorder")).clone()
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::of(entities()).await
    }

    pub(crate) async fn of(entities: Vec<Entity>) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let (services, clock) = Self::services(&folder, entities).await;
        let (store, catalog) = (services.store.clone(), services.catalog.clone());
        Self { router: api::router(services), store, clock, catalog, _folder: folder }
    }

    /// A catalog that came out of the database, with a connection, a registered location and files.
    pub(crate) async fn stored() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let (services, clock) = Self::services(&folder, Vec::new()).await;
        services.store.pass_finished(&connection(), NOW + 20_000).await.expect("pass");
        services.store.add_location(&registered()).await.expect("location");
        services.store.apply(&connection(), first_batch()).await.expect("batch");
        Self::connected(folder, services, clock).await
    }

    /// A registered location with many components.
    pub(crate) async fn with_many(count: i64) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let (services, clock) = Self::services(&folder, Vec::new()).await;
        let spec = json!({"type": "service", "lifecycle": "production", "owner": "crew"});
        let many = (0..count).map(|n| entity(0, "Component", &format!("c{n:04}"), spec.clone())).collect();
        let root = Replacement { root: Root::Location("loc1".to_owned()), entities: many, reach: Vec::new() };
        services.store.add_location(&registered()).await.expect("location");
        let batch = Batch { replacements: vec![root], ..Batch::default() };
        services.store.apply(&connection(), batch).await.expect("batch");
        Self::connected(folder, services, clock).await
    }

    /// A connection of which nothing was read yet.
    pub(crate) async fn connected_only() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let (services, clock) = Self::services(&folder, Vec::new()).await;
        Self::connected(folder, services, clock).await
    }

    async fn connected(folder: tempfile::TempDir, mut services: Services, clock: ManualClock) -> Self {
        let store = services.store.clone();
        let catalog = Catalog::open(store.clone(), services.clock.clone(), 60).await.expect("catalog");
        let sync = Sync::new(catalog.clone(), services.random.clone(), SyncSettings::default());
        let url = url::Url::parse("https://git.example").expect("url");
        let settings = gitlab::Settings::new(connection(), url, SecretString::from("glpat-test"));
        let client = gitlab::Gitlab::new(settings, services.clock.clone(), services.random.clone()).expect("client");
        sync.connect(connection(), client, Discovery::default()).await.expect("connected");
        // Known and never read: nobody runs the pass that it begins with.
        let pass = store
            .claim(&store::Claim::any(std::time::Duration::from_secs(60)))
            .await
            .expect("jobs")
            .expect("a pass is due");
        store.finish(std::slice::from_ref(&pass)).await.expect("finish");
        services.catalog = catalog.clone();
        Self { router: api::router(services), store, clock, catalog, _folder: folder }
    }

    pub(crate) async fn services(folder: &tempfile::TempDir, entities: Vec<Entity>) -> (Services, ManualClock) {
        let clock = ManualClock::at(NOW);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let url = format!("sqlite:{}", folder.path().join("stagedoor.sqlite").display());
        let store = Store::open(&url, shared.clone()).await.expect("store");
        let catalog = Catalog::of_entities(store.clone(), shared.clone(), entities);
        let broker = broker(folder, &store, &shared).await;
        let services = Services {
            gate: policy::Gate::new(Arc::new(store.clone())),
            store,
            catalog,
            clock: shared,
            random: Arc::new(FixedRandom::seeded(1)),
            broker,
            version: "0.0.0-test",
            host: "test".to_owned(),
            started_at: 0,
            metrics: recorder(),
            public_url: None,
        };
        (services, clock)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.expect("body").to_vec();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(request(Method::GET, path).body(Body::empty()).expect("request")).await
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        let reply = self.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        reply.json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.write(Method::POST, path, body).await
    }

    pub(crate) async fn write(&self, method: Method, path: &str, body: &Value) -> Reply {
        let request = request(method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("request")).await
    }
}

pub(crate) const LOCATION: &str = "https://git.example/sandrill/harbour/-/blob/main/catalog-info.yaml";
pub(crate) const FILE_TEXT: &str = "kind: Component\nmetadata:\n  name: ferry-web\n";

fn registered() -> Location {
    Location {
        id: "loc1".to_owned(),
        connection: connection(),
        kind: "url".to_owned(),
        target: LOCATION.to_owned(),
        created_at: NOW - 100_000,
    }
}

fn first_batch() -> Batch {
    let mut location = entity(0, "Location", "generated-1", json!({"type": "url", "target": LOCATION}));
    location.origin = Origin::Registered;
    location.source.project_path = "sandrill/harbour".to_owned();
    location.body = location.body.replace("/generated-1/", "/harbour/");
    let harbour =
        entity(0, "Component", "harbour", json!({"type": "service", "lifecycle": "production", "owner": "crew"}));
    let mut web =
        entity(0, "Component", "ferry-web", json!({"type": "website", "lifecycle": "production", "owner": "crew"}));
    web.source.project = Some(ProjectId(4));
    web.source.blob = Some(BlobId("b10b".to_owned()));
    let key = FileKey { project: ProjectId(4), git_ref: String::new(), path: "catalog-info.yaml".to_owned() };
    let file = FileRow { key, blob: BlobId("b10b".to_owned()), size: 48, text: Some(FILE_TEXT.to_owned()) };
    let project = ProjectRow { id: ProjectId(4), path: "sandrill/ferry-web".to_owned(), record: "{}".to_owned() };
    let root = |root, entities| Replacement { root, entities, reach: Vec::new() };
    Batch {
        projects: vec![project],
        files: vec![file],
        replacements: vec![
            root(Root::Location("loc1".to_owned()), vec![location, harbour]),
            root(Root::Project(ProjectId(4)), vec![web]),
        ],
        ..Batch::default()
    }
}

pub(crate) fn request(method: Method, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:7070")
}

pub(crate) fn connection() -> ConnectionName {
    ConnectionName::parse("gitlab").expect("name")
}

fn key(text: &str) -> RefKey {
    RefKey::parse(text).expect("ref")
}

/// An entity as a catalog file of a project of its own would give it.
pub(crate) fn entity(id: i64, kind: &str, name: &str, spec: Value) -> Entity {
    let entity_ref = EntityRef::new(kind, "default", name);
    let project = format!("sandrill/{name}");
    let url = format!("https://git.example/{project}/-/blob/main/catalog-info.yaml");
    let body = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "default", "annotations": {
            "backstage.io/managed-by-location": format!("url:{url}"),
            "backstage.io/managed-by-origin-location": format!("url:{url}")}},
        "spec": spec,
    })
    .to_string();
    let owner = spec.get("owner").and_then(Value::as_str);
    Entity {
        id,
        relations: Entity::relations_of(&entity_ref, &body),
        entity_ref,
        origin: Origin::File,
        source: Source {
            connection: connection(),
            project: Some(ProjectId(id.unsigned_abs())),
            project_url: format!("https://git.example/{project}"),
            project_path: project,
            file: Some("catalog-info.yaml".to_owned()),
            git_ref: Some("main".to_owned()),
            blob: None,
            line: Some(1),
        },
        body,
        aliases: Vec::new(),
        ownership: owner.map(|owner| Ownership {
            owner: Some(EntityRef::parse(owner, Some("group"), "default").expect("owner").key()),
            evidence: Evidence::Declared,
            detail: "catalog-info.yaml line 9".to_owned(),
            share: None,
        }),
        language: None,
        facts: Vec::new(),
        problems: Vec::new(),
        stale: None,
        claimed_at: 1_000 + id,
        changed_at: NOW - 60_000,
    }
}

/// Sandrill in small: a group, three components, an API, a second claim and something that is wrong.
pub(crate) fn entities() -> Vec<Entity> {
    let mut checkout = entity(1, "Group", "sandrill.checkout", json!({"type": "team", "children": []}));
    checkout.origin = Origin::Directory;
    checkout.aliases = vec![key("group:default/checkout")];
    checkout.source.project = None;
    checkout.source.file = None;
    checkout.body = checkout.body.replace("\"namespace\"", "\"title\":\"Checkout\",\"namespace\"");

    let mut payments = entity(
        2,
        "Component",
        "payments-api",
        json!({"type": "service", "lifecycle": "production", "owner": "checkout", "system": "payments",
            "providesApis": ["payments-v2"], "dependsOn": ["resource:payments-db"]}),
    );
    payments.language = Some("Go".to_owned());
    payments.body = payments.body.replace("\"namespace\"", "\"tags\":[\"pci\"],\"namespace\"");

    let api = entity(
        3,
        "API",
        "payments-v2",
        json!({"type": "openapi", "lifecycle": "production", "owner": "checkout", "definition": "x"}),
    );
    let mut web = entity(
        4,
        "Component",
        "ferry-web",
        json!({"type": "website", "lifecycle": "experimental", "owner": "nobody", "consumesApis": ["payments-v2"]}),
    );
    web.problems = vec![
        Problem::new(Code::MissingField, Severity::Error, "spec.x is missing", "Write it.")
            .at(Some(Position { line: 7, column: 3 }))
            .on("spec.x"),
    ];
    let mut rival = entity(
        5,
        "Component",
        "payments-api",
        json!({"type": "service", "lifecycle": "production", "owner": "checkout"}),
    );
    rival.source.project_path = "sandrill/old-payments".to_owned();

    let mut inferred = entity(
        6,
        "Component",
        "tide-tables",
        json!({"type": "service", "lifecycle": "unknown", "owner": "sandrill.checkout"}),
    );
    inferred.origin = Origin::Inferred;
    inferred.source.file = None;
    inferred.ownership = Some(Ownership {
        owner: Some(key("group:default/sandrill.checkout")),
        evidence: Evidence::Codeowners,
        detail: ".gitlab/CODEOWNERS line 3".to_owned(),
        share: None,
    });
    inferred.facts = vec![Fact {
        field: "spec.owner".to_owned(),
        value: "sandrill.checkout".to_owned(),
        because: "the last matching line of CODEOWNERS".to_owned(),
        url: None,
    }];
    inferred.stale = Some(Staleness { since: NOW - 5_000, reason: "GitLab answered 502".to_owned() });
    vec![checkout, payments, api, web, rival, inferred]
}

//! One test, two databases: [`both!`] makes a test of each from one function.

use std::sync::Arc;

use model::{BlobId, ConnectionName, Entity, EntityRef, ManualClock, Origin, ProjectId, Source};
use sqlx::{Connection, Executor};
use store::Store;

pub(crate) const NOW: i64 = 1_790_000_000_000;

/// A store of its own, the clock it uses, and what must live as long.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) clock: ManualClock,
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().expect("folder");
    let url = format!("sqlite:{}", folder.path().join("s.sqlite").display());
    open(url, Some(folder)).await
}

pub(crate) async fn postgres() -> Fixture {
    open(empty_postgres().await, None).await
}

/// The address of a database without tables.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where PostgreSQL is")]
pub(crate) async fn empty_postgres() -> String {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let server = std::env::var("STAGEDOOR_TEST_POSTGRES")
        .expect("STAGEDOOR_TEST_POSTGRES names no PostgreSQL; run `make test`, which starts one");
    sqlx::any::install_default_drivers();
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let name = format!("store_{}_{number}", std::process::id());
    let mut admin = sqlx::AnyConnection::connect(&format!("{server}/postgres")).await.expect("PostgreSQL answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    admin.execute(sqlx::raw_sql(create)).await.expect("a database of its own");
    format!("{server}/{name}")
}

pub(crate) async fn open(url: String, folder: Option<tempfile::TempDir>) -> Fixture {
    let clock = ManualClock::at(NOW);
    let store = Store::open(&url, Arc::new(clock.clone())).await.expect("opens");
    Fixture { store, clock, url, _folder: folder }
}

/// Makes the tests `sqlite` and `postgres` of each function.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $name() { super::$name($crate::support::sqlite().await).await; })*
        }
        mod on_postgres {
            $(#[tokio::test] async fn $name() { super::$name($crate::support::postgres().await).await; })*
        }
    };
}
pub(crate) use both;

pub(crate) fn connection() -> ConnectionName {
    ConnectionName::parse("main").expect("legal")
}

pub(crate) fn entity(name: &str, file: Option<&str>, note: &str) -> Entity {
    let entity_ref = EntityRef::new("Component", "default", name);
    let source = Source {
        connection: connection(),
        project: Some(ProjectId(1)),
        project_path: "a/b".into(),
        project_url: "https://git.example/a/b".into(),
        file: file.map(str::to_owned),
        git_ref: Some("main".into()),
        blob: file.map(|_| BlobId("00".into())),
        line: Some(1),
    };
    let origin = if file.is_some() { Origin::File } else { Origin::Inferred };
    Entity::stated(entity_ref, origin, source, format!("{{\"note\":\"{note}\"}}"))
}

/// Every entity of every connection.
pub(crate) async fn all(store: &Store) -> Vec<Entity> {
    let mut found = Vec::new();
    store.each_entity(|e| found.push(e)).await.expect("reads");
    found
}

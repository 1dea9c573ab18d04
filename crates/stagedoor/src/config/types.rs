//! Every key. The JSON Schema and the reference in the book are made from these types and their comments.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use model::{ConnectionName, Discovery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use secrets::SecretRef;

use super::forms::{CaConfig, ProxyConfig, Register, RegisterForms};
use crate::logs::LogFormat;

/// The configuration of one Stagedoor.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// Where to listen. Loopback only until sign-on exists.
    #[serde(default = "listen")]
    #[schemars(with = "String")]
    pub(crate) listen: SocketAddr,
    /// The folder for the database file. Relative to where the command runs.
    #[serde(default = "data")]
    pub(crate) data: PathBuf,
    /// The database: `sqlite:/path/to/file.sqlite` or `postgres://user@host/name`. Without it `stagedoor.sqlite` in
    /// `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<String>,
    /// The address under which browsers and GitLab reach the server, if a proxy stands before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uri"))]
    pub(crate) public_url: Option<Url>,
    /// The GitLabs to read. Others can be added on the page, without this file.
    #[serde(default)]
    pub(crate) gitlab: Vec<GitlabConfig>,
    /// How connections are watched.
    #[serde(default)]
    pub(crate) connections: ConnectionsConfig,
    /// Where kept secrets are.
    #[serde(default)]
    pub(crate) secrets: SecretsConfig,
    /// Backups that are made without being asked for.
    #[serde(default)]
    pub(crate) backups: BackupsConfig,
    /// How the catalog is read.
    #[serde(default)]
    pub(crate) catalog: CatalogConfig,
    /// How to log.
    #[serde(default)]
    pub(crate) log: LogConfig,
}

/// One GitLab.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GitlabConfig {
    /// The name by which pages and commands know it: 1 to 63 of `a-z`, `0-9` and inner `-`.
    #[schemars(with = "String", length(min = 1, max = 63))]
    pub(crate) name: ConnectionName,
    /// The root address of the instance, as a browser uses it: `https://gitlab.example.com`.
    #[schemars(with = "String", extend("format" = "uri"))]
    pub(crate) url: Url,
    /// Where the token is; it needs `read_api`.
    pub(crate) token: SecretRef,
    /// Certificates of a private authority, beside the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<CaConfig>,
    /// A forward proxy. The environment's `HTTP_PROXY` is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) proxy: Option<ProxyConfig>,
    /// What is reached without the proxy: a host, `.domain` for all below it, an address or a range `10.0.0.0/8`, each
    /// with `:port` if only that is meant, or `*`.
    #[serde(default)]
    pub(crate) no_proxy: Vec<String>,
    /// How long to wait for it.
    #[serde(default)]
    pub(crate) timeouts: TimeoutsConfig,
    /// What of it is read. Without it everything the token's user is a member of.
    #[serde(default)]
    pub(crate) discovery: Discovery,
    /// What it may tell by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) webhooks: Option<WebhookConfig>,
}

/// How long to wait.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct TimeoutsConfig {
    /// Seconds until a connection stands, TLS included; 1 to 300.
    #[schemars(range(min = 1, max = 300))]
    pub(crate) connect: u64,
    /// Seconds for one answer with all of its content; 1 to 600.
    #[schemars(range(min = 1, max = 600))]
    pub(crate) answer: u64,
}

impl Default for TimeoutsConfig {
    fn default() -> Self {
        Self { connect: 10, answer: 60 }
    }
}

/// Webhooks of one GitLab. Without them polling finds every change, only later.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookConfig {
    /// What GitLab sends as `X-Gitlab-Token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<SecretRef>,
    /// The key of signed deliveries, `whsec_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signing_secret: Option<SecretRef>,
    /// Which webhooks to register by itself: `system` (an administrator's token with the scope `api`), `group`,
    /// `project`, `auto` (the widest that the token may) or `off`. `true` means `system`, `false` `off`.
    #[serde(default)]
    #[schemars(with = "RegisterForms")]
    pub(crate) register: Register,
}

/// How connections are watched.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ConnectionsConfig {
    /// Seconds from one check of a connection to the next; at least 10.
    #[schemars(range(min = 10))]
    pub(crate) check_seconds: u64,
}

impl Default for ConnectionsConfig {
    fn default() -> Self {
        Self { check_seconds: 300 }
    }
}

/// Where kept secrets are.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct SecretsConfig {
    /// The file with the key that encrypts the tokens kept in the database. Made at the first start, for its owner
    /// alone. Without it `secrets.key` in `data`. Keep a copy apart from the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_file: Option<PathBuf>,
    /// The folder with files that a connection added on a page may name as the place of its token. Without it
    /// `secrets` in `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<PathBuf>,
}

/// Backups that are made without being asked for.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct BackupsConfig {
    /// Make one before a new version changes the tables of a database with something in it; the newest five are kept. With
    /// `false` nothing but a backup of your own leads back to the version before.
    pub(crate) before_migration: bool,
    /// The folder for these and for what `backup restore --replace` replaces. Without it `backups` beside the database
    /// file, with PostgreSQL in `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<PathBuf>,
}

impl Default for BackupsConfig {
    fn default() -> Self {
        Self { before_migration: true, folder: None }
    }
}

/// How the catalog is read.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct CatalogConfig {
    /// Seconds from one complete pass to the next; at least 10.
    #[schemars(range(min = 10))]
    pub(crate) interval_seconds: u64,
    /// Seconds from one question for active projects to the next; at least 5.
    #[schemars(range(min = 5))]
    pub(crate) poll_seconds: u64,
    /// The name of catalog files.
    pub(crate) file: String,
}

impl Default for CatalogConfig {
    fn default() -> Self {
        Self { interval_seconds: 600, poll_seconds: 60, file: "catalog-info.yaml".to_owned() }
    }
}

/// How to log.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct LogConfig {
    /// `json` or `text`.
    pub(crate) format: LogFormat,
    /// Which lines: `info`, or by room, `info,gitlab=debug`.
    pub(crate) filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Json, filter: "info".to_owned() }
    }
}

fn listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 7330))
}

fn data() -> PathBuf {
    PathBuf::from("data")
}

//! The configuration file, what the environment and the flags set over it, and the secrets it refers to.
//!
//! Order: built-in values, the file, `STAGEDOOR__SECTION__KEY`, flags. An unknown key is refused with its line.

mod overlay;
mod secret;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use model::ConnectionName;
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use secret::SecretRef;

use crate::{cli::ServeOptions, logs::LogFormat};

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// Where to listen. Loopback only until sign-on exists.
    #[serde(default = "listen")]
    pub(crate) listen: SocketAddr,
    /// The folder for the database file.
    #[serde(default = "data")]
    pub(crate) data: PathBuf,
    /// The database; `stagedoor.sqlite` in `data` when absent.
    #[serde(default)]
    pub(crate) database: Option<String>,
    /// The address under which browsers and GitLab reach the server, if a proxy stands before it.
    #[serde(default)]
    pub(crate) public_url: Option<Url>,
    /// The GitLabs to read.
    #[serde(default)]
    pub(crate) gitlab: Vec<GitlabConfig>,
    /// How the catalog is read.
    #[serde(default)]
    pub(crate) catalog: CatalogConfig,
    /// How to log.
    #[serde(default)]
    pub(crate) log: LogConfig,
}

/// One GitLab.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GitlabConfig {
    /// The name by which pages and commands know it.
    pub(crate) name: ConnectionName,
    /// Its root address.
    pub(crate) url: Url,
    /// A token with `read_api`.
    pub(crate) token: SecretRef,
    /// Certificates of a private authority, PEM.
    #[serde(default)]
    pub(crate) ca: Option<PathBuf>,
    /// A forward proxy.
    #[serde(default)]
    pub(crate) proxy: Option<Url>,
    /// What GitLab may tell us by itself.
    #[serde(default)]
    pub(crate) webhooks: Option<WebhookConfig>,
}

/// Webhooks of one GitLab.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookConfig {
    /// What GitLab sends as `X-Gitlab-Token`.
    #[serde(default)]
    pub(crate) secret: Option<SecretRef>,
    /// The key of signed deliveries, `whsec_…`.
    #[serde(default)]
    pub(crate) signing_secret: Option<SecretRef>,
    /// Register a system hook; needs an administrator's token with the scope `api`.
    #[serde(default)]
    pub(crate) register: bool,
}

/// How the catalog is read.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct CatalogConfig {
    /// Seconds from one complete pass to the next.
    pub(crate) interval_seconds: u64,
    /// Seconds from one question for active projects to the next.
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
#[derive(Debug, Clone, Deserialize, Serialize)]
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

impl Config {
    /// Reads the file, the environment and the flags.
    ///
    /// # Errors
    /// When something is not understood; the message names the place and what to write.
    pub(crate) fn load(options: &ServeOptions) -> anyhow::Result<Self> {
        let text = match &options.config {
            Some(path) => fs::read_to_string(path)
                .with_context(|| format!("the configuration file {} cannot be read", path.display()))?,
            None => String::new(),
        };
        let place = options.config.as_deref().unwrap_or(Path::new("the environment"));
        let mut config =
            Self::parse(&text, &overlay::from_environment()).with_context(|| place.display().to_string())?;
        if let Some(data) = &options.data {
            config.data.clone_from(data);
        }
        if let Some(listen) = options.listen {
            config.listen = listen;
        }
        if let Some(database) = &options.database {
            config.database = Some(database.clone());
        }
        // A secret's path is meant from the file it stands in, wherever the command was started.
        let folder = options.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        config.relative_to(folder);
        config.check()?;
        Ok(config)
    }

    fn parse(text: &str, environment: &[(String, String)]) -> anyhow::Result<Self> {
        // First as it stands: only so does an error know its line.
        let plain: Self =
            if text.trim().is_empty() { serde_json::from_str("{}")? } else { serde_saphyr::from_str(text)? };
        if environment.is_empty() {
            return Ok(plain);
        }
        let mut tree = serde_json::to_value(&plain)?;
        for (name, value) in environment {
            overlay::set(&mut tree, name, value)?;
        }
        serde_json::from_value(tree).context("with the values of the environment set over it")
    }

    fn relative_to(&mut self, folder: &Path) {
        for gitlab in &mut self.gitlab {
            gitlab.token.relative_to(folder);
            if let Some(ca) = &mut gitlab.ca {
                *ca = folder.join(&*ca);
            }
            if let Some(webhooks) = &mut gitlab.webhooks {
                for secret in [&mut webhooks.secret, &mut webhooks.signing_secret].into_iter().flatten() {
                    secret.relative_to(folder);
                }
            }
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.listen.ip().is_loopback(),
            "listen: {} is reachable by others, and there is no sign-on yet. Use 127.0.0.1 or [::1]",
            self.listen
        );
        for (index, gitlab) in self.gitlab.iter().enumerate() {
            if self.gitlab.iter().take(index).any(|earlier| earlier.name == gitlab.name) {
                bail!("gitlab: two connections are called {}; give each its own name", gitlab.name);
            }
            ensure!(
                matches!(gitlab.url.scheme(), "http" | "https"),
                "gitlab {}: the address {} should begin with https://",
                gitlab.name,
                gitlab.url
            );
            if let Some(webhooks) = &gitlab.webhooks {
                ensure!(
                    webhooks.secret.is_some() || webhooks.signing_secret.is_some(),
                    "gitlab {}: webhooks need `secret` or `signingSecret`, or nobody could tell who sent them",
                    gitlab.name
                );
            }
        }
        ensure!(self.catalog.interval_seconds >= 10, "catalog.intervalSeconds: at least 10");
        ensure!(self.catalog.poll_seconds >= 5, "catalog.pollSeconds: at least 5");
        ensure!(!self.catalog.file.trim().is_empty(), "catalog.file: the name of catalog files, not nothing");
        Ok(())
    }

    /// The database's address.
    pub(crate) fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("stagedoor.sqlite").display()))
    }
}

#[cfg(test)]
mod tests;

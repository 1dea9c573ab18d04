//! The configuration file, what the environment and the flags set over it, and the secrets it refers to.
//!
//! Order: built-in values, the file, `STAGEDOOR__SECTION__KEY`, flags. An unknown key is refused with its line.

mod fault;
mod forms;
mod overlay;
mod reference;
mod report;
mod spellings;
mod types;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use gitlab::NoProxy;
use url::Url;

pub(crate) use fault::Fault;
pub(crate) use forms::Register;
pub(crate) use reference::{reference, schema};
pub(crate) use report::{Report, report, without_password};
pub(crate) use secrets::SecretRef;
pub(crate) use types::{Config, GitlabConfig};

use crate::cli::ServeOptions;

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
        let place = options.config.as_deref().map_or("the environment".to_owned(), |path| path.display().to_string());
        let mut config = Self::parse(&place, &text, &overlay::from_environment())?;
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

    fn parse(place: &str, text: &str, environment: &[(String, String)]) -> anyhow::Result<Self> {
        // First as it stands: only so does an error know its line.
        let plain: Self = if text.trim().is_empty() {
            serde_json::from_str("{}")?
        } else {
            serde_saphyr::from_str(text).map_err(|error| Fault::of(place, text, &error))?
        };
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
        for path in
            [&mut self.secrets.key_file, &mut self.secrets.folder, &mut self.backups.folder].into_iter().flatten()
        {
            *path = folder.join(&*path);
        }
        for gitlab in &mut self.gitlab {
            gitlab.token.relative_to(folder);
            if let Some(ca) = &mut gitlab.ca {
                ca.relative_to(folder);
            }
            if let Some(password) = gitlab.proxy.as_mut().and_then(|proxy| proxy.password_mut()) {
                password.relative_to(folder);
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
            gitlab.check()?;
            if self.gitlab.iter().take(index).any(|earlier| earlier.name == gitlab.name) {
                bail!("gitlab: two connections are called {}; give each its own name", gitlab.name);
            }
        }
        ensure!(self.connections.check_seconds >= 10, "connections.checkSeconds: at least 10");
        ensure!(self.catalog.interval_seconds >= 10, "catalog.intervalSeconds: at least 10");
        ensure!(self.catalog.poll_seconds >= 5, "catalog.pollSeconds: at least 5");
        ensure!(!self.catalog.file.trim().is_empty(), "catalog.file: the name of catalog files, not nothing");
        Ok(())
    }

    /// The database's address.
    pub(crate) fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("stagedoor.sqlite").display()))
    }

    /// The folder for backups that are made without being asked for.
    pub(crate) fn backups_folder(&self) -> PathBuf {
        let beside = || match store::database_file(&self.database_url()) {
            Ok(Some(file)) => file.parent().map(Path::to_owned),
            _ => None,
        };
        self.backups.folder.clone().unwrap_or_else(|| beside().unwrap_or_else(|| self.data.clone()).join("backups"))
    }

    /// The file with the key of kept tokens.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.secrets.key_file.clone().unwrap_or_else(|| self.data.join("secrets.key"))
    }

    /// The folder whose files a page may name as the place of a token.
    pub(crate) fn secrets_folder(&self) -> PathBuf {
        self.secrets.folder.clone().unwrap_or_else(|| self.data.join("secrets"))
    }
}

/// How a GitLab is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// No proxy is named.
    Direct,
    /// Past the proxy, because of this entry of `noProxy`.
    Past(String),
    /// Through the proxy.
    Through(&'a Url),
}

impl GitlabConfig {
    fn check(&self) -> anyhow::Result<()> {
        let name = &self.name;
        ensure!(
            matches!(self.url.scheme(), "http" | "https"),
            "gitlab {name}: the address {} should begin with https://",
            self.url
        );
        if let Some(webhooks) = &self.webhooks {
            ensure!(
                webhooks.secret.is_some() || webhooks.signing_secret.is_some(),
                "gitlab {name}: webhooks need `secret` or `signingSecret`, or nobody could tell who sent them"
            );
        }
        if let Some(proxy) = &self.proxy {
            let url = proxy.url();
            ensure!(
                matches!(url.scheme(), "http" | "https") && url.has_host(),
                "gitlab {name}: the proxy {url} should begin with http:// or https://"
            );
            // The address itself is not printed: it has the password in it.
            ensure!(
                url.password().is_none(),
                "gitlab {name}: the proxy's address has a password in it; write proxy: {{url: …, username: …, password: {{file: …}}}}"
            );
            if let Some(account) = proxy.account() {
                ensure!(
                    account.username.is_some() || account.password.is_none(),
                    "gitlab {name}: the proxy has a password and no `username`"
                );
            }
        }
        self.exceptions().map_err(|error| anyhow::anyhow!("gitlab {name}: {error}"))?;
        ensure!((1..=300).contains(&self.timeouts.connect), "gitlab {name}: timeouts.connect: 1 to 300 seconds");
        ensure!((1..=600).contains(&self.timeouts.answer), "gitlab {name}: timeouts.answer: 1 to 600 seconds");
        Ok(())
    }

    fn exceptions(&self) -> Result<NoProxy, gitlab::Error> {
        NoProxy::parse(self.no_proxy.iter().map(String::as_str))
    }

    /// How it is reached. Exceptions that cannot be read were refused when the file was read.
    pub(crate) fn route(&self) -> Route<'_> {
        let Some(proxy) = &self.proxy else { return Route::Direct };
        match self.exceptions().unwrap_or_default().entry_for(&self.url) {
            Some(entry) => Route::Past(entry.to_owned()),
            None => Route::Through(proxy.url()),
        }
    }
}

#[cfg(test)]
mod tests;

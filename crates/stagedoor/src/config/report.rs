//! `config check`: what a configuration means, and what about it is not wise.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::bail;
use catalog::discovery::Rules;
use model::Discovery;
use serde::Serialize;
use url::{Host, Url};

use super::{Config, GitlabConfig, Route, SecretRef};

/// What would be done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) listen: String,
    /// Without a password.
    pub(crate) database: String,
    pub(crate) key_file: String,
    pub(crate) secrets_folder: String,
    /// Those that are made without being asked for.
    pub(crate) backups: String,
    pub(crate) gitlab: Vec<GitlabReport>,
    pub(crate) warnings: Vec<String>,
}

/// One GitLab.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GitlabReport {
    pub(crate) name: String,
    pub(crate) url: String,
    /// Where the token is; never what it is.
    pub(crate) token_place: String,
    /// Through a proxy, past it, or directly, and why.
    pub(crate) route: String,
    pub(crate) certificates: String,
    pub(crate) discovery: String,
    pub(crate) webhooks: String,
}

/// Reads what the configuration refers to.
///
/// # Errors
/// When a secret or a certificate cannot be read.
pub(crate) fn report(config: &Config) -> anyhow::Result<Report> {
    use anyhow::Context;

    let mut warnings = Vec::new();
    let mut gitlab = Vec::new();
    for one in &config.gitlab {
        gitlab.push(connection(one, &mut warnings).with_context(|| format!("gitlab {}", one.name))?);
    }
    let mut said = std::collections::BTreeSet::new();
    warnings.retain(|warning| said.insert(warning.clone()));
    if !config.backups.before_migration {
        warnings.push(
            "`backups.beforeMigration: false`: after an upgrade nothing but a backup of your own leads back".to_owned(),
        );
    }
    if config.gitlab.is_empty() {
        warnings.push("no GitLab is configured; add one on the page, or under `gitlab`".to_owned());
    }
    Ok(Report {
        listen: config.listen.to_string(),
        database: without_password(&config.database_url()),
        key_file: config.key_file().display().to_string(),
        secrets_folder: config.secrets_folder().display().to_string(),
        backups: if config.backups.before_migration {
            format!("before a new version changes the tables, in {}", config.backups_folder().display())
        } else {
            "only when you make them".to_owned()
        },
        gitlab,
        warnings,
    })
}

fn connection(one: &GitlabConfig, warnings: &mut Vec<String>) -> anyhow::Result<GitlabReport> {
    let name = &one.name;
    one.token.read()?;
    let mut secrets = vec![&one.token];
    if let Some(webhooks) = &one.webhooks {
        for secret in [&webhooks.secret, &webhooks.signing_secret].into_iter().flatten() {
            secret.read()?;
            secrets.push(secret);
        }
    }
    if let Some(password) = one.proxy.as_ref().and_then(|proxy| proxy.account()).and_then(|a| a.password.as_ref()) {
        password.read()?;
        secrets.push(password);
    }
    warnings.extend(
        secrets
            .iter()
            .filter_map(|secret| open_to_others(secret))
            .map(|path| format!("{name}: others on this machine can read {path}; run `chmod 600 {path}`")),
    );
    if one.url.scheme() == "http" && !is_local(&one.url) {
        warnings.push(format!("{name}: the token travels unencrypted to {}; use https://", one.url));
    }
    if one.discovery == Discovery::default() {
        warnings.push(format!(
            "{name}: discovery is empty, so everything the token's user is a member of is read; `discovery.groups` reads less"
        ));
    } else if !one.discovery.membership && one.discovery.groups.is_empty() {
        warnings.push(format!("{name}: `membership: false` without `groups` reads the whole instance"));
    }
    if let Err(faults) = Rules::compile(&one.discovery) {
        let fault = faults.iter().map(|f| format!("{}: {}; {}", f.pointer, f.message, f.remedy)).collect::<Vec<_>>();
        bail!("discovery.{}", fault.join("; discovery."));
    }
    if one.proxy.is_none() && !one.no_proxy.is_empty() {
        warnings.push(format!("{name}: `noProxy` without `proxy` does nothing"));
    }
    let certificates = match &one.ca {
        None => "the machine's".to_owned(),
        Some(ca) => format!("the machine's and {} of {}", ca.read()?.1, ca.place()),
    };
    Ok(GitlabReport {
        name: name.to_string(),
        url: one.url.to_string(),
        token_place: one.token.to_string(),
        route: route(one),
        certificates,
        discovery: found(&one.discovery),
        webhooks: one.webhooks.as_ref().map_or("none; changes are found by polling".to_owned(), |webhooks| {
            format!("listened to; register: {}", webhooks.register.as_str())
        }),
    })
}

fn route(one: &GitlabConfig) -> String {
    match one.route() {
        Route::Direct => "directly".to_owned(),
        Route::Past(entry) => format!("directly, past the proxy, because noProxy has {entry}"),
        Route::Through(url) => {
            let known = one.proxy.as_ref().and_then(|proxy| proxy.account()).and_then(|a| a.username.as_ref());
            let as_whom = known.map(|name| format!(" as {name}")).unwrap_or_default();
            format!("through the proxy {}{as_whom}; noProxy has nothing for it", shown(url))
        }
    }
}

/// An address without what may be a secret.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _no_host = url.set_username("").and_then(|()| url.set_password(None));
    url.to_string()
}

/// The address as it may be printed.
pub(crate) fn without_password(database: &str) -> String {
    match Url::parse(database) {
        Ok(mut url) if url.password().is_some() => {
            let _no_host = url.set_password(Some("***"));
            url.to_string()
        }
        _ => database.to_owned(),
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// In one line what is read.
fn found(discovery: &Discovery) -> String {
    let mut said = Vec::new();
    let depth = if discovery.nested { "" } else { ", not of groups below" };
    said.push(match (discovery.groups.is_empty(), discovery.membership) {
        (true, true) => "projects the token's user is a member of".to_owned(),
        (true, false) => "every project of the instance".to_owned(),
        (false, member) => {
            let only = if member { " of which the token's user is a member" } else { "" };
            format!("projects below {}{only}{depth}", discovery.groups.join(", "))
        }
    });
    let lists =
        [("matching", &discovery.projects), ("with the topics", &discovery.topics), ("without", &discovery.exclude)];
    said.extend(
        lists.iter().filter(|(_, list)| !list.is_empty()).map(|(word, list)| format!("{word} {}", list.join(", "))),
    );
    if discovery.archived {
        said.push("archived ones too".to_owned());
    }
    if !discovery.forks {
        said.push("no forks".to_owned());
    }
    if let Some(branch) = &discovery.branch {
        let fallback = discovery.fallback_branch.as_ref().map(|name| format!(", else {name}")).unwrap_or_default();
        said.push(format!("from the branch {branch}{fallback}"));
    }
    said.extend(discovery.file.iter().map(|file| format!("files named {file}")));
    if !discovery.people.read {
        said.push("no groups and people".to_owned());
    }
    said.join("; ")
}

/// The path of a secret that others may read.
pub(crate) fn open_to_others(secret: &SecretRef) -> Option<String> {
    match secret {
        SecretRef::File(path) => readable_by_others(path).then(|| path.display().to_string()),
        SecretRef::Env(_) => None,
    }
}

/// By permission bits alone; mounted secrets are often read-only for a group, which is fine.
pub(crate) fn readable_by_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0)
}

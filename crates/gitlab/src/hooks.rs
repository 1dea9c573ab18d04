//! Webhooks: by them GitLab tells us of pushes instead of being asked.

use http::Method;
use model::{Action, ConnectionName, GroupId, ProjectId};
use policy::Permit;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{
    Gitlab, Hook,
    error::{Error, Kind},
    rest,
    transport::Request,
};

/// Where a hook is registered, and so what it tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookScope {
    /// The whole instance; administrators of a self-managed GitLab.
    System,
    /// A group and all below it; its Owners, Premium.
    Group(GroupId),
    /// One project; its Maintainers.
    Project(ProjectId),
}

impl HookScope {
    /// Path and route template of the list.
    fn list(self) -> (String, &'static str, &'static str) {
        match self {
            Self::System => ("api/v4/hooks".to_owned(), "GET /api/v4/hooks", "POST /api/v4/hooks"),
            Self::Group(id) => {
                (format!("api/v4/groups/{id}/hooks"), "GET /api/v4/groups/:id/hooks", "POST /api/v4/groups/:id/hooks")
            }
            Self::Project(id) => (
                format!("api/v4/projects/{id}/hooks"),
                "GET /api/v4/projects/:id/hooks",
                "POST /api/v4/projects/:id/hooks",
            ),
        }
    }

    /// As audit rows name it.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::System => "system".to_owned(),
            Self::Group(id) => format!("group/{id}"),
            Self::Project(id) => format!("project/{id}"),
        }
    }
}

/// Register a hook that delivers pushes to us, and have GitLab try it.
#[derive(Debug)]
pub struct RegisterHook {
    /// With which GitLab.
    pub connection: ConnectionName,
    /// Where.
    pub scope: HookScope,
    /// Where to deliver.
    pub url: Url,
    /// What GitLab sends along as `X-Gitlab-Token`, so that we know it is GitLab.
    pub secret: SecretString,
    /// The key with which newer releases sign (Standard Webhooks); older ones take no notice of it.
    pub signing: Option<SecretString>,
}

impl Action for RegisterHook {
    const NAME: &'static str = "RegisterHook";

    fn resource(&self) -> String {
        format!("gitlab/{}/hooks/{}", self.connection, self.scope.words())
    }
}

/// Documented as a list of one for system hooks; in fact an object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneHook {
    Plain(Hook),
    Listed([Hook; 1]),
}

impl Gitlab {
    /// All hooks of a place.
    ///
    /// # Errors
    /// [`Kind::Forbidden`] or [`Kind::NotFound`] for a token that may not manage them there.
    pub async fn hooks(&self, scope: HookScope) -> Result<Vec<Hook>, Error> {
        let (path, route, _) = scope.list();
        self.get_all(route, &path, rest::query(&[("per_page", "100")])).await
    }

    /// Creates exactly the hook that was permitted. Never sent twice: look with [`Gitlab::hooks`] after an error without a
    /// status.
    ///
    /// # Errors
    /// [`Kind::Configuration`] for a permit of another connection, [`Kind::Forbidden`] without the rights, and
    /// [`Kind::Rejected`] when GitLab does not deliver to such an address.
    pub async fn create_hook(&self, permit: &Permit<RegisterHook>) -> Result<Hook, Error> {
        let wanted = permit.action();
        let (path, _, route) = wanted.scope.list();
        self.of_this_connection(wanted, route)?;
        let mut body = json!({
            "url": wanted.url,
            "token": wanted.secret.expose_secret(),
            "push_events": true,
            "tag_push_events": false,
            "merge_requests_events": false,
            "repository_update_events": false,
            "enable_ssl_verification": true,
        });
        if let Some(key) = &wanted.signing {
            body["signing_token"] = key.expose_secret().into();
        }
        let request = Request {
            method: Method::POST,
            route,
            path,
            query: None,
            body: Some(body.to_string().into()),
            safe: false,
        };
        let response = self.transport().send(&request).await?;
        let hook: OneHook = self.read(route, &response)?;
        Ok(match hook {
            OneHook::Plain(hook) => hook,
            OneHook::Listed([hook]) => hook,
        })
    }

    /// Has GitLab deliver an event to the hook now, so that it is known whether it reaches us. Part of registering it.
    ///
    /// # Errors
    /// [`Kind::Rejected`] with GitLab's words when its delivery failed.
    pub async fn test_hook(&self, permit: &Permit<RegisterHook>, hook: u64) -> Result<(), Error> {
        let wanted = permit.action();
        let (path, route) = match wanted.scope {
            HookScope::System => (format!("api/v4/hooks/{hook}"), "POST /api/v4/hooks/:id"),
            HookScope::Group(id) => (
                format!("api/v4/groups/{id}/hooks/{hook}/test/push_events"),
                "POST /api/v4/groups/:id/hooks/:id/test/:trigger",
            ),
            HookScope::Project(id) => (
                format!("api/v4/projects/{id}/hooks/{hook}/test/push_events"),
                "POST /api/v4/projects/:id/hooks/:id/test/:trigger",
            ),
        };
        self.of_this_connection(wanted, route)?;
        let request = Request { method: Method::POST, route, path, query: None, body: None, safe: false };
        self.transport().send(&request).await.map(|_| ())
    }

    fn of_this_connection(&self, wanted: &RegisterHook, route: &'static str) -> Result<(), Error> {
        if wanted.connection == *self.name() {
            return Ok(());
        }
        let message = format!("the permit is for the connection {}, this is {}", wanted.connection, self.name());
        Err(Error::ours(Kind::Configuration, message).on(route))
    }
}

/// What a group's or project's own page says of it; only the number is needed.
#[derive(Debug, Deserialize)]
struct Numbered {
    id: u64,
}

impl Gitlab {
    /// The group at a path, as a place for hooks.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when the token does not see it.
    pub async fn group_place(&self, path: &str) -> Result<HookScope, Error> {
        let path = format!("api/v4/groups/{}", rest::encoded(path));
        let query = rest::query(&[("with_projects", "false")]);
        let group: Numbered = self.get_query("GET /api/v4/groups/:id", &path, query).await?;
        Ok(HookScope::Group(GroupId(group.id)))
    }

    /// The project at a path, as a place for hooks.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when the token does not see it.
    pub async fn project_place(&self, path: &str) -> Result<HookScope, Error> {
        let path = format!("api/v4/projects/{}", rest::encoded(path));
        let project: Numbered = self.get("GET /api/v4/projects/:id", &path).await?;
        Ok(HookScope::Project(ProjectId(project.id)))
    }
}

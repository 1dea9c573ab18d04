//! System hooks: by them an administrator's token lets GitLab tell us of every push of the instance.

use http::Method;
use model::{Action, ConnectionName};
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

/// Register a system hook that delivers pushes to us.
#[derive(Debug)]
pub struct RegisterHook {
    /// With which GitLab.
    pub connection: ConnectionName,
    /// Where to deliver.
    pub url: Url,
    /// What GitLab sends along as `X-Gitlab-Token`, so that we know it is GitLab.
    pub secret: SecretString,
}

impl Action for RegisterHook {
    const NAME: &'static str = "RegisterHook";

    fn resource(&self) -> String {
        format!("gitlab/{}/hooks", self.connection)
    }
}

/// Documented as a list of one; in fact an object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneHook {
    Plain(Hook),
    Listed([Hook; 1]),
}

impl Gitlab {
    /// All system hooks. Needs an administrator's token.
    ///
    /// # Errors
    /// [`Kind::Forbidden`] for everybody else.
    pub async fn list_system_hooks(&self) -> Result<Vec<Hook>, Error> {
        let query = rest::query(&[("per_page", "100")]);
        self.get_all("GET /api/v4/hooks", "api/v4/hooks", query).await
    }

    /// Creates exactly the hook that was permitted. Never sent twice: look with [`Gitlab::list_system_hooks`] after an
    /// error without a status.
    ///
    /// # Errors
    /// [`Kind::Configuration`] for a permit of another connection, [`Kind::Forbidden`] without administrator's rights.
    pub async fn create_system_hook(&self, permit: &Permit<RegisterHook>) -> Result<Hook, Error> {
        const ROUTE: &str = "POST /api/v4/hooks";
        let wanted = permit.action();
        if wanted.connection != *self.name() {
            let message = format!("the permit is for the connection {}, this is {}", wanted.connection, self.name());
            return Err(Error::ours(Kind::Configuration, message).on(ROUTE));
        }
        let body = json!({
            "url": wanted.url,
            "token": wanted.secret.expose_secret(),
            "push_events": true,
            "tag_push_events": false,
            "merge_requests_events": false,
            "repository_update_events": false,
            "enable_ssl_verification": true,
        });
        let request = Request {
            method: Method::POST,
            route: ROUTE,
            path: "api/v4/hooks".to_owned(),
            query: None,
            body: Some(body.to_string().into()),
            safe: false,
        };
        let response = self.transport().send(&request).await?;
        let hook: OneHook = self.read(ROUTE, &response)?;
        Ok(match hook {
            OneHook::Plain(hook) => hook,
            OneHook::Listed([hook]) => hook,
        })
    }
}

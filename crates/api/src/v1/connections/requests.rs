//! What callers send about connections. Secrets are read into a type that does not print.

use axum::body::Bytes;
use broker::{Broker, Given, NewConnection};
use model::{ConnectionName, Discovery};
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::{Answer, Failure};

/// Where a secret is, when it is not sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretPlace {
    /// The name of a file in the server's secrets folder.
    file: Option<String>,
    /// A variable of the server's environment; its name begins with `STAGEDOOR_SECRET_`.
    env: Option<String>,
}

/// A connection that somebody wants. Exactly one of `token` and `tokenFrom`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConnectionDraft {
    /// 1 to 63 of a-z, 0-9 and inner hyphens.
    name: String,
    /// The address a browser would use.
    url: String,
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
    token_from: Option<SecretPlace>,
    /// Authorities to trust beside the system's: PEM, or base64 of PEM or DER.
    ca: Option<String>,
    /// `http://user:password@proxy:3128`.
    #[schema(value_type = Option<String>)]
    proxy: Option<SecretString>,
    #[serde(default)]
    #[schema(required = false)]
    no_proxy: Vec<String>,
    #[schema(value_type = Option<DiscoveryInput>)]
    discovery: Option<Discovery>,
}

/// What a connection shall find; what is left out keeps its default.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes model::Discovery as callers send it")]
pub(crate) struct DiscoveryInput {
    groups: Option<Vec<String>>,
    nested: Option<bool>,
    projects: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    topics: Option<Vec<String>>,
    archived: Option<bool>,
    forks: Option<bool>,
    membership: Option<bool>,
    branch: Option<String>,
    fallback_branch: Option<String>,
    file: Option<String>,
    people: Option<PeopleInput>,
}

/// Which groups and people shall become entities.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes model::People as callers send it")]
pub(crate) struct PeopleInput {
    read: Option<bool>,
    groups: Option<Vec<String>>,
    users: Option<Vec<String>>,
    restrict_to: Option<String>,
    inherited: Option<bool>,
}

/// A token for a kept connection. Exactly one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenRequest {
    #[schema(value_type = Option<String>)]
    token: Option<SecretString>,
    token_from: Option<SecretPlace>,
}

/// How a token is rotated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RotateRequest {
    /// The last day of the new token, `2027-02-18`; GitLab's default is a week.
    pub(super) expires_on: Option<String>,
}

/// An existing configuration to take over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportRequest {
    /// The text of an `app-config.yaml`.
    pub(super) yaml: String,
}

/// Where webhooks are registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookRequest {
    /// `system`, `group` or `project`.
    pub(super) scope: String,
    /// Full paths of the groups or projects.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) of: Vec<String>,
}

/// Reads a body. What is wrong in it is told by place and field, never by value: a value may be a secret.
pub(super) fn body<T: DeserializeOwned>(bytes: &Bytes) -> Answer<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let named = ["unknown field", "missing field", "duplicate field"].iter().any(|known| text.starts_with(known));
        let what = if named {
            text
        } else {
            format!("it is not as described, at line {} column {}", error.line(), error.column())
        };
        Failure::bad_request(format!("The body cannot be read: {what}."))
    })
}

/// A connection's name in a path or a body.
pub(super) fn name(text: &str) -> Answer<ConnectionName> {
    ConnectionName::parse(text).map_err(|error| Failure::bad_request(format!("{error}.")))
}

fn given(broker: &Broker, token: Option<SecretString>, from: Option<SecretPlace>) -> Answer<Given> {
    match (token, from) {
        (Some(token), None) => Ok(Given::Pasted(token)),
        (None, Some(place)) => {
            let reference = broker.reference(place.file.as_deref(), place.env.as_deref())?;
            Ok(Given::Reference(reference))
        }
        _ => Err(Failure::bad_request("Give the token in one way: as token, or as tokenFrom.")),
    }
}

impl ConnectionDraft {
    pub(super) fn read(self, broker: &Broker) -> Answer<NewConnection> {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let discovery = self.discovery.unwrap_or_default();
        Ok(NewConnection {
            name: name(&self.name)?,
            url: self.url,
            token: given(broker, self.token, self.token_from)?,
            proxy: self.proxy,
            no_proxy: self.no_proxy,
            ca: filled(self.ca),
            discovery,
        })
    }
}

impl TokenRequest {
    pub(super) fn read(self, broker: &Broker) -> Answer<Given> {
        given(broker, self.token, self.token_from)
    }
}

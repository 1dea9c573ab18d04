//! One request as the handlers see it: the instance, the caller, the parameters.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::app::App;
use crate::auth::Viewer;
use crate::clock;
use crate::errors::ApiError;
use crate::repo::Repo;
use crate::world::model::{Group, Project, level};

/// Query parameters in their order; a name may repeat.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
    }

    /// The last value given under this name; an empty one counts as not given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// All values of `name` and `name[]`; commas part values.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let array = format!("{name}[]");
        let values = self.0.iter().filter(|(key, _)| *key == name || *key == array);
        values.flat_map(|(_, value)| value.split(',')).filter(|v| !v.is_empty()).map(str::to_owned).collect()
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => truth(text).map(Some).ok_or_else(|| ApiError::parameter(format!("{name} is invalid"))),
        }
    }

    /// Whether a flag is given and true.
    pub(crate) fn on(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.flag(name)?.unwrap_or(false))
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let wrong = |_| ApiError::parameter(format!("{name} is invalid"));
        self.get(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<OffsetDateTime>, ApiError> {
        let wrong = || ApiError::parameter(format!("{name} is invalid"));
        self.get(name).map(|text| clock::parse(text).ok_or_else(wrong)).transpose()
    }

    /// One of a set of words, the first being the default.
    pub(crate) fn word<'a>(&'a self, name: &str, words: &[&'a str]) -> Result<&'a str, ApiError> {
        match self.get(name) {
            None => Ok(words.first().copied().unwrap_or_default()),
            Some(value) if words.contains(&value) => Ok(value),
            Some(_) => Err(ApiError::parameter(format!("{name} does not have a valid value"))),
        }
    }
}

/// What every handler starts from.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) viewer: Viewer,
    pub(crate) params: Params,
    /// The request's own absolute URL, for links.
    pub(crate) address: String,
}

impl FromRequestParts<Arc<App>> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let viewer = parts.extensions.get::<Viewer>().cloned().unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let address = format!("{}{}", app.url, parts.uri);
        Ok(Self { app: app.clone(), viewer, params: Params::parse(query), address })
    }
}

impl Call {
    /// The project that a path parameter names by id or full path; 404 where the caller may not see it.
    pub(crate) fn project(&self, id: &str) -> Result<Arc<Project>, ApiError> {
        let world = &self.app.world;
        let found = match id.parse() {
            Ok(id) => world.project(id),
            Err(_) => world.project_at(id),
        };
        let found = found.filter(|project| self.viewer.sees(world, project));
        found.ok_or_else(|| ApiError::not_found("Project"))
    }

    /// The project, and its repository, for someone who may read code.
    pub(crate) fn repository(&self, id: &str) -> Result<(Arc<Project>, Repo), ApiError> {
        let project = self.project(id)?;
        if !self.viewer.reads_code(&self.app.world, &project) {
            return Err(ApiError::forbidden());
        }
        let repo = self.app.repos.read(&self.app.world, &project);
        Ok((project, repo))
    }

    /// Refuses those below a level on the project: 401 to nobody, 403 to somebody.
    pub(crate) fn demand(&self, project: &Project, level: u8) -> Result<(), ApiError> {
        self.viewer.person()?;
        if self.viewer.level(&self.app.world, project.id) < level {
            return Err(ApiError::forbidden());
        }
        Ok(())
    }

    /// The group that a path parameter names by id or full path; 404 where the caller may not see it.
    pub(crate) fn group(&self, id: &str) -> Result<Arc<Group>, ApiError> {
        let world = &self.app.world;
        let found = match id.parse() {
            Ok(id) => world.group(id),
            Err(_) => world.group_at(id),
        };
        let found = found.filter(|group| self.viewer.sees_group(world, group.id, group.visibility));
        found.ok_or_else(|| ApiError::not_found("Group"))
    }

    /// The group, for an Owner of it.
    pub(crate) fn owned_group(&self, id: &str) -> Result<Arc<Group>, ApiError> {
        let group = self.group(id)?;
        self.viewer.person()?;
        if self.viewer.group_level(&self.app.world, group.id) < level::OWNER {
            return Err(ApiError::forbidden());
        }
        Ok(group)
    }
}

/// The fields of a body, JSON or form, with the query's parameters among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let too_large = |_| ApiError::message(StatusCode::PAYLOAD_TOO_LARGE, "413 Request Entity Too Large");
        let body = Bytes::from_request(request, state).await.map_err(too_large)?;
        let mut fields = Map::new();
        add_form(&mut fields, query.as_bytes());
        if kind.starts_with("application/json") && !body.is_empty() {
            let broken = |_| ApiError::parameter("Problem while parsing the JSON body");
            let parsed: Value = serde_json::from_slice(&body).map_err(broken)?;
            if let Value::Object(map) = parsed {
                fields.extend(map);
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            add_form(&mut fields, &body);
        } else if !body.is_empty() {
            return Err(ApiError {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                body: serde_json::json!({ "error": "The provided content-type is not supported." }),
            });
        }
        Ok(Self(fields))
    }
}

fn add_form(fields: &mut Map<String, Value>, form: &[u8]) {
    for (key, value) in url::form_urlencoded::parse(form) {
        match key.strip_suffix("[]") {
            Some(name) => {
                let list = fields.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(value.into_owned().into());
                }
            }
            None => {
                fields.insert(key.into_owned(), value.into_owned().into());
            }
        }
    }
}

impl Fields {
    /// A text; numbers and booleans are taken as their text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        text_of(self.0.get(name)?)
    }

    /// A text that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<String, ApiError> {
        self.text(name).ok_or_else(|| ApiError::parameter(format!("{name} is missing")))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => truth(text),
            _ => None,
        }
    }
}

/// A boolean as GitLab's parameter library (Grape) reads it, in each of its spellings.
fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "t" | "T" | "1" | "on" | "On" | "ON" | "yes" | "Yes" | "YES" | "y" | "Y" => {
            Some(true)
        }
        "false" | "False" | "FALSE" | "f" | "F" | "0" | "off" | "Off" | "OFF" | "no" | "No" | "NO" | "n" | "N" => {
            Some(false)
        }
        _ => None,
    }
}

/// A JSON scalar as text.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

//! From the `app-config.yaml` of a Backstage catalog to connections of ours.
//!
//! Pure: text in, values out. What it does not take over it names, each option with the reason; no secret of the file
//! comes out. It refuses to know files, flags and the shape of our own configuration.

mod host;
mod provider;
mod sections;
mod token;

use std::fmt;

use model::Discovery;
use serde::Serialize;
use serde_json::{Map, Value};

pub use token::TokenPlace;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// One or several for each GitLab.
    pub connections: Vec<Connection>,
    /// Addresses of catalog files that were registered one by one.
    pub locations: Vec<String>,
    /// What was not taken over, or means something else here: the path of the option, then why.
    pub notes: Vec<String>,
}

/// A GitLab to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Legal and unique.
    pub name: String,
    /// The root address. With `${…}` in it when the file has its host from the environment.
    pub url: String,
    /// Where the token is.
    pub token: TokenPlace,
    /// What is read.
    pub discovery: Discovery,
}

/// The text is no such file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError(String);

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ImportError {}

/// Reads an `app-config.yaml`.
///
/// # Errors
/// When it is no YAML with named sections.
pub fn convert(text: &str) -> Result<Imported, ImportError> {
    let tree: Value = serde_saphyr::from_str(text).map_err(|error| {
        // Without the excerpt: it could show a token.
        let place = error.location().map(|at| format!(" at line {} column {}", at.line(), at.column()));
        ImportError(format!("this is no YAML that can be read{}", place.unwrap_or_default()))
    })?;
    let Value::Object(mut root) = tree else {
        return Err(ImportError("an app-config.yaml has sections such as `integrations` and `catalog`".to_owned()));
    };
    let mut notes = Notes::default();
    let mut integrations = object(root.remove("integrations"), "integrations", &mut notes);
    let mut catalog = object(root.remove("catalog"), "catalog", &mut notes);
    let hosts = host::read(integrations.remove("gitlab"), &mut notes);
    let mut providers = object(catalog.remove("providers"), "catalog.providers", &mut notes);
    let wanted = provider::read(providers.remove("gitlab"), &mut notes);
    let locations = sections::locations(catalog.remove("locations"), &hosts, &mut notes);
    for name in integrations.keys() {
        notes.say(format!("integrations.{name}"), "only GitLab is read");
    }
    for name in providers.keys() {
        notes.say(format!("catalog.providers.{name}"), sections::provider(name));
    }
    for name in catalog.keys() {
        notes.say(format!("catalog.{name}"), sections::catalog(name));
    }
    for name in root.keys() {
        notes.say(name.clone(), sections::top(name));
    }
    let connections = host::connections(hosts, wanted, &mut notes);
    Ok(Imported { connections, locations, notes: notes.0 })
}

/// What is to be told, in the order it was found.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

impl Notes {
    fn say(&mut self, path: impl fmt::Display, why: impl fmt::Display) {
        self.0.push(format!("{path}: {why}"));
    }
}

fn object(value: Option<Value>, path: &str, notes: &mut Notes) -> Map<String, Value> {
    match value {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(map)) => map,
        Some(_) => {
            notes.say(path, "is no section with names below it, so nothing of it was read");
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests;

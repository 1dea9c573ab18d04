//! `catalog import`: a configuration file from the one of a catalog that exists.

use std::fmt::Write as _;

use broker::import::{self, Imported};
use model::Discovery;
use serde_json::{Map, Value, json};

use super::printed;
use crate::{cli::ImportOptions, exit::Exit, output};

/// More than any such file has.
const LONGEST: u64 = 4 << 20;

pub(super) fn import(options: &ImportOptions) -> Exit {
    let name = options.file.display().to_string();
    let text = match super::read_file(&options.file, LONGEST) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            eprintln!("stagedoor: {name} cannot be read: {error}");
            return Exit::Unreadable;
        }
    };
    let imported = match import::convert(&text) {
        Ok(imported) => imported,
        Err(error) => {
            eprintln!("stagedoor: {name}: {error}");
            return Exit::Unreadable;
        }
    };
    let written = written(&name, &imported).map_err(std::io::Error::other).and_then(|text| output::write(&text));
    let exit = printed(written);
    if imported.connections.is_empty() {
        eprintln!("stagedoor: {name} names no GitLab, neither in integrations.gitlab nor in catalog.providers.gitlab");
        return Exit::Refused;
    }
    exit
}

/// Our file: connections, and as comments what else is to be known.
fn written(name: &str, imported: &Imported) -> Result<String, serde_saphyr::SerializeError> {
    let mut out = format!("# From {}. Check it with `stagedoor config check --config FILE`.\n", output::clean(name));
    if !imported.notes.is_empty() {
        out.push_str("#\n# What was not taken over, or means something else here:\n");
    }
    for note in &imported.notes {
        let _infallible = writeln!(out, "# - {}", output::clean(note));
    }
    if !imported.locations.is_empty() {
        out.push_str("#\n# Register these once the server runs, where discovery does not find them by itself:\n");
    }
    for location in &imported.locations {
        let body = json!({"type": "url", "target": output::clean(location)});
        let _infallible = writeln!(out, "# - POST /api/catalog/locations {body}");
    }
    let entries: Vec<Value> = imported
        .connections
        .iter()
        .map(|connection| {
            let mut entry = json!({"name": connection.name, "url": connection.url, "token": connection.token});
            let said = difference(&json!(connection.discovery), &json!(Discovery::default()));
            if let (Value::Object(entry), Value::Object(said)) = (&mut entry, said)
                && !said.is_empty()
            {
                entry.insert("discovery".to_owned(), Value::Object(said));
            }
            entry
        })
        .collect();
    out.push_str(&serde_saphyr::to_string(&json!({"gitlab": entries}))?);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    Ok(out)
}

/// What is said beyond what is meant anyway.
fn difference(value: &Value, default: &Value) -> Value {
    let (Value::Object(value), Value::Object(default)) = (value, default) else { return value.clone() };
    let said: Map<String, Value> = value
        .iter()
        .filter(|(name, value)| default.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), default.get(name).map_or_else(|| value.clone(), |d| difference(value, d))))
        .collect();
    Value::Object(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_is_written_is_a_configuration() {
        let text = "integrations: {gitlab: [{host: git.example, token: '${T}'}]}\n\
                    catalog: {providers: {gitlab: {a: {host: git.example, group: shop, schedule: {}, projectPattern: '^a: #b\"'}}}}";
        let written = written("app\n-config.yaml", &import::convert(text).expect("read")).expect("written");
        assert!(written.starts_with("# From app -config.yaml."), "{written}");
        assert!(written.contains("# - catalog.providers.gitlab.a.schedule: "), "{written}");
        let config: Config = serde_saphyr::from_str(&written).expect(&written);
        let discovery = &config.gitlab[0].discovery;
        assert_eq!(discovery.groups, ["shop"]);
        assert_eq!(discovery.projects, ["^a: #b\""]);
        assert!(!discovery.membership && !discovery.people.read);
        assert!(!written.contains("forks"), "what is meant anyway is not written: {written}");
    }
}

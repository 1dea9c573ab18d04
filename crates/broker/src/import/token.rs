//! Where a token is: never what it is.

use serde::Serialize;
use serde_json::Value;

use super::Notes;

/// Where a token is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenPlace {
    /// A variable of the environment.
    Env(String),
    /// A file.
    File(String),
}

/// The place of the token of `host`. `file` is where to put it when the text does not say.
pub(super) fn place(value: Option<Value>, path: &str, file: &str, notes: &mut Notes) -> TokenPlace {
    let otherwise = || TokenPlace::File(file.to_owned());
    match value {
        None | Some(Value::Null) => {
            notes.say(path, format!("there is none; put a token with read_api into the file {file}"));
            otherwise()
        }
        Some(Value::String(text)) => match variable(text.trim()) {
            Some(name) => TokenPlace::Env(name.to_owned()),
            None => {
                notes.say(
                    path,
                    format!("a token stands in the file itself and is not copied; put it into the file {file}"),
                );
                otherwise()
            }
        },
        Some(Value::Object(map)) => match (map.get("$env"), map.get("$file")) {
            (Some(Value::String(name)), _) => TokenPlace::Env(name.clone()),
            (_, Some(Value::String(name))) => TokenPlace::File(name.clone()),
            _ => {
                notes.say(
                    path,
                    format!("is put together in a way that is not read here; put the token into the file {file}"),
                );
                otherwise()
            }
        },
        Some(_) => {
            notes.say(path, format!("is no text; put the token into the file {file}"));
            otherwise()
        }
    }
}

/// `X` of `${X}` and `${X:-…}`, when nothing stands around it.
fn variable(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("${")?.strip_suffix('}')?;
    let name = inside.split_once(":-").map_or(inside, |(name, _)| name).trim();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(legal)).then_some(name)
}

/// Is a part of the text to come from the environment?
pub(super) fn has_variable(text: &str) -> bool {
    text.replace("$${", "").contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_variable_is_one() {
        assert_eq!(variable("${GITLAB_TOKEN}"), Some("GITLAB_TOKEN"));
        assert_eq!(variable("${GITLAB_TOKEN:-}"), Some("GITLAB_TOKEN"));
        for other in ["glpat-x", "glpat-${X}", "$X", "${}", "${a b}", "${A}${B}"] {
            assert_eq!(variable(other), None, "{other}");
        }
        assert!(has_variable("git.${DOMAIN}") && !has_variable("git.$${DOMAIN}"));
    }
}

//! `STAGEDOOR__SECTION__KEY` over the file: two underscores step down, one joins words (`PUBLIC_URL` is `publicUrl`), and
//! a number names an entry of a list.

use anyhow::{Context, bail};
use serde_json::{Map, Value};

const PREFIX: &str = "STAGEDOOR__";

/// The variables that are meant for us, in a stable order.
pub(crate) fn from_environment() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::env::vars().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    found.sort();
    found
}

/// Sets one value. What looks like YAML's numbers, booleans or lists is read as such.
///
/// # Errors
/// When the path steps into something that has no parts.
pub(crate) fn set(tree: &mut Value, name: &str, text: &str) -> anyhow::Result<()> {
    let path: Vec<String> = name.trim_start_matches(PREFIX).split("__").map(camel).collect();
    let mut place = tree;
    for step in &path {
        if step.is_empty() {
            bail!("{name}: write STAGEDOOR__SECTION__KEY");
        }
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = match place {
            Value::Object(map) => map.entry(step.clone()).or_insert(Value::Null),
            Value::Array(items) => {
                let index: usize = step.parse().with_context(|| format!("{name}: {step} should be a number"))?;
                let length = items.len();
                items.get_mut(index).with_context(|| format!("{name}: the list has {length} entries"))?
            }
            _ => bail!("{name}: there is nothing below {step}"),
        };
    }
    *place = serde_saphyr::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    Ok(())
}

fn camel(section: &str) -> String {
    let mut words = section.split('_').map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        name.extend(letters);
        name
    })
}

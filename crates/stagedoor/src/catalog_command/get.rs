//! `catalog get`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Asked, printed, problems, read_ref, text};
use crate::{
    cli::GetOptions,
    output::{self, Cell, Format, Look, Paint, Table},
    remote::{Remote, part},
};

pub(super) async fn get(options: &GetOptions) -> Asked {
    let wanted = match read_ref(&options.entity) {
        Ok(wanted) => wanted,
        Err(exit) => return Ok(exit),
    };
    let path = format!("/entities/{}/{}/{}", part(wanted.kind()), part(wanted.namespace()), part(wanted.name()));
    let remote = Remote::from(&options.remote)?;
    let page = remote.get(&path, &[]).await?;
    if options.document {
        let document = page.get("entity").unwrap_or(&Value::Null);
        // A document has no columns.
        let format = if options.output.output == Format::Json { Format::Json } else { Format::Yaml };
        return Ok(printed(output::print(format, document, |_| String::new())));
    }
    Ok(printed(output::print(options.output.output, &page, |look| show(&page, look))))
}

fn show(page: &Value, look: Look) -> String {
    let mut out = fields(page).render(look);
    let relations = page.get("relations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !relations.is_empty() {
        let _infallible = writeln!(out, "\n{}", look.paint(Paint::Bold, "Relations"));
        let mut table = Table::new(["", "", ""]);
        for relation in relations {
            let target = text(relation, "/target/ref");
            let missing = relation.pointer("/target/exists") == Some(&Value::Bool(false));
            let target = if missing {
                Cell::new(format!("{target} (not in the catalog)")).paint(Paint::Warn)
            } else {
                target.into()
            };
            table.row([
                Cell::new(format!("  {}", text(relation, "/label"))).paint(Paint::Dim),
                target,
                text(relation, "/target/title").into(),
            ]);
        }
        out.push_str(&table.render(look));
    }
    let found = page.get("problems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !found.is_empty() {
        let _infallible = writeln!(out, "\n{}", look.paint(Paint::Bold, "Problems"));
        out.push_str(&problems::with_remedies(found, look));
    }
    out
}

fn fields(page: &Value) -> Table<2> {
    let mut table = Table::new(["", ""]);
    let mut say = |name: &str, value: Cell| table.row([Cell::new(name).paint(Paint::Dim), value]);
    say("ref", Cell::new(text(page, "/row/ref")).paint(Paint::Bold));
    for (name, pointer) in [
        ("title", "/row/title"),
        ("description", "/row/description"),
        ("type", "/row/type"),
        ("lifecycle", "/row/lifecycle"),
    ] {
        if !text(page, pointer).is_empty() {
            say(name, text(page, pointer).into());
        }
    }
    let owner = text(page, "/owner/ref");
    if owner.is_empty() {
        // Groups and users are owned by nobody, and that is right.
        if !matches!(text(page, "/row/kind").to_ascii_lowercase().as_str(), "group" | "user" | "location") {
            say("owner", Cell::new("nobody").paint(Paint::Bad));
        }
    } else {
        say(
            "owner",
            Cell::new(format!("{owner} ({}: {})", text(page, "/owner/evidence"), text(page, "/owner/detail"))),
        );
    }
    if !text(page, "/row/system/ref").is_empty() {
        say("system", text(page, "/row/system/ref").into());
    }
    let tags = page.pointer("/row/tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !tags.is_empty() {
        say("tags", Cell::new(tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")));
    }
    say("source", text(page, "/source/url").into());
    if let Some(facts) = page.pointer("/inferred/facts").and_then(Value::as_array) {
        let because: Vec<String> = facts
            .iter()
            .map(|fact| format!("{} {} ({})", text(fact, "/field"), text(fact, "/value"), text(fact, "/because")))
            .collect();
        say("inferred", Cell::new(because.join("; ")));
    }
    say("changed", text(page, "/changedAt").into());
    let stale = text(page, "/stale/reason");
    if stale.is_empty() {
        say("read", text(page, "/readAt").into());
    } else {
        let since = text(page, "/stale/since");
        say("read", Cell::new(format!("old since {since}: {stale}")).paint(Paint::Warn));
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_for_a_terminal() {
        let page = json!({
            "row": {"ref": "component:default/a", "kind": "Component", "title": null, "description": "Pays", "type": "service",
                    "lifecycle": "production", "system": null, "tags": ["java", "pci"]},
            "owner": {"ref": "group:default/core", "evidence": "codeowners", "detail": "CODEOWNERS line 3"},
            "relations": [{"label": "Owned by", "target": {"ref": "group:default/core", "exists": false, "title": null}}],
            "problems": [], "source": {"url": "https://g.example/a/-/blob/main/catalog-info.yaml#L1"}, "inferred": null,
            "changedAt": "2026-11-20T17:34:14.120Z", "readAt": "2026-11-20T17:34:15.120Z", "stale": null
        });
        assert_eq!(
            show(&page, Look::default()),
            "ref          component:default/a\n\
             description  Pays\n\
             type         service\n\
             lifecycle    production\n\
             owner        group:default/core (codeowners: CODEOWNERS line 3)\n\
             tags         java, pci\n\
             source       https://g.example/a/-/blob/main/catalog-info.yaml#L1\n\
             changed      2026-11-20T17:34:14.120Z\n\
             read         2026-11-20T17:34:15.120Z\n\
             \n\
             Relations\n\
             \u{20} Owned by  group:default/core (not in the catalog)\n"
        );
    }
}

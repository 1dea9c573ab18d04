//! `catalog list`, `catalog unowned`, `catalog search`.

use serde_json::Value;

use super::{Asked, items, number, pages, printed, short, text};
use crate::{
    cli::{ListOptions, PageOptions, SearchOptions, UnownedOptions},
    output::{self, Cell, Format, Look, Paint, Table},
    remote::{Remote, RemoteError},
};

pub(super) async fn list(options: &ListOptions) -> Asked {
    let mut query = Vec::new();
    for (name, values) in [
        ("kind", &options.kind),
        ("type", &options.kind_type),
        ("owner", &options.owner),
        ("system", &options.system),
        ("lifecycle", &options.lifecycle),
        ("tag", &options.tag),
        ("problem", &options.problem),
    ] {
        query.extend(values.iter().map(|value| (name, value.clone())));
    }
    query.extend(options.query.iter().map(|words| ("q", words.clone())));
    query.extend(options.sort.iter().map(|sort| ("sort", sort.clone())));
    let remote = Remote::from(&options.remote)?;
    show(&remote, &query, &options.page, options.output.output, entities).await
}

pub(super) async fn unowned(options: &UnownedOptions) -> Asked {
    let mut query = vec![("ownership", "unowned".to_owned())];
    query.extend(options.kind.iter().map(|kind| ("kind", kind.clone())));
    query.extend(options.query.iter().map(|words| ("q", words.clone())));
    let remote = Remote::from(&options.remote)?;
    show(&remote, &query, &options.page, options.output.output, ownerless).await
}

async fn show(
    remote: &Remote,
    query: &[(&str, String)],
    page: &PageOptions,
    format: Format,
    table: fn(&Value, Look) -> String,
) -> Asked {
    let list = pages::pages(remote, "/entities", query, page).await?;
    let exit = printed(output::print(format, &list, |look| table(&list, look)));
    if format == Format::Table {
        explain_nothing(remote, &list).await?;
        pages::rest(&list);
    }
    Ok(exit)
}

/// An empty list may mean that nothing matches, or that nothing was read yet.
async fn explain_nothing(remote: &Remote, list: &Value) -> Result<(), RemoteError> {
    if !items(list).is_empty() {
        return Ok(());
    }
    let status = remote.get("/catalog/status", &[]).await?;
    let connections = status.get("connections").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if connections.is_empty() {
        eprintln!("nothing is there: no GitLab is connected yet");
    } else if status.get("ready") == Some(&Value::Bool(false)) {
        eprintln!("nothing matches so far; the catalog is still being read");
    } else {
        eprintln!("nothing matches, of {} entities", number(list, "/all"));
    }
    Ok(())
}

fn entities(list: &Value, look: Look) -> String {
    let mut table = Table::new(["REF", "TYPE", "LIFECYCLE", "OWNER", "SYSTEM", "PROBLEMS"]);
    for row in items(list) {
        table.row([
            reference(row),
            text(row, "/type").into(),
            text(row, "/lifecycle").into(),
            owner(row),
            text(row, "/system/name").into(),
            problems(row),
        ]);
    }
    if items(list).is_empty() { String::new() } else { table.render(look) }
}

fn ownerless(list: &Value, look: Look) -> String {
    let mut table = Table::new(["REF", "TYPE", "OWNER", "PROJECT"]);
    for row in items(list) {
        let owner = match text(row, "/owner/ref") {
            "" => Cell::new("nobody").paint(Paint::Bad),
            owner => Cell::new(format!("{}, not in the catalog", short(owner))).paint(Paint::Warn),
        };
        table.row([reference(row), text(row, "/type").into(), owner, text(row, "/project/path").into()]);
    }
    if items(list).is_empty() { String::new() } else { table.render(look) }
}

/// What GitLab does not answer for is shown as it was last good.
fn reference(row: &Value) -> Cell {
    let stale = row.get("stale").is_some_and(|stale| !stale.is_null());
    if stale {
        Cell::new(format!("{} (old)", short(text(row, "/ref")))).paint(Paint::Warn)
    } else {
        short(text(row, "/ref")).into()
    }
}

/// Who, and how sure that is when nobody has stated it.
fn owner(row: &Value) -> Cell {
    let name = text(row, "/owner/name");
    if name.is_empty() {
        return Cell::new("-").paint(Paint::Dim);
    }
    if row.pointer("/owner/exists") == Some(&Value::Bool(false)) {
        return Cell::new(format!("{name} (not in the catalog)")).paint(Paint::Warn);
    }
    let evidence = text(row, "/owner/evidence");
    match row.pointer("/owner/confidence").and_then(Value::as_u64) {
        _ if evidence == "declared" => name.into(),
        Some(confidence) => Cell::new(format!("{name} ({evidence}, {confidence} %)")),
        None => Cell::new(format!("{name} ({evidence})")),
    }
}

fn problems(row: &Value) -> Cell {
    let counts = [("error", Paint::Bad), ("warning", Paint::Warn), ("note", Paint::Dim)];
    let counts = counts.map(|(severity, paint)| (number(row, &format!("/problems/{severity}")), severity, paint));
    let said: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, severity, _)| format!("{count} {severity}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    let paint = counts.iter().find(|(count, ..)| *count > 0).map_or(Paint::Plain, |(.., paint)| *paint);
    Cell::new(said.join(", ")).paint(paint)
}

pub(super) async fn search(options: &SearchOptions) -> Asked {
    let query = [("q", options.words.join(" ")), ("limit", options.limit.to_string())];
    let remote = Remote::from(&options.remote)?;
    let hits = remote.get("/search", &query).await?;
    let exit = printed(output::print(options.output.output, &hits, |look| {
        let mut table = Table::new(["REF", "TYPE", "OWNER", "TITLE", "FOUND IN"]);
        for hit in items(&hits) {
            table.row([
                short(text(hit, "/ref")).into(),
                text(hit, "/type").into(),
                text(hit, "/owner").into(),
                text(hit, "/title").into(),
                Cell::new(text(hit, "/why")).paint(Paint::Dim),
            ]);
        }
        if items(&hits).is_empty() { String::new() } else { table.render(look) }
    }));
    if options.output.output == Format::Table && items(&hits).is_empty() {
        eprintln!("nothing has these words; try fewer or shorter ones");
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_say_how_sure_an_owner_is() {
        let list = json!({ "items": [
            {"ref": "component:default/a", "type": "service", "lifecycle": "production", "system": {"name": "shop"},
             "owner": {"ref": "group:default/checkout", "name": "checkout", "exists": true, "evidence": "declared", "confidence": 100},
             "problems": {"error": 1, "warning": 2, "note": 0}, "stale": null},
            {"ref": "component:default/b", "type": null, "owner": {"name": "core", "exists": true, "evidence": "commits", "confidence": 62},
             "problems": {"error": 0, "warning": 0, "note": 0}, "stale": {"since": "…", "reason": "503"}},
            {"ref": "component:default/c", "owner": {"ref": "group:default/gone", "name": "gone", "exists": false, "evidence": "declared"}},
            {"ref": "component:default/d", "owner": null}
        ]});
        assert_eq!(
            entities(&list, Look::default()),
            "REF                TYPE     LIFECYCLE   OWNER                      SYSTEM  PROBLEMS\n\
             component:a        service  production  checkout                   shop    1 error, 2 warnings\n\
             component:b (old)                       core (commits, 62 %)\n\
             component:c                             gone (not in the catalog)\n\
             component:d                             -\n"
        );
        let unowned = ownerless(&list, Look::default());
        assert!(unowned.contains("group:gone, not in the catalog") && unowned.contains("nobody"), "{unowned}");
        assert_eq!(entities(&json!({"items": []}), Look::default()), "");
    }
}

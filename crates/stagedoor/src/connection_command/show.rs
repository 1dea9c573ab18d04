//! `connection list` and `show`.

use serde_json::Value;

use super::{Asked, printed, test, text};
use crate::{
    cli::{NamedOptions, NamelessOptions},
    exit::Exit,
    output::{self, Cell, Look, Paint, Table},
    remote::Remote,
};

pub(super) async fn list(options: &NamelessOptions) -> Asked {
    let list = Remote::from(&options.remote)?.get("/connections", &[]).await?;
    Ok(printed(output::print(options.output.output, &list, |look| rows(&list, look)), Exit::Good))
}

fn rows(list: &Value, look: Look) -> String {
    let items = list.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return "no connection yet: `stagedoor connection add NAME --url URL --token-file FILE` adds one\n".to_owned();
    }
    let mut table = Table::new(["NAME", "STATE", "ADDRESS", "TOKEN", "DAYS LEFT", "WEBHOOKS", "REMARKS"]);
    for item in items {
        let days = item.pointer("/report/facts/daysLeft").and_then(Value::as_i64);
        let soon = days.is_some_and(|days| days <= 14);
        let days = days.map_or_else(|| "-".to_owned(), |days| days.to_string());
        table.row([
            text(item, "/name").into(),
            Cell::new(text(item, "/state")).paint(state(item)),
            text(item, "/url").into(),
            Cell::new(token(item)),
            Cell::new(days).paint(if soon { Paint::Warn } else { Paint::Plain }),
            text(item, "/webhooks/mode").into(),
            text(item, "/failing/title").into(),
        ]);
    }
    table.render(look)
}

fn state(item: &Value) -> Paint {
    match text(item, "/state") {
        "working" => Paint::Good,
        "failing" => Paint::Bad,
        _ => Paint::Dim,
    }
}

fn token(item: &Value) -> String {
    let owner = text(item, "/report/facts/tokenOwner");
    let kind = text(item, "/report/facts/tokenKind");
    if owner.is_empty() { "-".to_owned() } else { format!("{kind}, @{owner}") }
}

pub(super) async fn show(options: &NamedOptions) -> Asked {
    let connection = Remote::from(&options.remote)?.get(&format!("/connections/{}", options.name), &[]).await?;
    Ok(printed(output::print(options.output.output, &connection, |look| page(&connection, look)), Exit::Good))
}

fn page(connection: &Value, look: Look) -> String {
    let mut table = Table::new(["", ""]);
    let mut say = |name: &str, value: String, paint: Paint| {
        if !value.is_empty() {
            table.row([Cell::new(name).paint(Paint::Dim), Cell::new(output::clean(&value)).paint(paint)]);
        }
    };
    let plain = |pointer: &str| text(connection, pointer).to_owned();
    say("name", plain("/name"), Paint::Bold);
    say("address", plain("/url"), Paint::Plain);
    say("state", plain("/state"), state(connection));
    if connection.get("failing").is_some_and(|failing| !failing.is_null()) {
        say(
            "failing",
            format!("{}: {}", text(connection, "/failing/title"), text(connection, "/failing/detail")),
            Paint::Bad,
        );
        say("since", plain("/failing/since"), Paint::Plain);
        say("worked until", plain("/failing/workedUntil"), Paint::Plain);
        say("what to do", plain("/failing/remedy/text"), Paint::Plain);
    }
    let declared = connection.get("declared") == Some(&Value::Bool(true));
    say(
        "from",
        if declared { "the configuration file".to_owned() } else { format!("added {}", text(connection, "/addedAt")) },
        Paint::Plain,
    );
    let place = plain("/tokenPlace");
    say(
        "token",
        format!("{}, {}", token(connection), if place.is_empty() { "kept sealed".to_owned() } else { place }),
        Paint::Plain,
    );
    say("proxy", plain("/proxy"), Paint::Plain);
    say("webhooks", plain("/webhooks/why"), Paint::Plain);
    say("checked", plain("/checkedAt"), Paint::Plain);
    let mut out = table.render(look);
    if let Some(report) = connection.get("report").filter(|report| !report.is_null()) {
        out.push('\n');
        out.push_str(&test::table(report, look));
    }
    out
}

//! `catalog refresh`.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::{Asked, number, printed, read_ref, text};
use crate::{
    cli::RefreshOptions,
    exit::Exit,
    output::{self, Cell, Format, Look, Paint, Table},
    remote::{Events, Remote, RemoteError},
};

/// How long something of one project may take to change. The server says nothing when a reading finds all as it was.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn refresh(options: &RefreshOptions) -> Asked {
    let entity = match options.entity.as_deref().map(read_ref).transpose() {
        Ok(entity) => entity.map(|entity| entity.to_string()),
        Err(exit) => return Ok(exit),
    };
    let remote = Remote::from(&options.remote)?;
    // Listening begins before the asking, or what happens at once would be missed.
    let mut events = if options.wait { Some(remote.stream("/events", None).await?) } else { None };
    let before = match &mut events {
        Some(events) => first_status(&remote, events).await?,
        None => Value::Null,
    };
    let mut answer = remote.post("/catalog/refresh", &body(entity, options)).await?;
    let Some(events) = &mut events else {
        let queued = number(&answer, "/queued");
        let plural = if queued == 1 { "reading begins" } else { "readings begin" };
        let said = format!("{queued} {plural}; audit row {}\n", output::clean(text(&answer, "/permit")));
        return Ok(printed(output::print(options.output.output, &answer, |_| said)));
    };
    if options.entity.is_some() || options.project.is_some() {
        let changed = change(events).await?;
        let said = match changed.len() {
            0 => "nothing has changed so far\n".to_owned(),
            count => {
                format!("{count} changed: {}\n", output::clean(&changed.iter().cloned().collect::<Vec<_>>().join(", ")))
            }
        };
        add(&mut answer, "changed", json!(changed));
        return Ok(printed(output::print(options.output.output, &answer, |_| said)));
    }
    let connections = concerned(&before, options);
    let progress = options.output.output == Format::Table && io::stderr().is_terminal();
    let status = passed(events, &connections, text(&before, "/asOf"), progress).await?;
    add(&mut answer, "status", status.clone());
    let exit = printed(output::print(options.output.output, &answer, |look| table(&status, &connections, look)));
    let failed = of(&status, &connections).any(|connection| text(connection, "/phase") == "failed");
    Ok(if failed && exit == Exit::Good { Exit::Refused } else { exit })
}

fn body(entity: Option<String>, options: &RefreshOptions) -> Value {
    let mut body = Map::new();
    let connection = options.connection.as_ref().map(ToString::to_string);
    for (name, value) in [("ref", entity), ("project", options.project.clone()), ("connection", connection)] {
        if let Some(value) = value {
            body.insert(name.to_owned(), Value::String(value));
        }
    }
    Value::Object(body)
}

fn add(answer: &mut Value, name: &str, value: Value) {
    if let Value::Object(answer) = answer {
        answer.insert(name.to_owned(), value);
    }
}

/// The server says how things are before anything else.
async fn first_status(remote: &Remote, events: &mut Events) -> Result<Value, RemoteError> {
    while let Some(event) = events.next().await? {
        if event.name == "status" {
            return Ok(event.json());
        }
    }
    remote.get("/catalog/status", &[]).await
}

/// Which references change within the patience; the first event of ours ends it.
async fn change(events: &mut Events) -> Result<BTreeSet<String>, RemoteError> {
    let until = Instant::now() + PATIENCE;
    while let Ok(event) = timeout_at(until, events.next()).await {
        let Some(event) = event? else { break };
        if event.name != "entities" {
            continue;
        }
        let tree = event.json();
        let refs = |name| tree.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        return Ok(refs("changed").chain(refs("removed")).map(str::to_owned).collect());
    }
    Ok(BTreeSet::new())
}

fn concerned(status: &Value, options: &RefreshOptions) -> BTreeSet<String> {
    if let Some(name) = &options.connection {
        return BTreeSet::from([name.to_string()]);
    }
    let all = status.get("connections").and_then(Value::as_array).into_iter().flatten();
    all.map(|connection| text(connection, "/name").to_owned()).collect()
}

fn of<'a>(status: &'a Value, names: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Value> {
    let all = status.get("connections").and_then(Value::as_array).into_iter().flatten();
    all.filter(|connection| names.contains(text(connection, "/name")))
}

/// Waits until each connection has ended a pass that began after `since`.
async fn passed(
    events: &mut Events,
    names: &BTreeSet<String>,
    since: &str,
    progress: bool,
) -> Result<Value, RemoteError> {
    let mut last = Value::Null;
    if names.is_empty() {
        return Ok(last);
    }
    while let Some(event) = events.next().await? {
        if event.name != "status" {
            continue;
        }
        last = event.json();
        if progress {
            tell(&last, names);
        }
        if of(&last, names).count() == names.len() && of(&last, names).all(|connection| ended(connection, since)) {
            break;
        }
    }
    if progress {
        eprint!("\r\u{1b}[K");
    }
    Ok(last)
}

/// All times have one form, so that their texts compare as they do.
fn ended(connection: &Value, since: &str) -> bool {
    let (started, finished) = (text(connection, "/startedAt"), text(connection, "/finishedAt"));
    started >= since && finished >= started && matches!(text(connection, "/phase"), "idle" | "failed")
}

fn tell(status: &Value, names: &BTreeSet<String>) {
    let said: Vec<String> = of(status, names)
        .map(|connection| {
            let (name, phase, seen) =
                (text(connection, "/name"), text(connection, "/phase"), number(connection, "/projectsSeen"));
            match connection.get("projectsExpected").and_then(Value::as_u64) {
                Some(expected) => format!("{name}: {phase}, {seen} of {expected} projects"),
                None => format!("{name}: {phase}, {seen} projects"),
            }
        })
        .collect();
    // Progress is a courtesy: an end that does not take it must not end the command.
    let _best_effort = write!(io::stderr(), "\r\u{1b}[K{}", output::clean(&said.join("; ")));
}

fn table(status: &Value, names: &BTreeSet<String>, look: Look) -> String {
    if names.is_empty() {
        return "nothing to read: no GitLab is connected yet\n".to_owned();
    }
    let mut table = Table::new(["CONNECTION", "RESULT", "PROJECTS", "ENTITIES", "REMARKS"]);
    for connection in of(status, names) {
        let failed = text(connection, "/phase") == "failed";
        let partial = connection.get("partial").and_then(Value::as_array).map_or(0, Vec::len);
        let remark = match (failed, partial) {
            (true, _) => {
                Cell::new(format!("{} {}", text(connection, "/error/message"), text(connection, "/error/remedy")))
            }
            (false, 0) => "".into(),
            (false, count) => Cell::new(format!("{count} could not be read and stay as they were")),
        };
        let result = if failed { Cell::new("failed").paint(Paint::Bad) } else { Cell::new("read").paint(Paint::Good) };
        table.row([
            text(connection, "/name").into(),
            result,
            number(connection, "/projectsSeen").to_string().into(),
            number(connection, "/entities").to_string().into(),
            remark,
        ]);
    }
    table.render(look)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_began_before_does_not_count() {
        let at = |started: &str, finished: &str, phase: &str| json!({"startedAt": started, "finishedAt": finished, "phase": phase});
        let since = "2026-11-20T17:34:14.120Z";
        assert!(!ended(&at("2026-11-20T17:34:10.000Z", "2026-11-20T17:34:15.000Z", "idle"), since));
        assert!(!ended(&at("2026-11-20T17:34:14.500Z", "2026-11-20T17:34:12.000Z", "reading"), since));
        assert!(ended(&at("2026-11-20T17:34:14.500Z", "2026-11-20T17:34:15.000Z", "idle"), since));
        assert!(ended(&at("2026-11-20T17:34:14.500Z", "2026-11-20T17:34:15.000Z", "failed"), since));
        assert!(!ended(&json!({"phase": "waiting"}), since));
    }
}

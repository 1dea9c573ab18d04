//! `stagedoor queue …`: what a running server has to read, what fails, and doing something about it.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::{
    cli::{QueueCommand, QueueDropOptions, QueueListOptions, QueueRetryOptions},
    exit::Exit,
    output::{self, Cell, Format, Look, Paint, Table},
    remote::{Remote, RemoteError},
};

type Asked = Result<Exit, RemoteError>;

pub(crate) async fn run(command: QueueCommand) -> Asked {
    match command {
        QueueCommand::List(options) => list(&options).await,
        QueueCommand::Retry(options) => retry(&options).await,
        QueueCommand::Drop(options) => drop_job(&options).await,
    }
}

async fn list(options: &QueueListOptions) -> Asked {
    let mut query = vec![("limit", options.limit.to_string())];
    let state = options.state.and_then(|state| state.to_possible_value());
    query.extend(state.map(|state| ("state", state.get_name().to_owned())));
    let queue = Remote::from(&options.remote)?.get("/queue", &query).await?;
    let exit = printed(output::print(options.output.output, &queue, |look| table(&queue, look)));
    if options.output.output == Format::Table {
        eprintln!("{}", summary(&queue));
    }
    Ok(exit)
}

async fn retry(options: &QueueRetryOptions) -> Asked {
    let remote = Remote::from(&options.remote)?;
    let path = options.id.map_or_else(|| "/queue/retry".to_owned(), |id| format!("/queue/{id}/retry"));
    let done = remote.post(&path, &json!({})).await?;
    Ok(printed(output::print(options.output.output, &done, |_| {
        let (retried, audit) = (number(&done, "retried"), number(&done, "audit"));
        format!("{retried} tried again now; audit row {audit}\n")
    })))
}

async fn drop_job(options: &QueueDropOptions) -> Asked {
    let done = Remote::from(&options.remote)?.delete(&format!("/queue/{}", options.id)).await?;
    Ok(printed(output::print(options.output.output, &done, |_| {
        format!("job {} dropped; audit row {}\n", options.id, number(&done, "audit"))
    })))
}

fn printed(done: std::io::Result<()>) -> Exit {
    match done {
        Ok(()) => Exit::Good,
        Err(error) => {
            eprintln!("stagedoor: the answer cannot be written: {error}");
            Exit::Unreadable
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn table(queue: &Value, look: Look) -> String {
    let mut table = Table::new(["ID", "STATE", "WHAT", "ON", "TRIED", "SINCE", "LAST ERROR"]);
    let items = queue.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for job in items {
        let paint = match text(job, "state") {
            "dead" => Paint::Bad,
            "retrying" => Paint::Warn,
            _ => Paint::Dim,
        };
        let since = [text(job, "failedAt"), text(job, "runAt")].into_iter().find(|at| !at.is_empty());
        table.row([
            number(job, "id").to_string().into(),
            Cell::new(text(job, "state")).paint(paint),
            text(job, "title").into(),
            text(job, "about").into(),
            number(job, "attempts").to_string().into(),
            since.unwrap_or_default().into(),
            text(job, "lastError").into(),
        ]);
    }
    if items.is_empty() { String::new() } else { table.render(look) }
}

fn summary(queue: &Value) -> String {
    let count = |name: &str| queue.get("counts").map_or(0, |counts| number(counts, name));
    let (dead, retrying, running, waiting) = (count("dead"), count("retrying"), count("running"), count("waiting"));
    if dead + retrying + running + waiting == 0 {
        return "nothing is to be read, and nothing fails".to_owned();
    }
    let mut said = format!("{dead} put aside, {retrying} failing, {running} being worked on, {waiting} waiting");
    let due = text(queue, "oldestDue");
    if !due.is_empty() {
        said.push_str(&format!("; the oldest is due since {due}"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_told() {
        let queue = json!({"counts": {"dead": 1, "retrying": 0, "running": 2, "waiting": 0}, "oldestDue": "2026-11-25T08:00:00Z",
            "items": [{"id": 7, "state": "dead", "title": "Read a project", "about": "a/b", "attempts": 14, "runAt": "x",
                "failedAt": "2026-11-25T07:00:00Z", "lastError": "GitLab said\n500"}]});
        let shown = table(&queue, Look::default());
        assert!(
            shown.contains("7   dead   Read a project  a/b  14     2026-11-25T07:00:00Z  GitLab said 500"),
            "{shown}"
        );
        assert_eq!(
            summary(&queue),
            "1 put aside, 0 failing, 2 being worked on, 0 waiting; the oldest is due since 2026-11-25T08:00:00Z"
        );
        let empty = json!({"counts": {}, "items": []});
        assert_eq!(
            (table(&empty, Look::default()).as_str(), summary(&empty).as_str()),
            ("", "nothing is to be read, and nothing fails")
        );
    }
}

//! What changes connections; the server asks its rules and writes it down.

use std::io::{self, IsTerminal, Write};

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Asked, draft, printed, text, token, with_report};
use crate::{
    cli::{AddOptions, HookScope, RemoveOptions, RotateOptions, UpdateTokenOptions, WebhooksOptions},
    exit::Exit,
    output::{self, Cell, Look, Paint, Table},
    remote::Remote,
};

pub(super) async fn add(options: &AddOptions) -> Asked {
    let body = match draft(options.name.as_str(), &options.url, &options.token, &options.way) {
        Ok(body) => body,
        Err(exit) => return Ok(exit),
    };
    let added = match Remote::from(&options.remote)?.post("/connections", &body).await {
        Ok(added) => added,
        Err(error) => return with_report(error, Look::of_stderr()),
    };
    let said = |look: Look| {
        let projects = added.pointer("/report/facts/projects").and_then(Value::as_u64).unwrap_or_default();
        format!(
            "{} {}: {projects} projects at {} are being read\n`stagedoor catalog refresh --wait` waits for them\n",
            look.paint(Paint::Good, "added"),
            output::clean(text(&added, "/name")),
            output::clean(text(&added, "/url"))
        )
    };
    Ok(printed(output::print(options.output.output, &added, said), Exit::Good))
}

pub(super) async fn preview(options: &AddOptions) -> Asked {
    let body = match draft(options.name.as_str(), &options.url, &options.token, &options.way) {
        Ok(body) => body,
        Err(exit) => return Ok(exit),
    };
    let found = Remote::from(&options.remote)?.post("/connections/preview", &body).await?;
    let said = |_: Look| {
        let number = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or_default();
        let least = if found.get("exact") == Some(&json!(true)) { "" } else { "at least " };
        let mut out =
            format!("This would find {least}{} projects in {} groups.\n", number("projects"), number("groups"));
        for list in ["examples", "notes"] {
            for line in found.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
                out.push_str(&format!("  {}\n", output::clean(line)));
            }
        }
        out
    };
    Ok(printed(output::print(options.output.output, &found, said), Exit::Good))
}

pub(super) async fn update_token(options: &UpdateTokenOptions) -> Asked {
    let token = match token(&options.token) {
        Ok(token) => token,
        Err(exit) => return Ok(exit),
    };
    let body = json!({ "token": token.expose_secret() });
    let path = format!("/connections/{}/token", options.name);
    match Remote::from(&options.remote)?.put(&path, &body).await {
        Ok(changed) => {
            let said = format!("{} uses the new token\n", options.name);
            Ok(printed(output::print(options.output.output, &changed, |_| said), Exit::Good))
        }
        Err(error) => with_report(error, Look::of_stderr()),
    }
}

pub(super) async fn rotate(options: &RotateOptions) -> Asked {
    let mut body = json!({});
    if let Some(day) = &options.expires_on {
        body["expiresOn"] = day.clone().into();
    }
    let changed = Remote::from(&options.remote)?.post(&format!("/connections/{}/rotate", options.name), &body).await?;
    let said = format!("{} uses a new token; the old one has ended\n", options.name);
    Ok(printed(output::print(options.output.output, &changed, |_| said), Exit::Good))
}

pub(super) async fn webhooks(options: &WebhooksOptions) -> Asked {
    let scope = match options.scope {
        HookScope::System => "system",
        HookScope::Group => "group",
        HookScope::Project => "project",
    };
    let body = json!({ "scope": scope, "of": options.of });
    let done = Remote::from(&options.remote)?.post(&format!("/connections/{}/webhooks", options.name), &body).await?;
    let rows = done.get("registered").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let failed = rows.iter().any(|row| row.get("error").is_some_and(|error| !error.is_null()));
    let said = |look: Look| {
        let mut table = Table::new(["WHERE", "HOOK", "RESULT", "WHAT TO DO"]);
        for row in rows {
            let hook = row.get("hook").and_then(Value::as_u64).map_or_else(|| "-".to_owned(), |hook| hook.to_string());
            let result = match text(row, "/error") {
                "" => Cell::new("registered").paint(Paint::Good),
                error => Cell::new(error).paint(Paint::Bad),
            };
            table.row([text(row, "/of").into(), Cell::new(hook), result, text(row, "/remedy").into()]);
        }
        table.render(Look { width: None, ..look })
    };
    let exit = if failed { Exit::Refused } else { Exit::Good };
    Ok(printed(output::print(options.output.output, &done, said), exit))
}

pub(super) async fn remove(options: &RemoveOptions) -> Asked {
    let remote = Remote::from(&options.remote)?;
    let path = format!("/connections/{}", options.name);
    let connection = remote.get(&path, &[]).await?;
    if !options.yes {
        if !io::stdin().is_terminal() {
            eprintln!("stagedoor: say --yes to remove {}", options.name);
            return Ok(Exit::Unreadable);
        }
        let url = output::clean(text(&connection, "/url"));
        eprint!("Remove {} ({url}), its token and everything it brought to the catalog? Type its name: ", options.name);
        let _best_effort = io::stderr().flush();
        let mut typed = String::new();
        if io::stdin().read_line(&mut typed).is_err() || typed.trim() != options.name.as_str() {
            eprintln!("stagedoor: nothing was removed");
            return Ok(Exit::Refused);
        }
    }
    remote.delete(&path).await?;
    println!("{} is removed", options.name);
    Ok(Exit::Good)
}

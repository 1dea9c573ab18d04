//! `connection test`: each check as it ends.

use std::{
    io::{self, Write},
    sync::Arc,
};

use api::{ConnectionCheck, ConnectionReport};
use broker::check::{self, Draft, Hearing};
use model::{Clock, Random, SystemClock, SystemRandom};
use serde_json::{Value, json};

use super::{Asked, ca, discovery, printed, proxy, text, token};
use crate::{
    cli::TestOptions,
    exit::Exit,
    output::{self, Format, Look, Paint},
    remote::{Remote, RemoteError},
};

pub(super) async fn test(options: &TestOptions) -> Asked {
    let format = options.output.output;
    let look = Look::of_stdout();
    let mut tell = |check: &Value| {
        if format == Format::Table && text(check, "/state") != "skipped" {
            // A closed pipe ends the telling, not the test.
            let _best_effort = io::stdout().write_all(line(check, look).as_bytes());
        }
    };
    let report = match &options.url {
        Some(url) => match here(options, url, &mut tell).await {
            Ok(report) => report,
            Err(exit) => return Ok(exit),
        },
        None => match through_server(options, &mut tell).await? {
            Some(report) => report,
            None => return Ok(Exit::Unreachable),
        },
    };
    let exit = if report["reads"] == json!(true) { Exit::Good } else { Exit::Refused };
    Ok(printed(output::print(format, &report, |look| verdict(&report, look)), exit))
}

/// Without a server.
async fn here(options: &TestOptions, url: &str, tell: &mut (dyn FnMut(&Value) + Send)) -> Result<Value, Exit> {
    let draft = Draft {
        url: url.to_owned(),
        token: Ok(token(&options.token)?),
        ca: ca(&options.way)?,
        proxy: proxy(&options.way)?,
        proxy_credentials: None,
        no_proxy: options.way.no_proxy.clone(),
        discovery: discovery(&options.way),
        hearing: Hearing { poll_seconds: 60, ..Hearing::default() },
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
    let mut tell = |check: &check::Check| tell(&tree(&ConnectionCheck::of(check.clone())));
    let report = check::run(&draft, &clock, &random, &mut tell).await;
    Ok(tree(&ConnectionReport::of(report, clock.now())))
}

async fn through_server(
    options: &TestOptions,
    tell: &mut (dyn FnMut(&Value) + Send),
) -> Result<Option<Value>, RemoteError> {
    let Some(name) = &options.name else { return Ok(None) };
    let remote = Remote::from(&options.remote)?;
    let mut events = remote.stream(&format!("/connections/{name}/test"), Some(&json!({}))).await?;
    while let Some(event) = events.next().await? {
        match event.name.as_str() {
            "check" => tell(&event.json()),
            "report" => return Ok(Some(event.json())),
            _ => eprintln!("stagedoor: {}", output::clean(event.json().as_str().unwrap_or_default())),
        }
    }
    Ok(None)
}

fn tree(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn line(check: &Value, look: Look) -> String {
    let (word, paint) = match text(check, "/state") {
        "passed" => ("passed", Paint::Good),
        "failed" if text(check, "/grade") == "read" => ("FAILED", Paint::Bad),
        "failed" => ("no", Paint::Warn),
        "note" => ("note", Paint::Warn),
        _ => ("?", Paint::Dim),
    };
    let (title, detail) = (output::clean(text(check, "/title")), output::clean(text(check, "/detail")));
    let mut out = format!("{}  {title}: {detail}\n", look.paint(paint, &format!("{word:6}")));
    let remedy = text(check, "/remedy/text");
    if !remedy.is_empty() {
        out.push_str(&format!("        {}\n", output::clean(remedy)));
    }
    for more in [text(check, "/remedy/copy"), text(check, "/remedy/link/url")] {
        if !more.is_empty() {
            out.push_str(&format!("        {}\n", look.paint(Paint::Bold, &output::clean(more))));
        }
    }
    out
}

/// A report as it was kept: all of its checks, and the verdict.
pub(super) fn table(report: &Value, look: Look) -> String {
    let checks = report.get("checks").and_then(Value::as_array).into_iter().flatten();
    let mut out: String =
        checks.filter(|check| text(check, "/state") != "skipped").map(|check| line(check, look)).collect();
    out.push_str(&verdict(report, look));
    out
}

fn verdict(report: &Value, look: Look) -> String {
    let is = |name: &str| report.get(name) == Some(&json!(true));
    let said = match (is("reads"), is("acts")) {
        (true, true) => look.paint(Paint::Good, "It reads and may act"),
        (true, false) => look.paint(Paint::Good, "It reads; that it may not act stops nothing"),
        (false, _) => look.paint(Paint::Bad, "It does not read"),
    };
    let millis = report.get("millis").and_then(Value::as_u64).unwrap_or_default();
    let corrected = if is("corrected") {
        format!(" The address is {}.", output::clean(text(report, "/url")))
    } else {
        String::new()
    };
    let checks = report.get("checks").and_then(Value::as_array).into_iter().flatten();
    let skipped = match checks.filter(|check| text(check, "/state") == "skipped").count() {
        0 => String::new(),
        1 => " One check was not reached.".to_owned(),
        count => format!(" {count} checks were not reached."),
    };
    format!("\n{said} ({millis} ms).{skipped}{corrected}\n")
}

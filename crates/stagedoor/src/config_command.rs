//! `stagedoor config …`.

use std::io;

use serde_json::json;

use crate::{
    cli::{ConfigCheckOptions, ConfigCommand},
    config::{self, Config, Report},
    exit::Exit,
    output::{self, Cell, Format, Look, Paint, Table},
};

pub(crate) fn run(command: &ConfigCommand) -> Exit {
    match command {
        ConfigCommand::Check(options) => check(options),
        ConfigCommand::Schema => printed(output::print(Format::Json, &config::schema(), |_| String::new())),
        ConfigCommand::Reference => printed(output::write(&config::reference())),
    }
}

fn printed(done: io::Result<()>) -> Exit {
    match done {
        Ok(()) => Exit::Good,
        Err(error) => {
            eprintln!("stagedoor: {error}");
            Exit::Unreadable
        }
    }
}

fn check(options: &ConfigCheckOptions) -> Exit {
    let done = Config::load(&options.serve).and_then(|config| config::report(&config));
    match done {
        Ok(report) => {
            let tree = serde_json::to_value(&report).unwrap_or_else(|error| json!({"error": error.to_string()}));
            printed(output::print(options.output.output, &tree, |look| show(&report, look)))
        }
        Err(error) => {
            crate::complain(&error);
            Exit::Refused
        }
    }
}

fn show(report: &Report, look: Look) -> String {
    let mut table = Table::new(["", ""]);
    let mut say = |name: &str, value: &str| table.row([Cell::new(name).paint(Paint::Dim), value.into()]);
    say("listen", &report.listen);
    say("database", &report.database);
    say("key file", &report.key_file);
    say("secrets folder", &report.secrets_folder);
    say("backups", &report.backups);
    for gitlab in &report.gitlab {
        say("", "");
        say("gitlab", &gitlab.name);
        for (name, value) in [
            ("  address", &gitlab.url),
            ("  token", &gitlab.token_place),
            ("  reached", &gitlab.route),
            ("  certificates", &gitlab.certificates),
            ("  reads", &gitlab.discovery),
            ("  webhooks", &gitlab.webhooks),
        ] {
            say(name, value);
        }
    }
    // Nothing is cut: a warning is read to its end.
    let mut out = table.render(Look { width: None, ..look });
    for warning in &report.warnings {
        out.push_str(&format!("\n{} {}", look.paint(Paint::Warn, "warning:"), output::clean(warning)));
    }
    let (connections, warnings) = (report.gitlab.len(), report.warnings.len());
    let remarks = match warnings {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        several => format!(", {several} warnings"),
    };
    out.push_str(if warnings > 0 { "\n\n" } else { "\n" });
    let good = look.paint(Paint::Good, "The configuration is good");
    out.push_str(&format!("{good}: {connections} GitLab connection(s){remarks}.\n"));
    out
}

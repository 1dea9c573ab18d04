//! `stagedoor doctor`: is this machine fit to run the server? Needs none running and changes nothing.
//!
//! Checks have the words that a connection's test has, so that both can be shown alike.

mod database;
mod gitlab;
mod machine;
mod network;
mod place;
mod work;

use model::SystemClock;
use serde::Serialize;
use serde_json::json;

use crate::{
    cli::DoctorOptions,
    config::{self, Config, Fault},
    exit::Exit,
    output::{self, Look, Paint},
};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Passed,
    /// Not wise, or not yet there.
    Note,
    Failed,
    /// Not reached, because an earlier one failed.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// Stable, for programs: `data`, `dns/main`.
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) title: String,
    pub(crate) detail: String,
    /// What to do.
    pub(crate) remedy: Option<String>,
}

impl Check {
    fn new(state: State, id: impl Into<String>, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { id: id.into(), state, title: title.into(), detail: detail.into(), remedy: None }
    }

    pub(crate) fn passed(id: impl Into<String>, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(State::Passed, id, title, detail)
    }

    pub(crate) fn note(id: impl Into<String>, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(State::Note, id, title, detail)
    }

    pub(crate) fn failed(id: impl Into<String>, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(State::Failed, id, title, detail)
    }

    pub(crate) fn skipped(id: impl Into<String>, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(State::Skipped, id, title, detail)
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

pub(crate) async fn run(options: DoctorOptions) -> Exit {
    let checks = checks(&options).await;
    let good = checks.iter().all(|check| check.state != State::Failed);
    let tree = json!({ "good": good, "checks": checks });
    match output::print(options.output.output, &tree, |look| show(&checks, look)) {
        Ok(()) if good => Exit::Good,
        Ok(()) => Exit::Refused,
        Err(error) => {
            eprintln!("stagedoor: {error}");
            Exit::Unreadable
        }
    }
}

async fn checks(options: &DoctorOptions) -> Vec<Check> {
    let started = machine::Instants::now(&SystemClock);
    let mut checks = vec![machine::version()];
    let config = match Config::load(&options.serve) {
        Ok(config) => Some(config),
        Err(error) => {
            checks.push(unreadable(&error));
            None
        }
    };
    if let Some(config) = &config {
        checks.extend(configuration(config));
        checks.push(place::data(config));
        checks.extend(place::space(config));
        checks.push(database::database(config).await);
        checks.extend(work::work(config).await);
        checks.push(place::key_file(config));
        checks.push(machine::authorities(config));
        checks.push(network::listening(config).await);
        checks.extend(gitlab::connections(config).await);
    } else {
        let because = "the configuration cannot be read";
        for (id, title) in
            [("data", "Data folder"), ("database", "Database"), ("listen", "Listening"), ("connections", "Connections")]
        {
            checks.push(Check::skipped(id, title, because));
        }
    }
    checks.push(machine::open_files());
    checks.push(machine::clock(started, &SystemClock));
    checks
}

fn configuration(config: &Config) -> Vec<Check> {
    const TITLE: &str = "Configuration";
    match config::report(config) {
        Ok(report) => {
            let detail = format!("readable, {} GitLab connection(s)", report.gitlab.len());
            let warnings = report.warnings.into_iter().map(|warning| Check::note("configuration", TITLE, warning));
            std::iter::once(Check::passed("configuration", TITLE, detail)).chain(warnings).collect()
        }
        Err(error) => vec![
            Check::failed("configuration", TITLE, format!("{error:#}"))
                .remedy("put the file or variable there; it is meant from the folder of the configuration file"),
        ],
    }
}

fn unreadable(error: &anyhow::Error) -> Check {
    let (detail, remedy) = match error.downcast_ref::<Fault>() {
        Some(fault) => (fault.line(), fault.help().to_owned()),
        None => (format!("{error:#}"), "`stagedoor config check` says more".to_owned()),
    };
    Check::failed("configuration", "Configuration", detail).remedy(remedy)
}

fn show(checks: &[Check], look: Look) -> String {
    let wide = checks.iter().map(|check| check.title.chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for check in checks {
        let (word, paint) = match check.state {
            State::Passed => ("ok", Paint::Good),
            State::Note => ("note", Paint::Warn),
            State::Failed => ("failed", Paint::Bad),
            State::Skipped => ("skipped", Paint::Dim),
        };
        let (title, detail) = (output::clean(&check.title), output::clean(&check.detail));
        out.push_str(&format!("{}  {title:<wide$}  {detail}\n", look.paint(paint, &format!("{word:<7}"))));
        if let Some(remedy) = &check.remedy {
            out.push_str(&format!("{:9}{:wide$}  → {}\n", "", "", output::clean(remedy)));
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let (failed, notes) = (count(State::Failed), count(State::Note));
    let said = match failed {
        0 => look.paint(Paint::Good, "This machine is ready"),
        1 => look.paint(Paint::Bad, "1 check failed"),
        several => look.paint(Paint::Bad, &format!("{several} checks failed")),
    };
    out.push_str(&format!("\n{said}; {notes} note(s), {} check(s).\n", checks.len()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_and_what_to_do_below() {
        let checks = [
            Check::passed("version", "Version", "0.1.0"),
            Check::failed("data", "Data folder", "cannot be\nwritten").remedy("chown it"),
            Check::skipped("database", "Database", "not reached"),
        ];
        assert_eq!(
            show(&checks, Look::default()),
            "ok       Version      0.1.0\n\
             failed   Data folder  cannot be written\n\
             \u{20}                     → chown it\n\
             skipped  Database     not reached\n\
             \n\
             1 check failed; 0 note(s), 3 check(s).\n"
        );
    }
}

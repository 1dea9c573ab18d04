//! Each GitLab of the configuration, tested as `connection test` does it.

use std::sync::Arc;

use broker::check::{self, Draft, Hearing};
use model::{Clock, Random, SystemClock, SystemRandom};
use secrecy::SecretString;

use super::Check;
use crate::config::{Config, GitlabConfig};

/// All of them at once: each has its own ten seconds.
pub(super) async fn connections(config: &Config) -> Vec<Check> {
    let tests = config.gitlab.iter().map(|gitlab| connection(gitlab, config));
    futures::future::join_all(tests).await.into_iter().flatten().collect()
}

async fn connection(gitlab: &GitlabConfig, config: &Config) -> Vec<Check> {
    let name = &gitlab.name;
    let draft = match draft(gitlab, config) {
        Ok(draft) => draft,
        Err(error) => {
            let check = Check::failed(format!("connections/{name}"), format!("GitLab {name}"), format!("{error:#}"));
            return vec![check.remedy("mend what the configuration names; `stagedoor config check` says more")];
        }
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
    let report = check::run(&draft, &clock, &random, &mut |_| {}).await;
    let passed = |state: check::State| matches!(state, check::State::Passed);
    let good = report.checks.iter().filter(|check| passed(check.state)).count();
    let verdict = if report.reads { "it reads" } else { "it does not read" };
    let summary = format!("{verdict}; {good} of {} checks passed", report.checks.len());
    let id = format!("connections/{name}");
    let title = format!("GitLab {name}");
    let mut checks = vec![if report.reads {
        Check::passed(id.as_str(), title.as_str(), summary)
    } else {
        Check::failed(id.as_str(), title.as_str(), summary).remedy("see the check that failed, below")
    }];
    for check in report.checks {
        let (id, detail) = (format!("{id}/{}", check.id.as_str()), format!("{}: {}", check.title, check.detail));
        let told = match check.state {
            check::State::Passed | check::State::Skipped => continue,
            check::State::Failed if check.id.grade() == check::Grade::Read => Check::failed(id, title.as_str(), detail),
            check::State::Failed | check::State::Note => Check::note(id, title.as_str(), detail),
        };
        checks.push(match check.remedy {
            Some(remedy) => told.remedy(remedy.text),
            None => told,
        });
    }
    checks
}

fn draft(gitlab: &GitlabConfig, config: &Config) -> anyhow::Result<Draft> {
    let account = gitlab.proxy.as_ref().and_then(|proxy| proxy.account());
    let password = account.and_then(|account| account.password.as_ref()).map(|place| place.read()).transpose()?;
    let user = account.and_then(|account| account.username.clone());
    Ok(Draft {
        url: gitlab.url.to_string(),
        token: gitlab.token.read().map_err(|error| error.to_string()),
        ca: gitlab.ca.as_ref().map(|ca| ca.read()).transpose()?.map(|(text, _)| text.into_bytes()),
        proxy: gitlab.proxy.as_ref().map(|proxy| SecretString::from(proxy.url().to_string())),
        proxy_credentials: user.map(|user| (user, password.unwrap_or_else(|| SecretString::from("")))),
        no_proxy: gitlab.no_proxy.clone(),
        discovery: gitlab.discovery.clone(),
        hearing: Hearing {
            public_url: config.public_url.clone(),
            poll_seconds: config.catalog.poll_seconds,
            ..Hearing::default()
        },
    })
}

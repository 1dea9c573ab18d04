//! The test of a connection by itself. What fails on which way is tried with real parts in `tests/network`.

use std::{sync::Arc, time::Instant};

use broker::check::{self, CheckId, Draft, Hearing, State};
use model::{Clock, Discovery, FixedRandom, Random, SystemClock};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::support::gitlab;

fn draft(url: &str, token: &str) -> Draft {
    Draft {
        url: url.to_owned(),
        token: Ok(SecretString::from(token.to_owned())),
        ca: None,
        proxy: None,
        proxy_credentials: None,
        no_proxy: Vec::new(),
        discovery: Discovery::default(),
        hearing: Hearing { poll_seconds: 60, ..Hearing::default() },
    }
}

async fn run(draft: &Draft) -> (check::Report, Vec<CheckId>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(FixedRandom::seeded(1));
    let mut told = Vec::new();
    let report = check::run(draft, &clock, &random, &mut |check| told.push(check.id)).await;
    (report, told)
}

#[tokio::test]
async fn every_check_is_told_once_and_in_order() {
    let sandbox = gitlab().await;
    let (report, told) = run(&draft(&sandbox.url, &sandbox.tokens["read_only"])).await;
    let all: Vec<CheckId> = CheckId::ALL.into_iter().filter(|id| *id != CheckId::Proxy).collect();
    assert_eq!(told, all);
    assert_eq!(report.checks.iter().map(|check| check.id).collect::<Vec<_>>(), all);
    assert!(report.reads && !report.acts && !report.hears);
    let failed = report.checks.iter().filter(|check| check.state == State::Failed);
    assert!(failed.clone().count() >= 1);
    assert!(failed.clone().all(|check| check.remedy.as_ref().is_some_and(|remedy| !remedy.text.is_empty())));
}

#[tokio::test]
async fn nothing_after_a_failure_looks_good() {
    let (report, told) = run(&draft("https://gitlab.invalid", "glpat-abcdefghijklmnopqrst")).await;
    let after = report.checks.iter().skip_while(|check| check.state != State::Failed).skip(1);
    assert!(after.clone().count() > 10 && after.clone().all(|check| check.state == State::Skipped), "{report:?}");
    assert_eq!(told.len(), report.checks.len());
    assert!(!report.reads && !report.acts && !report.hears);
}

#[tokio::test]
async fn whatever_hangs_the_test_ends() {
    // Takes connections and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let begun = Instant::now();
    let (report, _) = run(&draft(&url, "glpat-abcdefghijklmnopqrst")).await;
    assert_eq!(report.failing().expect("one").id, CheckId::Gitlab);
    // The promise is ten seconds; this only holds that it ends by itself on a busy machine.
    assert!(begun.elapsed().as_secs() < 60);
}

#[tokio::test]
async fn no_report_holds_the_token() {
    let sandbox = gitlab().await;
    for role in ["owner", "expired", "revoked", "no_scope", "deploy"] {
        let token = &sandbox.tokens[role];
        let (report, _) = run(&draft(&sandbox.url, token)).await;
        let text = serde_json::to_string(&report).expect("JSON");
        assert!(!text.contains(token.as_str()), "{role}");
    }
}

//! The test of a connection: one check after the other, each with what was found and what to do.
//!
//! It goes the way the client goes, step by step ([`gitlab::Probe`]), and sends the token only to what has answered as a
//! GitLab. It changes nothing, and it ends within [`PATIENCE`] whatever hangs.

mod account;
mod network;
mod report;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use gitlab::{Settings, Timeouts};
use model::{Clock, Discovery, Millis, Random};
use secrecy::SecretString;
use url::Url;

pub(crate) use report::sentence;
pub use report::{Check, CheckId, Facts, Grade, Link, Remedy, Report, State};

/// How long a whole test may take; the promise is ten seconds.
const PATIENCE: Duration = Duration::from_millis(9_500);
/// How long one step may take, so that a slow one leaves time for those after it.
const STEP: Duration = Duration::from_secs(4);

/// What is tested: a connection as somebody gives it, nothing of it parsed yet, so that what cannot be read is a failed
/// check with its remedy like everything else.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The address as typed.
    pub url: String,
    /// The token, or why there is none.
    pub token: Result<SecretString, String>,
    /// Authorities to trust, as given.
    pub ca: Option<Vec<u8>>,
    /// The proxy's address, perhaps with user name and password.
    pub proxy: Option<SecretString>,
    /// User name and password for the proxy, when they are kept apart.
    pub proxy_credentials: Option<(String, SecretString)>,
    /// Hosts that are reached without it.
    pub no_proxy: Vec<String>,
    /// What is to be read.
    pub discovery: Discovery,
    /// What is known of webhooks.
    pub hearing: Hearing,
}

/// What is known of webhooks before the test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hearing {
    /// Under which address GitLab could reach us; `None` when none is configured.
    pub public_url: Option<Url>,
    /// Hooks that are registered for us.
    pub hooks: u64,
    /// When GitLab last told us something.
    pub last_received: Option<Millis>,
    /// Why GitLab's last delivery failed, in its words.
    pub failing: Option<String>,
    /// Seconds between two questions while nobody tells us.
    pub poll_seconds: u64,
}

/// Told of each check as it ends.
pub type Tell<'a> = &'a mut (dyn FnMut(&Check) + Send);

/// Tests a connection.
pub async fn run(draft: &Draft, clock: &Arc<dyn Clock>, random: &Arc<dyn Random>, tell: Tell<'_>) -> Report {
    let mut test = Test {
        draft,
        clock: Arc::clone(clock),
        random: Arc::clone(random),
        tell,
        checks: Vec::new(),
        facts: Facts::default(),
        url: None,
        corrected: false,
        current: CheckId::Address,
        begun: Instant::now(),
        step: Instant::now(),
    };
    let checked_at = clock.now();
    let begun = test.begun;
    if tokio::time::timeout(PATIENCE, test.steps()).await.is_err() {
        let remedy = Remedy::text(
            "check that no firewall drops packets between here and GitLab; a proxy that accepts and never answers looks like \
             this, too",
        );
        let id = test.current;
        test.fail(id, late_title(id), format!("no end within {} s", PATIENCE.as_secs() + 1), remedy);
    }
    test.skip_rest();
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let Test { url, corrected, checks, facts, .. } = test;
    Report::of(url.as_ref(), corrected, checks, facts, (checked_at, millis))
}

fn late_title(id: CheckId) -> &'static str {
    match id {
        CheckId::Name => "The name servers do not answer",
        CheckId::Port => "The port does not open",
        CheckId::Proxy => "The proxy does not answer",
        CheckId::Tls => "The encryption is not agreed upon",
        CheckId::Gitlab => "Nothing answers at this address",
        _ => "GitLab does not answer in time",
    }
}

/// Why the test ends here: the check was told.
struct Ended;

/// A test under way.
struct Test<'a> {
    draft: &'a Draft,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    tell: Tell<'a>,
    checks: Vec<Check>,
    facts: Facts,
    url: Option<Url>,
    corrected: bool,
    /// What is under way, should time run out.
    current: CheckId,
    begun: Instant,
    step: Instant,
}

impl Test<'_> {
    async fn steps(&mut self) {
        // Either end is told by its checks.
        let _told = self.all_steps().await;
    }

    async fn all_steps(&mut self) -> Result<(), Ended> {
        let settings = self.reach().await?;
        self.ask_account(&settings).await
    }

    fn begin(&mut self, id: CheckId) {
        self.current = id;
        self.step = Instant::now();
    }

    fn end(&mut self, id: CheckId, state: State, title: &str, detail: String, remedy: Option<Remedy>) {
        let millis = u64::try_from(self.step.elapsed().as_millis()).unwrap_or(u64::MAX);
        let check =
            Check { id, state, title: title.to_owned(), detail: sentence_without_stop(&detail), remedy, millis };
        (self.tell)(&check);
        self.checks.push(check);
    }

    fn pass(&mut self, id: CheckId, detail: impl Into<String>) {
        self.end(id, State::Passed, id.title(), detail.into(), None);
    }

    fn note(&mut self, id: CheckId, title: &str, detail: impl Into<String>, remedy: Remedy) {
        self.end(id, State::Note, title, detail.into(), Some(remedy));
    }

    fn fail(&mut self, id: CheckId, title: &str, detail: impl Into<String>, remedy: Remedy) {
        self.end(id, State::Failed, title, detail.into(), Some(remedy));
    }

    /// Fails with an error of the client.
    fn fail_with(&mut self, id: CheckId, title: &str, error: &gitlab::Error) -> Ended {
        self.fail(id, title, error.message.clone(), Remedy::text(error.remedy.clone()));
        Ended
    }

    /// Everything that was not reached, with the reason: nothing unknown looks good.
    fn skip_rest(&mut self) {
        let failed = self.checks.iter().find(|check| check.state == State::Failed && check.id.grade() == Grade::Read);
        let because = failed.map_or_else(
            || "something before it did not end".to_owned(),
            |check| format!("first: {}", lower_first(&check.title)),
        );
        let without_proxy = self.draft.proxy.is_none();
        let missing = CheckId::ALL.into_iter().filter(|id| !(*id == CheckId::Proxy && without_proxy));
        let missing: Vec<CheckId> = missing.filter(|id| self.checks.iter().all(|check| check.id != *id)).collect();
        for id in missing {
            self.step = Instant::now();
            self.end(id, State::Skipped, id.title(), because.clone(), None);
        }
        self.checks.sort_by_key(|check| check.id);
    }

    /// The settings of a test: little patience, and no second attempt that would hide the first failure.
    fn hasten(settings: &mut Settings) {
        settings.timeouts = Timeouts {
            connect: STEP,
            answer: STEP + Duration::from_secs(1),
            call: STEP + Duration::from_secs(1),
            rate_limit: Duration::from_secs(1),
            ..Timeouts::default()
        };
        settings.limits.attempts = 1;
    }
}

fn sentence_without_stop(text: &str) -> String {
    sentence(text).trim_end_matches('.').to_owned()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_lowercase(), letters.as_str()))
}

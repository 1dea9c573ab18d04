//! How a connection goes: its last test, and since when and by which check it does not.

use model::Millis;
use serde::{Deserialize, Serialize};

use crate::check::{CheckId, Remedy, Report};

/// What is kept of a connection's tests, so that a restart forgets nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    /// The last whole test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// When it was last looked at, briefly or wholly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Millis>,
    /// When it last worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worked_at: Option<Millis>,
    /// What keeps it from reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
    /// Webhooks that were registered for it.
    pub hooks: Vec<Registered>,
}

/// Why a connection does not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failing {
    /// By which check.
    pub check: CheckId,
    /// As it ended.
    pub title: String,
    /// What was found.
    pub detail: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// Since when, as far as it was looked at.
    pub since: Millis,
    /// When it last worked, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_until: Option<Millis>,
}

/// A webhook of ours at GitLab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// `system`, or the full path of a group or project.
    pub of: String,
    /// `system`, `group` or `project`.
    pub scope: String,
    /// GitLab's number for it.
    pub hook: u64,
    /// Why GitLab's delivery did not arrive when it was tried, in its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Health {
    /// Takes a whole test in. What fails keeps its beginning while the same check fails.
    pub(crate) fn take(&mut self, mut report: Report, now: Millis) {
        self.checked_at = Some(now);
        if let Some(before) = self.report.take()
            && !report.reads
        {
            // What a test that broke off did not get to learn is as it was last known.
            report.facts.keep_of(before.facts);
        }
        match report.failing() {
            None => {
                self.worked_at = Some(now);
                self.failing = None;
            }
            Some(check) => {
                let before = self.failing.take();
                let since = before.as_ref().map_or(now, |failing| failing.since);
                let worked_until = before.map_or(self.worked_at, |failing| failing.worked_until);
                self.failing = Some(Failing {
                    check: check.id,
                    title: check.title.clone(),
                    detail: check.detail.clone(),
                    remedy: check.remedy.clone(),
                    since,
                    worked_until,
                });
            }
        }
        self.report = Some(report);
    }

    /// A brief look found it working.
    pub(crate) fn works(&mut self, now: Millis) {
        self.checked_at = Some(now);
        self.worked_at = Some(now);
    }

    /// It cannot even be tried: a secret or a setting cannot be read.
    pub(crate) fn broken(&mut self, check: CheckId, detail: String, remedy: &str, now: Millis) {
        let before = self.failing.take();
        self.checked_at = Some(now);
        self.failing = Some(Failing {
            check,
            title: "The connection cannot be made".to_owned(),
            detail,
            remedy: Some(Remedy::text(remedy)),
            since: before.as_ref().map_or(now, |failing| failing.since),
            worked_until: before.map_or(self.worked_at, |failing| failing.worked_until),
        });
    }

    /// Do hooks tell of everything that is read? One for the instance does, or one for each group that is read; GitLab
    /// must have reached us with them. Hooks of projects do not: a new project has none.
    pub(crate) fn hears_everything(&self, groups: &[String]) -> bool {
        let works = |scope: &str, of: &str| {
            self.hooks.iter().any(|hook| hook.scope == scope && hook.of == of && hook.error.is_none())
        };
        works("system", "system") || (!groups.is_empty() && groups.iter().all(|group| works("group", group)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Check, Facts, State};

    fn report(state: State, at: Millis) -> Report {
        let check = Check {
            id: CheckId::Token,
            state,
            title: "The token has expired".to_owned(),
            detail: String::new(),
            remedy: None,
            millis: 1,
        };
        Report::of(None, false, vec![check], Facts::default(), (at, 1))
    }

    #[test]
    fn whose_token_it_was_is_known_when_it_is_refused() {
        let mut health = Health::default();
        let mut good = report(State::Passed, 1);
        good.facts.token_owner = Some("stagedoor".to_owned());
        good.facts.scopes = vec!["read_api".to_owned()];
        health.take(good, 1);
        health.take(report(State::Failed, 2), 2);
        let facts = health.report.clone().expect("a report").facts;
        assert_eq!((facts.token_owner.as_deref(), facts.scopes.len()), (Some("stagedoor"), 1));
        let mut other = report(State::Passed, 3);
        other.facts.token_owner = Some("another".to_owned());
        health.take(other, 3);
        let facts = health.report.expect("a report").facts;
        assert_eq!(
            (facts.token_owner.as_deref(), facts.scopes.len()),
            (Some("another"), 0),
            "a whole test counts alone"
        );
    }

    #[test]
    fn what_worked_and_stopped_says_since_when() {
        let mut health = Health::default();
        health.take(report(State::Failed, 1), 1);
        let failing = health.failing.clone().expect("failing");
        assert_eq!((failing.since, failing.worked_until), (1, None), "it never worked");
        health.take(report(State::Passed, 10), 10);
        assert_eq!((health.failing.clone(), health.worked_at), (None, Some(10)));
        health.works(20);
        health.take(report(State::Failed, 30), 30);
        health.take(report(State::Failed, 40), 40);
        let failing = health.failing.clone().expect("failing");
        assert_eq!((failing.since, failing.worked_until, failing.check), (30, Some(20), CheckId::Token));
        let kept: Health = serde_json::from_str(&serde_json::to_string(&health).expect("JSON")).expect("read again");
        assert_eq!(kept, health);
    }
}

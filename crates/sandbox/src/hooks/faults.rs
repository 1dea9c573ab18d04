//! What becomes of webhooks on their way: lost, sent twice, late, or after the one that follows.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::faults::draw;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Lost,
    Doubled,
    Delayed,
    /// Sent so much later that those which follow come before it.
    Reordered,
}

/// One rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HookFault {
    kind: Kind,
    /// To how many it happens, 0 to 1.
    #[serde(default = "all")]
    share: f64,
    #[serde(default)]
    seed: u64,
    /// After so many it ends by itself.
    #[serde(default)]
    seconds: Option<f64>,
    #[serde(default)]
    times: Option<u64>,
    /// How late, 500 where nothing is said.
    #[serde(default = "late")]
    delay_ms: u64,
}

fn all() -> f64 {
    1.0
}

fn late() -> u64 {
    500
}

struct Rule {
    fault: HookFault,
    until: Option<Instant>,
    drawn: u64,
}

/// How one webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    /// How often.
    pub(crate) copies: u32,
    pub(crate) delay: Duration,
    /// Do those that follow overtake it?
    pub(crate) apart: bool,
}

/// The rules that are set; all of them happen that fit.
#[derive(Default)]
pub(crate) struct HookFaults(Mutex<Vec<Rule>>);

impl HookFaults {
    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, fault: HookFault) {
        let until =
            fault.seconds.filter(|s| *s >= 0.0).map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
        self.rules().push(Rule { fault, until, drawn: 0 });
    }

    pub(crate) fn clear(&self) {
        self.rules().clear();
    }

    pub(super) fn fate(&self) -> Fate {
        let mut fate = Fate { copies: 1, delay: Duration::ZERO, apart: false };
        let mut rules = self.rules();
        rules.retain(|rule| rule.fault.times != Some(0) && rule.until.is_none_or(|until| Instant::now() < until));
        for rule in rules.iter_mut() {
            rule.drawn += 1;
            if draw(rule.fault.seed ^ rule.drawn.rotate_left(32)) >= rule.fault.share {
                continue;
            }
            rule.fault.times = rule.fault.times.map(|times| times.saturating_sub(1));
            match rule.fault.kind {
                Kind::Lost => fate.copies = 0,
                Kind::Doubled => fate.copies *= 2,
                Kind::Delayed => fate.delay += Duration::from_millis(rule.fault.delay_ms),
                Kind::Reordered => {
                    fate.delay += Duration::from_millis(rule.fault.delay_ms);
                    fate.apart = true;
                }
            }
        }
        fate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_does_what_it_says() {
        let faults = HookFaults::default();
        assert_eq!(faults.fate(), Fate { copies: 1, delay: Duration::ZERO, apart: false });
        let add = |text: &str| faults.add(serde_json::from_str(text).expect("a rule"));
        add(r#"{"kind": "doubled", "times": 1}"#);
        add(r#"{"kind": "reordered", "delayMs": 20, "times": 1}"#);
        assert_eq!(faults.fate(), Fate { copies: 2, delay: Duration::from_millis(20), apart: true });
        add(r#"{"kind": "lost"}"#);
        assert_eq!(faults.fate().copies, 0);
        faults.clear();
        assert_eq!(faults.fate().copies, 1);
    }
}

//! Wrong answers on demand: what a proxy, an overloaded instance or a sign-on page in front of it would say, and what
//! happens to an answer on its way.

mod alter;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::errors::json_response;
use crate::world::mix;

pub(crate) use alter::Altered;

/// What a fault does besides answering with a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// The true answer, later.
    Slow,
    /// No answer; the connection stays.
    Hang,
    /// The head and half of the body, then the connection ends.
    Cut,
    /// The connection ends without an answer.
    Reset,
    /// 200 and JSON of another shape.
    WrongJson,
    /// 200 and a page to sign in.
    Html,
    /// A list without some of its items and without its next page.
    TruncatedPage,
    /// 401, as for a token whose time is over.
    ExpiredToken,
    /// GraphQL: 200 with errors, and null where a field ran out of time.
    PartialGraphql,
}

/// One rule. `route` is `*`, `METHOD path`, `METHOD route` as the table of routes writes it, or the beginning of one of
/// these with a star after it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default = "everything")]
    route: String,
    /// Without one and without a kind, the answer is the true one, only later.
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    body: String,
    #[serde(default, rename = "type")]
    content_type: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Seconds in `Retry-After`.
    #[serde(default)]
    retry_after: Option<u64>,
    /// How often; without it, until it is taken away.
    #[serde(default)]
    times: Option<u64>,
    /// How many of the requests it fits, 0 to 1.
    #[serde(default = "all")]
    share: f64,
    /// What is drawn depends on it.
    #[serde(default)]
    seed: u64,
    /// After so many it ends by itself.
    #[serde(default)]
    seconds: Option<f64>,
    #[serde(default)]
    delay_ms: u64,
}

fn everything() -> String {
    "*".to_owned()
}

fn all() -> f64 {
    1.0
}

/// What becomes of a request.
pub(crate) enum Effect {
    /// The true answer.
    Nothing,
    Answer(Response),
    Hang,
    Reset,
    /// The true answer, changed.
    Alter(Altered),
}

impl Fault {
    fn fits(&self, method: &str, route: &str, path: &str) -> bool {
        let is = |place: &str| {
            let full = format!("{method} {place}");
            match self.route.strip_suffix('*') {
                Some(front) => full.starts_with(front),
                None => full == self.route,
            }
        };
        is(route) || is(path)
    }

    /// What keeps a rule from meaning anything.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.status.is_none() && self.kind.is_none() && self.delay_ms == 0 {
            return Err("one of status, kind and delayMs must be given");
        }
        if !(0.0..=1.0).contains(&self.share) {
            return Err("share must lie between 0 and 1");
        }
        if self.seconds.is_some_and(|seconds| !(0.0..=86_400.0).contains(&seconds)) {
            return Err("seconds must lie between 0 and 86,400");
        }
        Ok(())
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    pub(crate) fn effect(self, graphql: bool) -> Effect {
        match self.kind {
            None | Some(Kind::Slow) => self.answer().map_or(Effect::Nothing, Effect::Answer),
            Some(Kind::Hang) => Effect::Hang,
            Some(Kind::Reset) => Effect::Reset,
            Some(Kind::Cut) => Effect::Alter(Altered::Cut),
            Some(Kind::TruncatedPage) => Effect::Alter(Altered::Truncated),
            Some(Kind::PartialGraphql) => Effect::Alter(Altered::Partial),
            Some(Kind::WrongJson) => {
                let body =
                    if graphql { json!({"data": []}) } else { json!([{"message": {"this": ["is", "unexpected"]}}]) };
                Effect::Answer(json_response(StatusCode::OK, &body))
            }
            Some(Kind::Html) => {
                let page =
                    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on</body></html>";
                let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
                Effect::Answer((StatusCode::OK, kind, page).into_response())
            }
            Some(Kind::ExpiredToken) => {
                let body = if graphql {
                    json!({"errors": [{"message": "Invalid token"}]})
                } else {
                    json!({"error": "invalid_token",
                        "error_description": "Token is expired. You can either do re-authorization or token refresh."})
                };
                Effect::Answer(json_response(StatusCode::UNAUTHORIZED, &body))
            }
        }
    }

    /// The wrong answer, if the rule has one.
    fn answer(self) -> Option<Response> {
        let status = StatusCode::from_u16(self.status?).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body).into_response();
        let kind = HeaderValue::from_str(&self.content_type.unwrap_or_else(|| "text/plain".to_owned()));
        if let Ok(kind) = kind {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        Some(response)
    }
}

/// A rule that is set, and what became of it.
#[derive(Debug)]
struct Rule {
    fault: Fault,
    until: Option<Instant>,
    drawn: u64,
    hits: u64,
}

impl Rule {
    fn new(fault: Fault) -> Self {
        let until = fault.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
        Self { fault, until, drawn: 0, hits: 0 }
    }

    fn is_over(&self) -> bool {
        self.fault.times == Some(0) || self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Draws whether it happens this time, the same way in every run.
    fn happens(&mut self) -> bool {
        self.drawn += 1;
        draw(self.fault.seed ^ self.drawn.rotate_left(32)) < self.fault.share
    }
}

/// Evenly between 0 and 1, from a number.
pub(crate) fn draw(number: u64) -> f64 {
    let bits = u32::try_from(mix(number) >> 32).unwrap_or(0);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// The rules that are set; of several that fit, the latest that happens counts.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets a rule in place of those for the same route.
    pub(crate) fn set(&self, fault: Fault) {
        let mut rules = self.rules();
        rules.retain(|rule| rule.fault.route != fault.route);
        rules.push(Rule::new(fault));
    }

    /// Adds a rule to those that are set.
    pub(crate) fn add(&self, fault: Fault) {
        self.rules().push(Rule::new(fault));
    }

    pub(crate) fn clear(&self) {
        self.rules().clear();
    }

    /// The rules, and how often each happened.
    pub(crate) fn json(&self) -> Value {
        let rules = self.rules();
        let row = |rule: &Rule| {
            json!({"route": rule.fault.route, "status": rule.fault.status, "share": rule.fault.share,
                "kind": rule.fault.kind.map(|kind| format!("{kind:?}")), "hits": rule.hits, "over": rule.is_over()})
        };
        rules.iter().map(row).collect()
    }

    /// The rule that happens to a request, counted.
    pub(crate) fn take(&self, method: &str, route: &str, path: &str) -> Option<Fault> {
        let mut rules = self.rules();
        rules.retain(|rule| !rule.is_over());
        let mut fitting = rules.iter_mut().rev().filter(|rule| rule.fault.fits(method, route, path));
        let rule = fitting.find_map(|rule| rule.happens().then_some(rule))?;
        rule.hits += 1;
        rule.fault.times = rule.fault.times.map(|times| times.saturating_sub(1));
        Some(rule.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        serde_json::from_str(text).expect("a fault")
    }

    #[test]
    fn a_share_is_drawn_the_same_way_each_time() {
        let hits = || {
            let faults = Faults::default();
            faults.add(fault(r#"{"status": 429, "share": 0.5, "seed": 7}"#));
            (0..1_000).map(|_| faults.take("GET", "/api/v4/a", "/api/v4/a").is_some()).collect::<Vec<_>>()
        };
        let first = hits();
        let share = first.iter().filter(|hit| **hit).count();
        assert!((450..550).contains(&share), "{share}");
        assert_eq!(first, hits());
    }

    #[test]
    fn rules_are_drawn_one_after_the_other_and_end() {
        let faults = Faults::default();
        faults.add(fault(r#"{"route": "GET /a", "status": 500, "times": 2}"#));
        faults.add(fault(r#"{"kind": "hang", "share": 0}"#));
        faults.add(fault(r#"{"kind": "reset", "seconds": 0}"#));
        for wrong in [
            "{}",
            r#"{"kind": "hang", "share": 2}"#,
            r#"{"kind": "hang", "seconds": 1e300}"#,
            r#"{"kind": "hang", "seconds": -1}"#,
        ] {
            assert!(fault(wrong).check().is_err(), "{wrong}");
        }
        assert_eq!(faults.take("GET", "/a", "/a").and_then(|fault| fault.status), Some(500));
        assert!(faults.take("POST", "/a", "/a").is_none());
        assert!(faults.take("GET", "/a", "/a").is_some());
        assert!(faults.take("GET", "/a", "/a").is_none());
        assert_eq!(faults.json().as_array().map(Vec::len), Some(1), "what is over is forgotten");
        assert!(serde_json::from_str::<Fault>(r#"{"kind": "unheard-of"}"#).is_err());
    }
}

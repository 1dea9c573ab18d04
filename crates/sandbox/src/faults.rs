//! Wrong answers on demand: what a proxy, an overloaded instance or a sign-on page in front of it would say.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

/// One rule. `route` is `*`, `METHOD path`, `METHOD route` as the table of routes writes it, or the beginning of one of
/// these with a star after it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    route: String,
    /// Without one, the answer is the true one, only later.
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    body: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// How often; without it, until it is taken away.
    #[serde(default)]
    times: Option<u64>,
    #[serde(default)]
    delay_ms: u64,
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

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The wrong answer, if the rule has one.
    pub(crate) fn answer(self) -> Option<Response> {
        let status = StatusCode::from_u16(self.status?).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body).into_response();
        let kind = HeaderValue::from_str(&self.kind.unwrap_or_else(|| "text/plain".to_owned()));
        if let Ok(kind) = kind {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        Some(response)
    }
}

/// The rules that are set; of several that fit, the latest counts.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn rules(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule in place of one for the same route.
    pub(crate) fn set(&self, fault: Fault) {
        let mut rules = self.rules();
        rules.retain(|rule| rule.route != fault.route);
        if fault.times != Some(0) {
            rules.push(fault);
        }
    }

    pub(crate) fn clear(&self) {
        self.rules().clear();
    }

    /// The rule for a request, counted.
    pub(crate) fn take(&self, method: &str, route: &str, path: &str) -> Option<Fault> {
        let mut rules = self.rules();
        let at = rules.iter().rposition(|rule| rule.fits(method, route, path))?;
        let fault = rules[at].clone();
        if let Some(times) = rules[at].times {
            if times <= 1 {
                rules.remove(at);
            } else {
                rules[at].times = Some(times - 1);
            }
        }
        Some(fault)
    }
}

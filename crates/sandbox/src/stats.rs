//! Counts of requests by route, for benchmarks and coverage reports, and the instance's rate limit.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use time::OffsetDateTime;

/// Requests by `METHOD route`, since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Stats(Mutex<BTreeMap<String, u64>>);

impl Stats {
    pub(crate) fn count(&self, method: &str, route: &str) {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *routes.entry(format!("{method} {route}")).or_default() += 1;
    }

    pub(crate) fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// `{"total": n, "routes": {"GET /api/v4/projects": n, …}}`.
    pub(crate) fn json(&self) -> Value {
        let routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        json!({ "total": routes.values().sum::<u64>(), "routes": *routes })
    }
}

/// How many requests a caller may send in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) requests: u64,
    pub(crate) seconds: i64,
}

/// A window's state after a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observed {
    pub(crate) limit: u64,
    pub(crate) observed: u64,
    pub(crate) reset: OffsetDateTime,
}

impl Observed {
    pub(crate) fn passed(&self) -> bool {
        self.observed > self.limit
    }

    pub(crate) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.observed)
    }
}

/// Fixed windows, one for each caller, like the instance throttle of GitLab.
#[derive(Debug)]
pub(crate) struct Throttle(Mutex<(Limit, BTreeMap<u64, (i64, u64)>)>);

impl Default for Throttle {
    fn default() -> Self {
        Self(Mutex::new((Limit { requests: 200_000, seconds: 60 }, BTreeMap::new())))
    }
}

impl Throttle {
    /// Sets another limit and begins all windows anew.
    pub(crate) fn set(&self, limit: Limit) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (limit, BTreeMap::new());
    }

    /// Counts a request of this user (0 for anonymous callers).
    pub(crate) fn observe(&self, user: u64, now: OffsetDateTime) -> Observed {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Limit { requests, seconds } = state.0;
        let window = now.unix_timestamp().div_euclid(seconds);
        let entry = state.1.entry(user).or_insert((window, 0));
        if entry.0 != window {
            *entry = (window, 0);
        }
        entry.1 += 1;
        Observed { limit: requests, observed: entry.1, reset: crate::clock::at_unix((window + 1) * seconds) }
    }
}

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

/// A caller's requests in the window of this number.
#[derive(Debug)]
struct Window {
    number: i64,
    requests: u64,
}

#[derive(Debug)]
struct Windows {
    limit: Limit,
    callers: BTreeMap<u64, Window>,
}

/// Fixed windows, one for each caller, like the instance throttle of GitLab.
#[derive(Debug)]
pub(crate) struct Throttle(Mutex<Windows>);

impl Default for Throttle {
    fn default() -> Self {
        let limit = Limit { requests: 200_000, seconds: 60 };
        Self(Mutex::new(Windows { limit, callers: BTreeMap::new() }))
    }
}

impl Throttle {
    /// Sets another limit and begins all windows anew.
    pub(crate) fn set(&self, limit: Limit) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Windows { limit, callers: BTreeMap::new() };
    }

    /// Counts a request of this user (0 for anonymous callers).
    pub(crate) fn observe(&self, user: u64, now: OffsetDateTime) -> Observed {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Limit { requests, seconds } = state.limit;
        let number = now.unix_timestamp().div_euclid(seconds);
        let window = state.callers.entry(user).or_insert(Window { number, requests: 0 });
        if window.number != number {
            *window = Window { number, requests: 0 };
        }
        window.requests += 1;
        let reset = crate::clock::at_unix((number + 1) * seconds);
        Observed { limit: requests, observed: window.requests, reset }
    }
}

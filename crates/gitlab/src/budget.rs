//! The one rate budget of a connection: how many requests run at once, what is left of GitLab's limit, and the pause
//! that holds all callers together after a 429.
//!
//! Waiting is done on tokio's monotonic time; GitLab's absolute times are turned into waits by the `Date` of the same
//! answer, so that a wrong clock on either side does no harm. Knows no route and no body.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use model::{Clock, Millis};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// What a connection has spent, for metrics and the connection page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Requests sent, every attempt counted.
    pub sent: u64,
    /// Of these, attempts after a first one that failed.
    pub retried: u64,
    /// Answers that said 429.
    pub refused: u64,
    /// GitLab's limit for the running window, if it names one.
    pub limit: Option<u64>,
    /// What is left of it.
    pub left: Option<u64>,
    /// When the window ends.
    pub reset: Option<Millis>,
}

/// What GitLab said about its limit, as last heard.
#[derive(Debug, Clone, Copy)]
struct Window {
    limit: Option<u64>,
    left: u64,
    /// GitLab's own number for the end of the window, in Unix seconds: equal numbers mean the same window.
    reset: i64,
    ends: Instant,
}

#[derive(Debug, Default)]
struct State {
    window: Option<Window>,
    paused_until: Option<Instant>,
    in_flight: u64,
}

/// Shared by all clones of a client.
#[derive(Debug)]
pub(crate) struct Budget {
    slots: Semaphore,
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    sent: AtomicU64,
    retried: AtomicU64,
    refused: AtomicU64,
}

/// The right to have one request under way.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    budget: &'a Budget,
    _slot: SemaphorePermit<'a>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

impl Budget {
    pub(crate) fn new(concurrency: usize, clock: Arc<dyn Clock>) -> Self {
        Self {
            slots: Semaphore::new(concurrency.max(1)),
            state: Mutex::default(),
            clock,
            sent: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The numbers are whole after every statement, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a free slot and for the limit, up to `patience` for the latter.
    ///
    /// # Errors
    /// The time from which a request would be let through, when that is further away than `patience`.
    pub(crate) async fn admit(&self, patience: Duration) -> Result<Ticket<'_>, Millis> {
        let mut patience = patience;
        loop {
            // The semaphore is never closed; if it were, there would be no slot to wait for.
            let Ok(slot) = self.slots.acquire().await else { return Err(self.clock.now()) };
            let now = Instant::now();
            let until = {
                let mut state = self.state();
                match state.blocked_until(now) {
                    None => {
                        state.in_flight += 1;
                        if let Some(window) = &mut state.window {
                            window.left = window.left.saturating_sub(1);
                        }
                        return Ok(Ticket { budget: self, _slot: slot });
                    }
                    Some(until) => until,
                }
            };
            drop(slot);
            let wait = until.saturating_duration_since(now);
            if wait > patience {
                return Err(self.clock.now().saturating_add(millis(wait)));
            }
            patience = patience.saturating_sub(wait);
            tokio::time::sleep_until(until).await;
        }
    }

    /// Counts a request that goes out.
    pub(crate) fn count(&self, again: bool) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if again {
            self.retried.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes in what an answer says about the limit.
    pub(crate) fn observe(&self, headers: &HeaderMap) {
        let Some(left) = number(headers, "ratelimit-remaining") else { return };
        let Some(reset) = number(headers, "ratelimit-reset").and_then(|r| i64::try_from(r).ok()) else { return };
        let ahead = ahead(reset, self.server_seconds(headers));
        let now = Instant::now();
        let mut state = self.state();
        // The others under way may not be in GitLab's number yet.
        let left = left.saturating_sub(state.in_flight.saturating_sub(1));
        let limit = number(headers, "ratelimit-limit");
        let same = state.window.filter(|w| w.reset == reset && w.ends > now);
        state.window = match (same, state.window) {
            // Answers overtake each other; within one window the number only falls.
            (Some(window), _) => Some(Window { limit, left: window.left.min(left), ..window }),
            (None, Some(window)) if window.ends > now && window.reset > reset => Some(window),
            _ => Some(Window { limit, left, reset, ends: now + ahead }),
        };
    }

    /// Holds all callers after a 429, and says until when.
    pub(crate) fn pause(&self, headers: &HeaderMap, otherwise: Duration) -> Millis {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let by_reset = number(headers, "ratelimit-reset")
            .and_then(|r| i64::try_from(r).ok())
            .map(|reset| ahead(reset, self.server_seconds(headers)));
        let wait = self.retry_after(headers).or(by_reset).unwrap_or(otherwise);
        self.hold(wait);
        self.clock.now().saturating_add(millis(wait))
    }

    /// Holds all callers for a while.
    pub(crate) fn hold(&self, wait: Duration) {
        let now = Instant::now();
        // A wait beyond what a clock can say is as good as a day.
        let until = now.checked_add(wait).unwrap_or(now + Duration::from_secs(86_400));
        let mut state = self.state();
        state.paused_until = state.paused_until.max(Some(until));
    }

    /// The wait that `Retry-After` asks for, in seconds or as a date (RFC 9110, 10.2.3).
    pub(crate) fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        if let Some(seconds) = number(headers, "retry-after") {
            return Some(Duration::from_secs(seconds));
        }
        let at = date(headers, "retry-after")?;
        Some(ahead(at, self.server_seconds(headers)))
    }

    pub(crate) fn usage(&self) -> Usage {
        let state = self.state();
        let now = Instant::now();
        let window = state.window.filter(|w| w.ends > now);
        Usage {
            sent: self.sent.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            limit: window.and_then(|w| w.limit),
            left: window.map(|w| w.left),
            reset: window.map(|w| self.clock.now().saturating_add(millis(w.ends - now))),
        }
    }

    /// GitLab's time at this answer, in Unix seconds; ours where it does not say.
    fn server_seconds(&self, headers: &HeaderMap) -> i64 {
        date(headers, "date").unwrap_or_else(|| self.clock.now() / 1000)
    }
}

impl State {
    /// Forgets what is over and says how long to hold back.
    fn blocked_until(&mut self, now: Instant) -> Option<Instant> {
        self.paused_until = self.paused_until.filter(|until| *until > now);
        self.window = self.window.filter(|w| w.ends > now);
        // A hundredth stays free for whoever else uses this token.
        let spent = self.window.filter(|w| w.left <= w.limit.unwrap_or(0) / 100).map(|w| w.ends);
        self.paused_until.max(spent)
    }
}

/// From `now` to `at`, both in Unix seconds; nothing for the past, and never more than a day, whatever a header says.
fn ahead(at: i64, now: i64) -> Duration {
    Duration::from_secs(u64::try_from(at.saturating_sub(now)).unwrap_or(0).min(86_400))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn date(headers: &HeaderMap, name: &str) -> Option<i64> {
    let text = headers.get(name)?.to_str().ok()?;
    OffsetDateTime::parse(text, &Rfc2822).ok().map(OffsetDateTime::unix_timestamp)
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests;

//! What GitLab will charge for a query, so that refusals are rare, and the page size that follows.
//!
//! The rules are those of GitLab's `Types::BaseField` and `Resolvers::BaseResolver`: a plain field costs 1 and what is
//! below it, one that asks Gitaly 2, a connection with a resolver grows by a hundredth for each element of its page.

use std::sync::atomic::{AtomicU32, Ordering};

/// GitLab's limit for an authenticated user.
const AUTHENTICATED: u32 = 250;

/// GitLab cuts every page here.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// A connection with a resolver: its children, what the resolver charges beyond its own 1, and `first`.
pub(crate) fn connection(children: u32, extra: u32, first: u32) -> u32 {
    let cost = children + 1 + extra;
    cost + cost * first.min(LARGEST_PAGE) / 100
}

/// `blobs(paths, first)` with so many fields on each blob.
pub(crate) fn blobs(paths: u32, fields: u32) -> u32 {
    // `nodes`, one for Gitaly, one for each path.
    connection(1 + fields, 1 + paths, paths)
}

/// Pages answered in a row after which a size that was only too slow is tried again.
const CALM: u32 = 16;

/// How many objects one page asks for: as many as cost allows, fewer once GitLab refused.
///
/// A refusal for cost is remembered: the same question costs the same tomorrow. One for time, or for an answer that was
/// too large, passes: after a while of good answers the page grows again.
#[derive(Debug)]
pub(crate) struct PageSize {
    /// Never more than this.
    ceiling: AtomicU32,
    now: AtomicU32,
    answered: AtomicU32,
    limit: AtomicU32,
    /// What GitLab charged for a hundred of what we expected.
    percent: AtomicU32,
}

impl PageSize {
    pub(crate) fn new(largest: u32) -> Self {
        let largest = largest.clamp(1, LARGEST_PAGE);
        Self {
            ceiling: AtomicU32::new(largest),
            now: AtomicU32::new(largest),
            answered: AtomicU32::new(0),
            limit: AtomicU32::new(AUTHENTICATED),
            percent: AtomicU32::new(100),
        }
    }

    /// The page of now, whatever it costs.
    pub(crate) fn largest(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }

    /// The largest page whose expected cost is within the limit; at least 1, so that GitLab has the last word.
    pub(crate) fn plan(&self, cost: impl Fn(u32) -> u32) -> u32 {
        let mut size = self.largest();
        while size > 1 && !self.affords(cost(size)) {
            size /= 2;
        }
        size
    }

    /// Is a query of this expected cost within the limit?
    pub(crate) fn affords(&self, cost: u32) -> bool {
        let charged = u64::from(cost) * u64::from(self.percent.load(Ordering::Relaxed)) / 100;
        charged <= u64::from(self.limit.load(Ordering::Relaxed))
    }

    /// GitLab refused a page of `size`. `expected` is what we took it to cost, `told` what GitLab computed and permits,
    /// if it was the cost. Returns whether a smaller page is left to try.
    pub(crate) fn refused(&self, size: u32, expected: u32, told: Option<(u32, u32)>) -> bool {
        self.answered.store(0, Ordering::Relaxed);
        let smaller = (size / 2).max(1);
        if let Some((cost, limit)) = told {
            self.limit.fetch_min(limit.max(1), Ordering::Relaxed);
            let percent = u64::from(cost) * 100 / u64::from(expected.max(1));
            self.percent.fetch_max(u32::try_from(percent.clamp(100, 10_000)).unwrap_or(10_000), Ordering::Relaxed);
            self.ceiling.fetch_min(smaller, Ordering::Relaxed);
        }
        self.now.fetch_min(smaller, Ordering::Relaxed);
        size > 1
    }

    /// GitLab answered a page.
    pub(crate) fn answered(&self) {
        let ceiling = self.ceiling.load(Ordering::Relaxed);
        let now = self.largest();
        if now < ceiling && self.answered.fetch_add(1, Ordering::Relaxed) + 1 >= CALM {
            self.answered.store(0, Ordering::Relaxed);
            self.now.fetch_max(now.saturating_mul(2).min(ceiling), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;

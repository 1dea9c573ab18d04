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

/// How many objects one page asks for: as many as cost allows, fewer once GitLab refused, and it stays remembered.
#[derive(Debug)]
pub(crate) struct PageSize {
    largest: AtomicU32,
    limit: AtomicU32,
    /// What GitLab charged for a hundred of what we expected.
    percent: AtomicU32,
}

impl PageSize {
    pub(crate) fn new(largest: u32) -> Self {
        Self {
            largest: AtomicU32::new(largest.clamp(1, LARGEST_PAGE)),
            limit: AtomicU32::new(AUTHENTICATED),
            percent: AtomicU32::new(100),
        }
    }

    /// The largest page whose expected cost is within the limit; at least 1, so that GitLab has the last word.
    pub(crate) fn plan(&self, cost: impl Fn(u32) -> u32) -> u32 {
        let mut size = self.largest.load(Ordering::Relaxed);
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

    /// GitLab refused a page of `size`. `expected` is what we took it to cost, `told` what GitLab computed and permits.
    /// Returns whether a smaller page is left to try.
    pub(crate) fn refused(&self, size: u32, expected: u32, told: Option<(u32, u32)>) -> bool {
        if let Some((cost, limit)) = told {
            self.limit.fetch_min(limit.max(1), Ordering::Relaxed);
            let percent = u64::from(cost) * 100 / u64::from(expected.max(1));
            self.percent.fetch_max(u32::try_from(percent.clamp(100, 10_000)).unwrap_or(10_000), Ordering::Relaxed);
        }
        self.largest.fetch_min((size / 2).max(1), Ordering::Relaxed);
        size > 1
    }
}

#[cfg(test)]
mod tests;

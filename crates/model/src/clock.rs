//! Time and randomness, passed in so that a test can set both.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

/// Milliseconds since 1970-01-01 UTC, the form in which times are stored.
pub type Millis = i64;

/// Where the time comes from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now.
    fn now(&self) -> Millis;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 is broken; 0 is visibly wrong and harmless.
        since.map_or(0, |d| Millis::try_from(d.as_millis()).unwrap_or(Millis::MAX))
    }
}

/// A clock that stands until it is moved.
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Millis) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    /// Moves it on.
    pub fn advance(&self, by: Millis) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// Where random numbers come from (jitter, request ids). Secrets are made elsewhere, from the operating system.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// The next 64 bits.
    fn next(&self) -> u64;
}

/// Seeded by the operating system through the standard library's hasher keys.
#[derive(Debug, Default)]
pub struct SystemRandom {
    keys: std::collections::hash_map::RandomState,
    count: AtomicU64,
}

impl Random for SystemRandom {
    fn next(&self) -> u64 {
        use std::hash::BuildHasher;
        self.keys.hash_one(self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// Gives the same sequence for the same seed (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Debug, Default)]
pub struct FixedRandom(AtomicU64);

impl FixedRandom {
    /// Starts at a seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for FixedRandom {
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }
}

//! What open pages are told: which entities changed, and how the reading goes.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use model::RefKey;
use tokio::sync::broadcast;

use crate::index::Touched;

/// How many events a page may have missed and still catch up by its last seen number.
const KEPT: usize = 1_000;

/// Something that a page may want to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Entities appeared, changed or went. Numbers rise, with gaps; they are the same in every process that uses the
    /// database.
    Entities {
        /// The number of this event.
        seq: u64,
        /// Changed or new.
        changed: Vec<RefKey>,
        /// Gone.
        removed: Vec<RefKey>,
    },
    /// So much changed that everything must be read again.
    Everything {
        /// The number of the last change in it.
        seq: u64,
    },
    /// The status changed; read it with `Catalog::status`.
    Status,
}

/// Events missed since a number, and the ones to come.
#[derive(Debug)]
pub struct Events {
    /// The number of the newest event there was.
    pub seq: u64,
    /// What came after the number asked for, oldest first; `None` when that is longer ago than is kept, so that
    /// everything must be read again.
    pub missed: Option<Vec<Event>>,
    /// What comes from now on. A receiver that lags behind must read everything again.
    pub coming: broadcast::Receiver<Event>,
}

#[derive(Debug)]
pub(crate) struct Feed {
    kept: Mutex<Kept>,
    sender: broadcast::Sender<Event>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The newest.
    seq: u64,
    /// Whoever saw this one misses none that is not kept.
    from: u64,
    events: VecDeque<Event>,
}

impl Feed {
    /// Events up to `start` were before this process.
    pub(crate) fn starting_at(start: u64) -> Self {
        let kept = Kept { seq: start, from: start, events: VecDeque::new() };
        Self { kept: Mutex::new(kept), sender: broadcast::channel(256).0 }
    }

    /// Tells of the change with this number of the feed.
    pub(crate) fn entities(&self, seq: u64, touched: Touched) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.seq = seq;
        if touched.changed.is_empty() && touched.removed.is_empty() {
            return;
        }
        let event = Event::Entities { seq, changed: touched.changed, removed: touched.removed };
        kept.events.push_back(event.clone());
        if kept.events.len() > KEPT
            && let Some(Event::Entities { seq, .. }) = kept.events.pop_front()
        {
            kept.from = seq;
        }
        // Sent under the lock so that numbers arrive in order; an error only says that nobody listens.
        let _nobody_listens = self.sender.send(event);
    }

    /// Everything may be different: whoever comes back is told to read it all again.
    pub(crate) fn everything(&self, seq: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept { seq, from: seq, events: VecDeque::new() };
        let _nobody_listens = self.sender.send(Event::Everything { seq });
    }

    pub(crate) fn status(&self) {
        let _nobody_listens = self.sender.send(Event::Status);
    }

    pub(crate) fn since(&self, after: Option<u64>) -> Events {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = match after {
            None => Some(Vec::new()),
            Some(after) if after < kept.from || after > kept.seq => None,
            Some(after) => Some(
                kept.events
                    .iter()
                    .filter(|event| matches!(event, Event::Entities { seq, .. } if *seq > after))
                    .cloned()
                    .collect(),
            ),
        };
        Events { seq: kept.seq, missed, coming: self.sender.subscribe() }
    }
}

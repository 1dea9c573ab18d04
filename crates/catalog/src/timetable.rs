//! When a connection is read next. Webhooks tell what changes, so the less is asked the more they are trusted.

use model::Millis;

/// From one pass to the next while webhooks tell of every push. A pass is still needed for what no webhook tells: rights,
/// groups, people, topics and languages.
pub(crate) const LISTENING_PASS: Millis = 30 * 60 * 1000;
/// From one look at activity to the next while webhooks tell of it: how long a webhook that was lost stays unnoticed.
pub(crate) const LISTENING_POLL: Millis = 5 * 60 * 1000;
/// How long a webhook may be on its way after GitLab itself shows what it should tell. GitLab queues deliveries.
pub(crate) const GRACE: Millis = 30 * 1000;
/// After a token was refused: GitLab counts failed sign-ons and locks out an address that goes on.
pub(crate) const HOLD: Millis = 60 * 1000;

/// How often, as it was configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intervals {
    pub(crate) pass: Millis,
    pub(crate) poll: Millis,
}

/// The times of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timetable {
    intervals: Intervals,
    /// Do webhooks reach us for everything that is read?
    listening: bool,
    /// Since when that is not believed, and why.
    doubt: Option<(Millis, String)>,
    /// When the last pass ended; while one runs or waits to be tried again, none is due.
    passed: Option<Millis>,
    running: bool,
    /// When activity was last asked for.
    polled: Millis,
    /// When to look at what was found besides.
    look_again: Option<Millis>,
    /// Until when activity is known.
    pub(crate) known_to: Millis,
}

/// What is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) pass: bool,
    pub(crate) poll: bool,
}

impl Timetable {
    /// A pass is on its way when a connection begins.
    pub(crate) fn new(intervals: Intervals, now: Millis) -> Self {
        Self {
            intervals,
            listening: false,
            doubt: None,
            passed: None,
            running: true,
            polled: now,
            look_again: None,
            known_to: now,
        }
    }

    /// What of another one of the same connection still holds.
    pub(crate) fn keep(&mut self, before: &Self) {
        (self.listening, self.doubt) = (before.listening, before.doubt.clone());
    }

    /// Are webhooks believed to tell everything?
    pub(crate) fn trusts(&self) -> bool {
        self.listening && self.doubt.is_none()
    }

    pub(crate) fn listening(&self) -> bool {
        self.listening
    }

    pub(crate) fn doubt(&self) -> Option<(Millis, &str)> {
        self.doubt.as_ref().filter(|_| self.listening).map(|(since, why)| (*since, why.as_str()))
    }

    /// Says whether webhooks reach us. Saying it again does not dispel a doubt; only a webhook does.
    pub(crate) fn listen(&mut self, listening: bool) {
        if self.listening != listening {
            (self.listening, self.doubt) = (listening, None);
        }
    }

    pub(crate) fn believe(&mut self) {
        self.doubt = None;
    }

    pub(crate) fn doubt_it(&mut self, now: Millis, why: String) {
        self.doubt.get_or_insert((now, why));
    }

    pub(crate) fn pass_interval(&self) -> Millis {
        if self.trusts() { self.intervals.pass.max(LISTENING_PASS) } else { self.intervals.pass }
    }

    pub(crate) fn poll_interval(&self) -> Millis {
        if self.trusts() { self.intervals.poll.max(LISTENING_POLL) } else { self.intervals.poll }
    }

    pub(crate) fn pass_begins(&mut self) {
        self.running = true;
    }

    pub(crate) fn pass_ended(&mut self, now: Millis) {
        (self.running, self.passed) = (false, Some(now));
    }

    /// When the next pass begins by itself; `None` while one is on its way.
    pub(crate) fn next_pass(&self) -> Option<Millis> {
        self.passed.filter(|_| !self.running).map(|at| at.saturating_add(self.pass_interval()))
    }

    fn next_poll(&self) -> Millis {
        let usual = self.polled.saturating_add(self.poll_interval());
        self.look_again.map_or(usual, |at| at.min(usual))
    }

    pub(crate) fn look_again(&mut self, at: Millis) {
        self.look_again = Some(at);
    }

    /// What is due at `now`.
    pub(crate) fn due(&mut self, now: Millis) -> Due {
        self.not_after(now);
        Due { pass: self.next_pass().is_some_and(|at| at <= now), poll: self.next_poll() <= now }
    }

    /// Takes what is due at `now`.
    pub(crate) fn take(&mut self, now: Millis) -> Due {
        let due = self.due(now);
        if due.pass {
            self.running = true;
        }
        if due.poll {
            self.polled = now;
            self.look_again.take_if(|at| *at <= now);
        }
        due
    }

    /// Nothing happened in the future: the clock has been set back since it was noted.
    fn not_after(&mut self, now: Millis) {
        // What happened since `now` was asked for is no such thing.
        let meant = |at: Millis| if at > now.saturating_add(2_000) { now } else { at };
        self.passed = self.passed.map(meant);
        self.polled = meant(self.polled);
        self.known_to = meant(self.known_to);
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Millis {
        self.next_pass().map_or(self.next_poll(), |pass| pass.min(self.next_poll()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Millis = 60_000;
    const USUAL: Intervals = Intervals { pass: 10 * MINUTE, poll: MINUTE };

    /// Passes and polls of a day in which nothing happens.
    fn a_day(table: &mut Timetable) -> (i64, i64) {
        let (mut passes, mut polls) = (0, 0);
        let mut now = 0;
        table.pass_ended(0);
        while now < 24 * 60 * MINUTE {
            now = table.next();
            let due = table.take(now);
            polls += i64::from(due.poll);
            if due.pass {
                passes += 1;
                table.pass_ended(now);
            }
        }
        (passes, polls)
    }

    /// A pass over a thousand projects is ten pages, a tree of some groups and what they lead to.
    const PASS_COSTS: i64 = 20;
    /// Which projects were active, and how some of them look.
    const POLL_COSTS: i64 = 3;

    #[test]
    fn a_quiet_day_costs_little() {
        let mut table = Timetable::new(USUAL, 0);
        let (passes, polls) = a_day(&mut table);
        assert!(passes * PASS_COSTS + polls * POLL_COSTS <= 10 * 24 * 60, "{passes} passes and {polls} polls");
        let mut table = Timetable::new(USUAL, 0);
        table.listen(true);
        let (passes, polls) = a_day(&mut table);
        assert!(passes * PASS_COSTS + polls * POLL_COSTS <= 2 * 24 * 60, "{passes} passes and {polls} polls");
        assert!((47..=49).contains(&passes), "{passes}");
    }

    #[test]
    fn only_a_webhook_dispels_a_doubt() {
        let mut table = Timetable::new(USUAL, 0);
        table.pass_ended(1_000);
        table.listen(true);
        assert_eq!(table.next_pass(), Some(1_000 + LISTENING_PASS));
        table.doubt_it(5_000, "one was not told".to_owned());
        table.doubt_it(9_000, "another".to_owned());
        table.listen(true);
        assert_eq!(table.doubt(), Some((5_000, "one was not told")));
        assert_eq!((table.trusts(), table.next_pass()), (false, Some(1_000 + USUAL.pass)));
        table.believe();
        assert!(table.trusts());
        table.doubt_it(10_000, "again".to_owned());
        table.listen(false);
        assert_eq!(table.doubt(), None, "nothing is doubted that is not claimed");
    }

    proptest! {
        #[test]
        fn what_is_announced_comes(pass in 1..100_000_i64, poll in 1..100_000_i64, listening: bool, steps in proptest::collection::vec(1..200_000_i64, 1..20)) {
            let mut table = Timetable::new(Intervals { pass, poll }, 0);
            table.listen(listening);
            table.pass_ended(0);
            let mut now = 0;
            for step in steps {
                now += step;
                let announced = (table.next_pass(), table.next());
                let due = table.take(now);
                prop_assert_eq!(due.pass, announced.0.is_some_and(|at| at <= now));
                prop_assert_eq!(due.pass || due.poll, announced.1 <= now);
                prop_assert_eq!(due.pass, table.next_pass().is_none());
                if due.pass {
                    table.pass_ended(now);
                }
                prop_assert!(table.next() > now);
            }
        }
    }
}

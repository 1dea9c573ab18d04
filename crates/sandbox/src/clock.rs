//! The hour. One place asks the machine for the time, so that every other line of the crate can be read as a pure
//! function of the world and the request. The content of a world never comes from here: its dates are part of it.

use std::sync::atomic::{AtomicI64, Ordering};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// An instance's clock: the machine's, and so many seconds ahead of it or behind.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    /// Now, in UTC. Used for pushes, rate windows, token expiry, webhook timestamps and the `Date` header only.
    #[expect(clippy::disallowed_methods, reason = "the sandbox uses none of our crates, this is its own clock")]
    pub(crate) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + time::Duration::seconds(self.offset())
    }

    /// Seconds by which the clock is ahead.
    pub(crate) fn offset(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Puts the clock ahead by so many seconds; a year either way at most.
    pub(crate) fn shift(&self, seconds: i64) {
        const YEAR: i64 = 366 * 86_400;
        self.0.store(seconds.clamp(-YEAR, YEAR), Ordering::Relaxed);
    }
}

/// `2026-11-18T09:30:00.000Z`, GitLab's form of a time in JSON.
pub(crate) fn iso(at: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    at.to_offset(time::UtcOffset::UTC).format(&form).unwrap_or_default()
}

/// `2026-11-18T09:30:00.000+00:00`: times of commits carry their offset.
pub(crate) fn iso_offset(at: OffsetDateTime) -> String {
    let form = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory]:[offset_minute]"
    );
    at.format(&form).unwrap_or_default()
}

/// `2026-11-18T09:30:00+00:00`, the form inside a push payload.
pub(crate) fn iso_seconds(at: OffsetDateTime) -> String {
    let form = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]:[offset_minute]"
    );
    at.format(&form).unwrap_or_default()
}

/// `2026-11-18T09:30:00Z`, GraphQL's `Time`.
pub(crate) fn iso_z(at: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    at.to_offset(time::UtcOffset::UTC).format(&form).unwrap_or_default()
}

/// `2026-11-18`.
pub(crate) fn date(day: time::Date) -> String {
    day.format(&format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

/// `Wed, 18 Nov 2026 09:30:00 GMT`, for `RateLimit-ResetTime`.
pub(crate) fn http_date(at: OffsetDateTime) -> String {
    let form =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    at.to_offset(time::UtcOffset::UTC).format(&form).unwrap_or_default()
}

/// Reads a date (`2026-11-18`, taken as its midnight in UTC) or an RFC 3339 time.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(at);
    }
    let bare = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    if let Ok(at) = time::PrimitiveDateTime::parse(text, &bare) {
        return Some(at.assume_utc());
    }
    parse_date(text).map(|day| day.midnight().assume_utc())
}

/// Reads `2026-11-18`.
pub(crate) fn parse_date(text: &str) -> Option<time::Date> {
    time::Date::parse(text, &format_description!("[year]-[month]-[day]")).ok()
}

/// The instant of a Unix time in seconds; the epoch for a number that is no time.
pub(crate) fn at_unix(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

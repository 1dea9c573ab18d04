//! Times as the API writes them: RFC 3339, UTC, milliseconds.

use model::Millis;
use serde::{Serialize, Serializer};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// A point in time that serialises as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub(crate) struct Time(pub(crate) Millis);

impl Time {
    pub(crate) fn text(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|time| time.format(FORMAT).ok())
            // Beyond year 9999: visibly wrong instead of a failed answer.
            .unwrap_or_else(|| "9999-12-31T23:59:59.999Z".to_owned())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_z() {
        assert_eq!(Time(0).text(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Time(1_795_196_054_120).text(), "2026-11-20T17:34:14.120Z");
        assert_eq!(Time(i64::MAX).text(), "9999-12-31T23:59:59.999Z");
    }
}

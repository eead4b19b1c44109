//! Moments and spans: Unix milliseconds everywhere, words for people at the edge.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds in a second, a minute, an hour and a day of 24 hours.
pub const SECOND_MS: i64 = 1_000;
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment: Unix time in milliseconds, UTC. Serialized as that number.
#[derive(
    Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// The moment `ms` milliseconds later (earlier, where negative); saturates at the ends of time.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; negative where `earlier` is later.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same moment as a chrono time; moments outside chrono's years saturate.
    pub fn to_utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0)
            .single()
            .unwrap_or(if self.0 < 0 {
                DateTime::<Utc>::MIN_UTC
            } else {
                DateTime::<Utc>::MAX_UTC
            })
    }

    /// Reads RFC 3339 text (`2026-03-02T09:00:00Z`, any offset).
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| Self(at.timestamp_millis()))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

/// RFC 3339 in UTC; milliseconds only where there are any.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_round_trip() {
        for text in ["2026-03-02T09:00:00Z", "1970-01-01T00:00:00.250Z"] {
            let at = Instant::parse_rfc3339(text).expect("valid");
            assert_eq!(at.to_string(), text);
        }
        assert_eq!(
            Instant::parse_rfc3339("2026-03-02T10:00:00+01:00"),
            Instant::parse_rfc3339("2026-03-02T09:00:00Z")
        );
        assert_eq!(Instant::parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        assert_eq!(Instant(i64::MAX).plus_ms(1), Instant(i64::MAX));
        assert!(!Instant(i64::MAX).to_string().is_empty());
        assert!(!Instant(i64::MIN).to_string().is_empty());
    }
}

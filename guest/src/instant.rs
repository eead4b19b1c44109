//! Moments: Unix milliseconds, with just enough of the Gregorian calendar to read RFC 3339.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calendar::{LocalTime, date};

/// Milliseconds in a second, a minute, an hour and a day of 24 hours.
pub(crate) const SECOND_MS: i64 = 1_000;
pub(crate) const MINUTE_MS: i64 = 60 * SECOND_MS;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment: Unix time in milliseconds, UTC. Serialized as that number.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    #[must_use]
    pub fn minus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds from `earlier` to here; negative where `earlier` is later.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339 text: `2026-03-02T09:00:00Z`, `2026-03-02T10:00:00.250+01:00`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (day, rest) = text.split_at_checked(10)?;
        let mut parts = day.split('-');
        let (year, month, day) = (
            digits(parts.next()?, 4)?,
            digits(parts.next()?, 2)?,
            digits(parts.next()?, 2)?,
        );
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let (clock, rest) = rest.split_at_checked(8)?;
        let mut parts = clock.split(':');
        let (hour, minute, second) = (
            digits(parts.next()?, 2)?,
            digits(parts.next()?, 2)?,
            digits(parts.next()?, 2)?,
        );
        let (fraction_ms, zone) = fraction(rest)?;
        // RFC 3339 5.6: second 60 is a leap second, which Unix time does not count.
        let ok = (1..=12).contains(&month)
            && (1..=date::days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60;
        ok.then(|| {
            let days = date::days_from_civil(year, month, day);
            let clock_ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
            Some(Self(days * DAY_MS + clock_ms + fraction_ms - offset(zone)?))
        })?
    }
}

/// RFC 3339 in UTC, to the second.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = LocalTime::in_utc(*self);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            t.year, t.month, t.day, t.hour, t.minute, t.second
        )
    }
}

fn digits(text: &str, len: usize) -> Option<i64> {
    let ok = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    ok.then(|| text.parse().ok())?
}

/// Milliseconds of an optional `.digits`, and what follows.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(text) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let (figures, rest) = text.split_at(len);
    let ms = figures.bytes().chain(*b"000").take(3);
    let ms = ms.fold(0, |ms, b| ms * 10 + i64::from(b - b'0'));
    (len > 0).then_some((ms, rest))
}

/// Milliseconds that a zone's clock is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * HOUR_MS + minutes * MINUTE_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339() {
        let check = |text: &str, expect: Option<i64>| {
            assert_eq!(
                Instant::parse_rfc3339(text).map(|at| at.0),
                expect,
                "{text}"
            );
        };
        let monday = 1_772_442_000_000;
        check("2026-03-02T09:00:00Z", Some(monday));
        check("2026-03-02T10:00:00+01:00", Some(monday));
        check("2026-03-02 04:30:00-04:30", Some(monday));
        check("2026-03-02T09:00:00.25Z", Some(monday + 250));
        check("2026-03-02T09:00:00.123456789z", Some(monday + 123));
        check("1970-01-01T00:00:00Z", Some(0));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800_000));
        for wrong in [
            "",
            "2026-03-02",
            "2026-03-02T09:00:00",
            "2026-03-02T09:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T09:00:00.Z",
            "2026-03-02T09:00:00+1:00",
            "tomorrow at nine",
            "２０２６-03-02T09:00:00Z",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn written_as_read() {
        for text in [
            "2026-03-02T09:00:00Z",
            "1999-12-31T23:59:59Z",
            "2024-02-29T12:00:00Z",
        ] {
            let at = Instant::parse_rfc3339(text).expect("valid");
            assert_eq!(at.to_string(), text);
        }
    }
}

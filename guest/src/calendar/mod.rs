//! Time zones and business days, asked of the host: plugins carry no time-zone data.
//!
//! In a component these call the host, which answers with the tenant's calendar. **Natively** (in
//! unit tests) there is no host: every zone is then UTC, and Monday to Friday are business days.
//! Pure either way: the same question has the same answer.

pub(crate) mod date;
#[cfg(target_arch = "wasm32")]
#[path = "host.rs"]
mod source;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native.rs"]
mod source;

use std::fmt;

use crate::instant::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use crate::{Instant, PolicyError, TimeOfDay, When};

pub use source::{add_business_days, from_local, is_business_day, to_local};

/// A wall-clock time in some zone. Displayed for people: `Tuesday 3 March 2026, 14:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    pub year: i32,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

/// A question that has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarError {
    /// Not a zone of the IANA database.
    UnknownZone(String),
    /// No such date, or outside the years 1970 to 9999.
    OutOfRange(String),
}

/// The moment the host would choose for `when`, were it asked at `from`.
pub fn resolve(when: When, from: Instant, zone: &str) -> Result<Instant, CalendarError> {
    let (days, at) = match when {
        When::Now => return Ok(from),
        When::At(at) => return Ok(at),
        When::After(span) => return Ok(from.plus_ms(span.as_ms())),
        When::AfterBusinessDays { days, at } => (days, at),
    };
    let days = i32::try_from(days)
        .map_err(|_| CalendarError::OutOfRange(format!("{days} business days")))?;
    if days == 0 && is_business_day(from, zone)? {
        let today = at_time(from, at, zone)?;
        if today >= from {
            return Ok(today);
        }
    }
    at_time(add_business_days(from, days.max(1), zone)?, at, zone)
}

fn at_time(at: Instant, time: Option<TimeOfDay>, zone: &str) -> Result<Instant, CalendarError> {
    match time {
        Some(time) => from_local(to_local(at, zone)?.with_time(time), zone),
        None => Ok(at),
    }
}

impl LocalTime {
    /// Midnight of a date.
    pub fn date(year: i32, month: u8, day: u8) -> Self {
        Self {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
        }
    }

    /// The wall clock of UTC.
    pub fn in_utc(at: Instant) -> Self {
        let clock_ms = at.0.rem_euclid(DAY_MS);
        Self {
            hour: (clock_ms / HOUR_MS) as u8,
            minute: (clock_ms % HOUR_MS / MINUTE_MS) as u8,
            second: (clock_ms % MINUTE_MS / SECOND_MS) as u8,
            ..Self::of_days(at.0.div_euclid(DAY_MS))
        }
    }

    /// The same date at another time.
    #[must_use]
    pub fn with_time(self, time: TimeOfDay) -> Self {
        Self {
            hour: time.hour,
            minute: time.minute,
            second: 0,
            ..self
        }
    }

    /// The same wall-clock time, so many calendar days later (earlier, where negative).
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self {
            hour: self.hour,
            minute: self.minute,
            second: self.second,
            ..Self::of_days(self.days().saturating_add(days.into()))
        }
    }

    /// ISO 8601: Monday is 1, Sunday is 7.
    pub fn weekday(self) -> u8 {
        date::weekday(self.days()) as u8
    }

    fn days(self) -> i64 {
        date::days_from_civil(self.year.into(), self.month.into(), self.day.into())
    }

    fn of_days(days: i64) -> Self {
        let (year, month, day) = date::civil_from_days(days);
        Self::date(year as i32, month as u8, day as u8)
    }
}

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `Tuesday 3 March 2026, 14:00`. English: a template in another language formats its own.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weekday = WEEKDAYS[usize::from(self.weekday() - 1)];
        let month = MONTHS[usize::from(self.month.clamp(1, 12) - 1)];
        write!(
            f,
            "{weekday} {} {month} {}, {:02}:{:02}",
            self.day, self.year, self.hour, self.minute
        )
    }
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownZone(zone) => write!(f, "{zone:?} is no zone of the IANA database"),
            Self::OutOfRange(what) => write!(f, "out of range: {what}"),
        }
    }
}

impl std::error::Error for CalendarError {}

impl From<CalendarError> for PolicyError {
    fn from(error: CalendarError) -> Self {
        Self::Permanent(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse_rfc3339(text).expect("RFC 3339")
    }

    #[test]
    fn times_for_people() {
        let local = to_local(at("2026-03-03T14:00:00Z"), "Europe/Berlin").expect("natively UTC");
        assert_eq!(local.to_string(), "Tuesday 3 March 2026, 14:00");
        assert_eq!(
            local.plus_days(-3).to_string(),
            "Saturday 28 February 2026, 14:00"
        );
    }

    #[test]
    fn whens_are_resolved_as_the_host_does() {
        let check = |from: &str, when: When, expect: &str| {
            assert_eq!(
                resolve(when, at(from), "UTC"),
                Ok(at(expect)),
                "{when:?} from {from}"
            );
        };
        let half_past_nine = |days| When::after_business_days(days).at(TimeOfDay::new(9, 30));
        let (friday, saturday) = ("2026-03-06T14:00:00Z", "2026-03-07T14:00:00Z");
        check(friday, When::Now, friday);
        check(friday, When::after_days(1), saturday);
        check(friday, When::after_business_days(0), friday);
        check(friday, When::after_business_days(1), "2026-03-09T14:00:00Z");
        check(friday, half_past_nine(0), "2026-03-09T09:30:00Z");
        check(friday, half_past_nine(2), "2026-03-10T09:30:00Z");
        check(
            saturday,
            When::after_business_days(0),
            "2026-03-09T14:00:00Z",
        );
        check(saturday, half_past_nine(0), "2026-03-09T09:30:00Z");
        check(
            "2026-03-06T08:00:00Z",
            half_past_nine(0),
            "2026-03-06T09:30:00Z",
        );
    }

    #[test]
    fn business_days_count_both_ways() {
        let check = |days: i32, expect: &str| {
            let got = add_business_days(at("2026-03-07T14:00:00Z"), days, "UTC");
            assert_eq!(got, Ok(at(expect)), "{days}");
        };
        check(0, "2026-03-07T14:00:00Z");
        check(1, "2026-03-09T14:00:00Z");
        check(6, "2026-03-16T14:00:00Z");
        check(-1, "2026-03-06T14:00:00Z");
        check(-6, "2026-02-27T14:00:00Z");
        assert!(add_business_days(at("2026-03-07T14:00:00Z"), i32::MAX, "UTC").is_err());
    }
}

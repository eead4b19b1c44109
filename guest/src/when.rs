//! When something should happen: said in words, resolved by the host in the contact's time zone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Instant;
use crate::instant::{DAY_MS, HOUR_MS, MINUTE_MS};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// As soon as the guardrails allow.
    #[default]
    Now,
    At(Instant),
    After(Span),
    /// Counted in the contact's time zone with the tenant's calendar; 0 days means today, or the
    /// next business day if today is none. Without a time of day: at the current one. A moment
    /// already past moves to the next business day.
    AfterBusinessDays {
        days: u32,
        at: Option<TimeOfDay>,
    },
}

impl When {
    pub fn after_minutes(minutes: u32) -> Self {
        Self::After(Span::minutes(minutes))
    }

    pub fn after_hours(hours: u32) -> Self {
        Self::After(Span::hours(hours))
    }

    /// Days of 24 hours.
    pub fn after_days(days: u32) -> Self {
        Self::After(Span::days(days))
    }

    pub fn after_business_days(days: u32) -> Self {
        Self::AfterBusinessDays { days, at: None }
    }

    /// At a time of that business day: a [`TimeOfDay`] or an `Option` of one. The other kinds of
    /// `When` are moments already and stay as they are.
    #[must_use]
    pub fn at(self, time: impl Into<Option<TimeOfDay>>) -> Self {
        match self {
            Self::AfterBusinessDays { days, .. } => Self::AfterBusinessDays {
                days,
                at: time.into(),
            },
            moment => moment,
        }
    }
}

/// A local wall-clock time, 24 hours. In configuration: `"09:30"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    pub(crate) hour: u8,
    pub(crate) minute: u8,
}

impl TimeOfDay {
    /// For literals in code; panics where there is no such time.
    pub const fn new(hour: u8, minute: u8) -> Self {
        assert!(hour < 24 && minute < 60, "hour 0 to 23, minute 0 to 59");
        Self { hour, minute }
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str, end: u8| {
            let two = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|n| two && *n < end)
        };
        text.split_once(':')
            .and_then(|(hour, minute)| {
                Some(Self {
                    hour: number(hour, 24)?,
                    minute: number(minute, 60)?,
                })
            })
            .ok_or_else(|| format!("{text:?} is no time of day: write it like 09:30"))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// The longest span, in its unit.
const SPAN_MAX: u32 = 9_999;

/// A length of time. In configuration: `"30m"`, `"12h"`, `"3d"` (days of 24 hours).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    ms: i64,
}

impl Span {
    /// A negative length is none.
    pub fn from_ms(ms: i64) -> Self {
        Self { ms: ms.max(0) }
    }

    /// Days of 24 hours.
    pub fn days(days: u32) -> Self {
        Self::from_ms(i64::from(days) * DAY_MS)
    }

    pub fn hours(hours: u32) -> Self {
        Self::from_ms(i64::from(hours) * HOUR_MS)
    }

    pub fn minutes(minutes: u32) -> Self {
        Self::from_ms(i64::from(minutes) * MINUTE_MS)
    }

    pub fn as_ms(self) -> i64 {
        self.ms
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unit_ms = match text.chars().last() {
            Some('m') => MINUTE_MS,
            Some('h') => HOUR_MS,
            Some('d') => DAY_MS,
            _ => 0,
        };
        text.get(..text.len().saturating_sub(1))
            .filter(|figures| unit_ms > 0 && figures.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|figures| figures.parse::<u32>().ok())
            .filter(|n| *n <= SPAN_MAX)
            .map(|n| Self::from_ms(i64::from(n) * unit_ms))
            .ok_or_else(|| format!("{text:?} is no length of time: write it like 30m, 12h or 3d"))
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

/// In the largest unit that divides it; less than a minute is dropped.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ms {
            ms if ms > 0 && ms % DAY_MS == 0 => write!(f, "{}d", ms / DAY_MS),
            ms if ms > 0 && ms % HOUR_MS == 0 => write!(f, "{}h", ms / HOUR_MS),
            ms => write!(f, "{}m", ms / MINUTE_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        let check = |text: &str, expect: Option<(u8, u8)>| {
            let got: Result<TimeOfDay, _> = text.parse();
            assert_eq!(
                got.ok(),
                expect.map(|(h, m)| TimeOfDay::new(h, m)),
                "{text:?}"
            );
        };
        check("09:30", Some((9, 30)));
        check("00:00", Some((0, 0)));
        check("23:59", Some((23, 59)));
        for wrong in ["", "9:30", "24:00", "12:60", "+9:30", "09:30:00", "0930"] {
            check(wrong, None);
        }
    }

    #[test]
    fn spans() {
        let check = |text: &str, expect: Option<i64>| {
            let got: Result<Span, _> = text.parse();
            assert_eq!(got.map(Span::as_ms).ok(), expect, "{text:?}");
        };
        check("30m", Some(30 * MINUTE_MS));
        check("12h", Some(12 * HOUR_MS));
        check("3d", Some(3 * DAY_MS));
        check("0m", Some(0));
        for wrong in ["", "m", "3", "3w", "-3d", "+3d", "10000d", "3 d", "é"] {
            check(wrong, None);
        }
        for text in ["30m", "12h", "3d", "0m"] {
            assert_eq!(text.parse::<Span>().map(String::from), Ok(text.to_owned()));
        }
    }
}

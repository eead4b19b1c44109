//! Caps: so many touches in so much time, by the calendar (`3/day`) or rolling (`5/7d`).
//!
//! In: the moments that count, done and promised, and a moment at which one more might go. Out: the
//! first moment from there on at which one more breaks no cap. Promised moments may lie ahead, so a
//! cap looks both ways.

use std::fmt;
use std::ops::Range;

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use crate::calendar::{first_of_date, to_local};
use crate::domain::Instant;
use crate::domain::instant::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The most that a cap may allow.
pub const COUNT_MAX: u32 = 1_000_000;

/// The longest rolling span: a year.
pub const SPAN_MAX_MS: i64 = 366 * DAY_MS;

/// The most caps of one kind.
pub const CAPS_MAX: usize = 16;

/// How many periods in a row may be full before a cap gives no answer.
const PERIODS_MAX: usize = 400;

/// So many in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub count: u32,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Dates of the zone that the cap is counted in; a week begins on Monday (ISO 8601).
    Day,
    Week,
    Month,
    /// Any stretch of that length, both of whose ends may not be touched at once.
    Rolling {
        ms: i64,
    },
}

/// How a cap is written.
pub const GRAMMAR: &str = "write \"3/day\", \"10/week\", \"20/month\" (by the calendar) or \"5/7d\", \"2/24h\", \"1/10m\" (rolling)";

impl Cap {
    /// None where the text is no cap: `GRAMMAR`.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, span) = text.trim().split_once('/')?;
        let count = digits(count)?;
        let span = match span.trim() {
            "day" => Span::Day,
            "week" => Span::Week,
            "month" => Span::Month,
            rolling => {
                let unit = rolling.chars().next_back()?;
                let unit_ms = match unit {
                    'm' => MINUTE_MS,
                    'h' => HOUR_MS,
                    'd' => DAY_MS,
                    _ => return None,
                };
                let ms = i64::from(digits(&rolling[..rolling.len() - 1])?).checked_mul(unit_ms)?;
                (ms <= SPAN_MAX_MS).then_some(Span::Rolling { ms })?
            }
        };
        (count <= COUNT_MAX).then_some(Self { count, span })
    }

    /// The first moment from `at` on at which one more touch leaves no span with more than `count`.
    /// `touches` are sorted. None where there is none in reach.
    pub(super) fn room(self, touches: &[Instant], zone: Tz, at: Instant) -> Option<Instant> {
        match self.span {
            Span::Rolling { ms } => Some(rolling(touches, self.count as usize, ms, at)),
            Span::Day | Span::Week | Span::Month => {
                self.room_by_calendar(touches, zone, at, |_| self.count)
            }
        }
    }

    /// As `room`, with a count that depends on the date on which the period begins.
    pub(super) fn room_by_calendar(
        self,
        touches: &[Instant],
        zone: Tz,
        at: Instant,
        count: impl Fn(NaiveDate) -> u32,
    ) -> Option<Instant> {
        let mut at = at;
        for _ in 0..PERIODS_MAX {
            let (first, period) = self.period(at, zone)?;
            let before = |end: Instant| touches.partition_point(|touch| *touch < end);
            let used = before(period.end) - before(period.start);
            if used < count(first) as usize {
                return Some(at);
            }
            at = period.end;
        }
        None
    }

    /// The period that `at` lies in, and its first date.
    fn period(self, at: Instant, zone: Tz) -> Option<(NaiveDate, Range<Instant>)> {
        let from = |first: NaiveDate| {
            let start = first_of_date(first, zone).ok()?;
            let end = first_of_date(self.next_date(first)?, zone).ok()?;
            Some((first, start..end))
        };
        let first = self.first_date(to_local(at, zone).ok()?.date());
        let (first, period) = from(first)?;
        if period.end > at {
            return Some((first, period));
        }
        // A clock that went back over midnight shows the old date once more: that hour is the new one's.
        from(self.next_date(first)?)
    }

    fn first_date(self, date: NaiveDate) -> NaiveDate {
        match self.span {
            Span::Week => {
                let into = date.weekday().num_days_from_monday();
                date.checked_sub_days(Days::new(into.into()))
                    .unwrap_or(date)
            }
            Span::Month => date.with_day(1).unwrap_or(date),
            Span::Day | Span::Rolling { .. } => date,
        }
    }

    fn next_date(self, first: NaiveDate) -> Option<NaiveDate> {
        match self.span {
            Span::Week => first.checked_add_days(Days::new(7)),
            Span::Month => first.checked_add_months(Months::new(1)),
            Span::Day | Span::Rolling { .. } => first.checked_add_days(Days::new(1)),
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count;
        match self.span {
            Span::Day => write!(f, "{count}/day"),
            Span::Week => write!(f, "{count}/week"),
            Span::Month => write!(f, "{count}/month"),
            Span::Rolling { ms } => match [(DAY_MS, 'd'), (HOUR_MS, 'h')]
                .into_iter()
                .find(|(unit_ms, _)| ms % unit_ms == 0)
            {
                Some((unit_ms, unit)) => write!(f, "{count}/{}{unit}", ms / unit_ms),
                None => write!(f, "{count}/{}m", ms / MINUTE_MS),
            },
        }
    }
}

/// The first moment from `at` on that is in no stretch shorter than `ms` with `count` touches in it.
///
/// `count` touches in a row that lie closer than `ms` together shut the time from `ms` before the last
/// of them to `ms` after the first. Both ends move forward from row to row, so one pass finds the
/// answer. With a count of 1 this is a minimum gap to both sides.
pub(super) fn rolling(touches: &[Instant], count: usize, ms: i64, at: Instant) -> Instant {
    let mut at = at;
    let long_past = touches.partition_point(|touch| touch.plus_ms(ms) <= at);
    for row in touches[long_past..].windows(count.max(1)) {
        let (Some(first), Some(last)) = (row.first(), row.last()) else {
            continue;
        };
        if last.plus_ms(-ms) >= at {
            break;
        }
        if last.since_ms(*first) < ms && at < first.plus_ms(ms) {
            at = first.plus_ms(ms);
        }
    }
    at
}

/// A number without sign and not zero.
fn digits(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cap(text: &str) -> Cap {
        Cap::parse(text).expect(text)
    }

    #[test]
    fn caps_are_read_and_written() {
        for text in [
            "3/day",
            "10/week",
            "20/month",
            "5/7d",
            "2/24h",
            "1/10m",
            "1000000/366d",
        ] {
            let shown = cap(text).to_string();
            assert_eq!(cap(&shown), cap(text), "{text} {shown}");
        }
        assert_eq!(cap("2/24h").to_string(), "2/1d");
        for text in [
            "",
            "3",
            "0/day",
            "3/0d",
            "/day",
            "3/",
            "3/year",
            "-1/day",
            "+1/day",
            "1/367d",
            "3/5",
            "1000001/day",
            "3/4294967295d",
            "1/é",
        ] {
            assert_eq!(Cap::parse(text), None, "{text}");
        }
    }

    fn at(text: &str) -> Instant {
        Instant::parse_rfc3339(text).expect("RFC 3339")
    }

    #[test]
    fn the_first_moment_with_room() {
        let check = |text: &str, touches: &[&str], from: &str, expect: &str| {
            let touches: Vec<Instant> = touches.iter().map(|touch| at(touch)).collect();
            let got = cap(text)
                .room(&touches, Tz::Europe__Berlin, at(from))
                .expect("room");
            assert_eq!(got, at(expect), "{text} {touches:?} from {from}: {got}");
        };
        let monday = "2026-03-02T10:00:00Z";
        check("1/day", &[], monday, monday);
        check("2/day", &[monday], monday, monday);
        check("1/day", &[monday], monday, "2026-03-02T23:00:00Z");
        // By the calendar, eleven at night and midnight are two days (Berlin is an hour ahead).
        check(
            "1/day",
            &["2026-03-02T22:00:00Z"],
            "2026-03-02T23:00:00Z",
            "2026-03-02T23:00:00Z",
        );
        check(
            "1/24h",
            &["2026-03-02T22:00:00Z"],
            "2026-03-02T23:00:00Z",
            "2026-03-03T22:00:00Z",
        );
        check(
            "1/week",
            &["2026-03-05T10:00:00Z"],
            monday,
            "2026-03-08T23:00:00Z",
        );
        check(
            "1/month",
            &["2026-03-30T10:00:00Z"],
            monday,
            "2026-03-31T22:00:00Z",
        );
        // One that is promised for later counts already.
        check(
            "1/24h",
            &["2026-03-03T09:00:00Z"],
            monday,
            "2026-03-04T09:00:00Z",
        );
        check("1/24h", &["2026-03-03T10:00:00Z"], monday, monday);
        check(
            "2/7d",
            &["2026-03-01T10:00:00Z", "2026-03-03T10:00:00Z"],
            monday,
            "2026-03-08T10:00:00Z",
        );
        check(
            "1/1m",
            &[monday],
            "2026-03-02T10:00:30Z",
            "2026-03-02T10:01:00Z",
        );
    }

    /// The most touches in any span of the cap.
    fn fullest(cap: Cap, touches: &[Instant], zone: Tz) -> usize {
        let period = |at: &Instant| cap.first_date(to_local(*at, zone).expect("in range").date());
        let together = |one: &Instant, touch: &Instant| match cap.span {
            Span::Rolling { ms } => (0..ms).contains(&touch.since_ms(*one)),
            Span::Day | Span::Week | Span::Month => period(touch) == period(one),
        };
        let count_around =
            |one: &Instant| touches.iter().filter(|touch| together(one, touch)).count();
        touches.iter().map(count_around).max().unwrap_or(0)
    }

    fn any_cap() -> impl Strategy<Value = Cap> {
        let span = prop_oneof![
            Just(Span::Day),
            Just(Span::Week),
            Just(Span::Month),
            (1i64..200).prop_map(|hours| Span::Rolling {
                ms: hours * HOUR_MS
            }),
        ];
        (1u32..6, span).prop_map(|(count, span)| Cap { count, span })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever order touches are asked for in, the cap holds, and no earlier hour had room.
        #[test]
        fn a_cap_is_never_exceeded(
            cap in any_cap(), asked in proptest::collection::vec(0i64..1_000, 1..25), zone in 0usize..chrono_tz::TZ_VARIANTS.len(),
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let start = at("2026-02-20T00:00:00Z");
            let mut touches: Vec<Instant> = Vec::new();
            for hour in asked {
                let wanted = start.plus_ms(hour * HOUR_MS);
                let given = cap.room(&touches, zone, wanted).expect("room within the year");
                prop_assert!(given >= wanted);
                prop_assert_eq!(cap.room(&touches, zone, given), Some(given), "asked again, the same answer");
                let with = |at: Instant| {
                    let mut all = touches.clone();
                    all.insert(all.partition_point(|touch| *touch <= at), at);
                    all
                };
                let earlier = std::iter::successors(Some(wanted), |at| Some(at.plus_ms(HOUR_MS)))
                    .take_while(|at| *at < given)
                    .take(200);
                for earlier in earlier {
                    prop_assert!(fullest(cap, &with(earlier), zone) > cap.count as usize, "{} had room at {}", cap, earlier);
                }
                touches = with(given);
                prop_assert!(fullest(cap, &touches, zone) <= cap.count as usize, "{} in {}: {:?}", cap, zone, touches);
            }
        }
    }
}

//! Named days that people know, then rules that hold in every zone of the database.

use chrono::{NaiveDateTime, NaiveTime, Timelike};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

use super::*;
use crate::domain::decision::TimeOfDay;

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).expect("RFC 3339")
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().expect("local time")
}

fn tz(name: &str) -> Tz {
    named(name).expect("zone")
}

/// Monday to Friday in Berlin, with Easter of 2026 off.
fn berlin() -> Calendar {
    let holidays = ["2026-04-03", "2026-04-06"].map(|day| day.parse().expect("date"));
    let week = Calendar::default().working;
    Calendar::new(Tz::Europe__Berlin, week, holidays.into())
}

fn after(days: u32, time: Option<(u8, u8)>) -> When {
    When::AfterBusinessDays {
        days,
        at: time.map(|(hour, minute)| TimeOfDay { hour, minute }),
    }
}

#[test]
fn local_times_and_back() {
    let check = |zone: &str, wall: &str, expect: &str| {
        assert_eq!(
            from_local(local(wall), tz(zone)),
            Ok(at(expect)),
            "{wall} in {zone}"
        );
    };
    check(
        "Europe/Berlin",
        "2026-01-15T09:00:00",
        "2026-01-15T08:00:00Z",
    );
    check(
        "Europe/Berlin",
        "2026-07-15T09:00:00",
        "2026-07-15T07:00:00Z",
    );
    // Skipped: 02:30 becomes 03:30.
    check(
        "Europe/Berlin",
        "2026-03-29T02:30:00",
        "2026-03-29T01:30:00Z",
    );
    // Twice: the first.
    check(
        "Europe/Berlin",
        "2026-10-25T02:30:00",
        "2026-10-25T00:30:00Z",
    );
    check(
        "America/New_York",
        "2026-03-08T02:15:00",
        "2026-03-08T07:15:00Z",
    );
    // Half an hour of daylight saving.
    check(
        "Australia/Lord_Howe",
        "2026-10-04T02:10:00",
        "2026-10-03T15:40:00Z",
    );
    // Samoa went over the date line: 30 December 2011 never was.
    check(
        "Pacific/Apia",
        "2011-12-30T12:00:00",
        "2011-12-30T22:00:00Z",
    );
    // Midnight itself is skipped.
    check(
        "Africa/Cairo",
        "2026-04-24T00:00:00",
        "2026-04-23T22:00:00Z",
    );
}

#[test]
fn business_days() {
    let check = |now: &str, when: When, expect: &str| {
        let got = berlin().resolve(when, at(now), Tz::Europe__Berlin);
        assert_eq!(got, at(expect), "{when:?} from {now} gives {got}");
    };
    // Wednesday before Easter, 10:00 in Berlin.
    let wednesday = "2026-04-01T08:00:00Z";
    check(wednesday, after(0, None), wednesday);
    check(wednesday, after(0, Some((15, 30))), "2026-04-01T13:30:00Z");
    check(wednesday, after(0, Some((10, 0))), wednesday);
    check(wednesday, after(0, Some((9, 0))), "2026-04-02T07:00:00Z");
    check(wednesday, after(1, None), "2026-04-02T08:00:00Z");
    check(wednesday, after(2, None), "2026-04-07T08:00:00Z");
    check(wednesday, after(2, Some((9, 0))), "2026-04-07T07:00:00Z");
    // Saturday counts as no day: the first business day is Monday.
    let saturday = "2026-05-02T10:00:00Z";
    check(saturday, after(0, None), "2026-05-04T10:00:00Z");
    check(saturday, after(0, Some((9, 0))), "2026-05-04T07:00:00Z");
    check(saturday, after(1, None), "2026-05-04T10:00:00Z");
    // Over the clock change the wall shows the same time.
    check(
        "2026-03-27T08:00:00Z",
        after(1, None),
        "2026-03-30T07:00:00Z",
    );
    // The hour that happens twice, second time: now is now, not an hour ago.
    let berlin_every_day = Calendar {
        working: [true; 7],
        ..berlin()
    };
    let twice = at("2026-10-25T01:30:00Z");
    assert_eq!(
        berlin_every_day.resolve(after(0, None), twice, Tz::Europe__Berlin),
        twice
    );
}

#[test]
fn business_days_backwards() {
    let check = |days: i32, expect: &str| {
        let got = berlin().add_business_days(at("2026-04-07T08:00:00Z"), days, Tz::Europe__Berlin);
        assert_eq!(got, Ok(at(expect)), "{days}");
    };
    check(0, "2026-04-07T08:00:00Z");
    check(-1, "2026-04-02T08:00:00Z");
    check(-4, "2026-03-30T08:00:00Z");
    check(1, "2026-04-08T08:00:00Z");
}

#[test]
fn ends_of_time_and_hopeless_calendars() {
    let calendar = Calendar::default();
    let never = Calendar {
        working: [false; 7],
        ..Calendar::default()
    };
    let now = at("2026-04-01T08:00:00Z");
    let check = |calendar: &Calendar, when: When, expect: Instant| {
        assert_eq!(calendar.resolve(when, now, Tz::UTC), expect, "{when:?}");
    };
    check(&calendar, When::AfterMs(u64::MAX), LATEST);
    check(&calendar, When::At(Instant(i64::MIN)), EARLIEST);
    check(&calendar, When::At(Instant(i64::MAX)), LATEST);
    check(&calendar, after(u32::MAX, None), LATEST);
    check(&calendar, after(1, Some((24, 0))), LATEST);
    check(&never, after(0, None), LATEST);

    let out = |result: Result<Instant, Error>| assert!(matches!(result, Err(Error::OutOfRange(_))));
    out(calendar.add_business_days(now, i32::MIN, Tz::UTC));
    out(calendar.add_business_days(EARLIEST, -1, Tz::UTC));
    out(calendar.add_business_days(LATEST, 1, Tz::UTC));
    out(never.add_business_days(now, 1, Tz::UTC));
    out(from_local(NaiveDateTime::MAX, Tz::Pacific__Kiritimati));
    out(from_local(NaiveDateTime::MIN, Tz::Etc__GMTMinus14));
    assert!(to_local(Instant(-1), Tz::UTC).is_err());
    assert!(to_local(Instant(i64::MAX), Tz::UTC).is_err());
}

#[test]
fn zones_by_name() {
    let calendar = berlin();
    assert_eq!(calendar.zone(Some("Asia/Tokyo")), Tz::Asia__Tokyo);
    assert_eq!(calendar.zone(Some("Mars/Olympus")), Tz::Europe__Berlin);
    assert_eq!(calendar.zone(None), Tz::Europe__Berlin);
    assert!(matches!(named("Mars/Olympus"), Err(Error::UnknownZone(_))));
}

/// The gap that `wall` falls into, as seconds; 0 for a time that exists.
fn gap_seconds(wall: NaiveDateTime, zone: Tz) -> i64 {
    let shown = to_local(from_local(wall, zone).expect("in range"), zone).expect("in range");
    (shown - wall).num_seconds()
}

/// Moments from 1971 to 2100, where the database knows of clock changes.
fn moment() -> impl Strategy<Value = Instant> {
    (31_536_000i64..4_102_444_800).prop_map(|second| Instant(second * 1_000))
}

/// Moments within a day and a half of a clock change of the zone, found by halving.
fn near_change(zone: Tz, from: Instant, nudge_seconds: i64) -> Option<Instant> {
    let offset = |at: Instant| to_local(at, zone).expect("in range") - at.to_utc().naive_utc();
    let (mut low, mut high) = (from, from.plus_ms(200 * 86_400_000));
    if offset(low) == offset(high) {
        return None;
    }
    while high.since_ms(low) > 1_000 {
        let middle = Instant(low.0.midpoint(high.0));
        if offset(middle) == offset(low) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(Instant(high.0 / 1_000 * 1_000).plus_ms(nudge_seconds * 1_000))
}

fn holds_in(zone: Tz, now: Instant, days: u32, minute_of_day: u32) {
    let wall = to_local(now, zone).expect("in range");

    // Round trip: the same moment, or the earlier of two that show the same time.
    let back = from_local(wall, zone).expect("in range");
    assert!(back <= now, "{zone} {now}: {back}");
    assert_eq!(to_local(back, zone), Ok(wall), "{zone} {now}");

    // Gaps move forward, never back, and never further than the date line.
    assert!(
        (0..=86_400).contains(&gap_seconds(wall, zone)),
        "{zone} {wall}"
    );

    let calendar = Calendar::default();
    let time =
        NaiveTime::from_num_seconds_from_midnight_opt(minute_of_day * 60, 0).expect("in a day");
    let asked = Some((time.hour() as u8, time.minute() as u8));
    let got = calendar.resolve(after(days, asked), now, zone);
    assert!(got >= now, "{zone} {now}: {got} is past");
    assert!(
        got <= calendar.resolve(after(days + 1, asked), now, zone),
        "{zone} {now}: not monotonic"
    );
    let shown = to_local(got, zone).expect("in range");
    // Only a gap may change what was asked: taken back by its length (minutes or, on the date line,
    // a whole day), the wall shows the asked time of a working day.
    let moved = shown.time() - time;
    let moved = moved.num_seconds().rem_euclid(86_400);
    let as_asked = [moved, moved + 86_400].into_iter().any(|moved| {
        let wall = shown - chrono::TimeDelta::seconds(moved);
        gap_seconds(wall, zone) == moved && calendar.is_working_date(wall.date())
    });
    assert!(as_asked, "{zone} {now}: {shown} for {time}");
}

/// A day begins where the wall first shows its date, and the days leave no moment out.
fn days_follow_each_other(zone: Tz, at: Instant) {
    let date = to_local(at, zone).expect("in range").date();
    let first = first_of_date(date, zone).expect("in range");
    let next = first_of_date(date.succ_opt().expect("in range"), zone).expect("in range");
    let shown = |at: Instant| to_local(at, zone).expect("in range").date();
    assert_eq!(shown(first), date, "{zone} {at}");
    assert!(shown(first.plus_ms(-1)) < date, "{zone} {at}");
    assert!(
        shown(next) > date && shown(next.plus_ms(-1)) <= date,
        "{zone} {at}"
    );
    assert!(first <= at && first < next, "{zone} {at}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_hold_in_every_zone(now in moment(), days in 0u32..30, minute in 0u32..1_440) {
        for zone in TZ_VARIANTS {
            holds_in(zone, now, days, minute);
            days_follow_each_other(zone, now);
        }
    }

    #[test]
    fn rules_hold_around_clock_changes(
        from in moment(), nudge in -130_000i64..130_000, days in 0u32..4, minute in 0u32..1_440,
    ) {
        for zone in TZ_VARIANTS {
            if let Some(now) = near_change(zone, from, nudge) {
                holds_in(zone, now, days, minute);
                days_follow_each_other(zone, now);
            }
        }
    }

    #[test]
    fn nothing_panics(at in any::<i64>(), days in any::<i32>(), ms in any::<u64>(), hour in any::<u8>(), minute in any::<u8>()) {
        let calendar = Calendar::default();
        let zone = Tz::Pacific__Kiritimati;
        let now = Instant(at);
        let _ = calendar.add_business_days(now, days, zone);
        for when in [When::At(now), When::AfterMs(ms), after(days.unsigned_abs(), Some((hour, minute))), after(0, None)] {
            let got = calendar.resolve(when, now, zone);
            prop_assert!((EARLIEST..=LATEST).contains(&got));
        }
    }
}

//! Holidays from a calendar file (iCalendar, RFC 5545), as people export them.
//!
//! In: the file's text. Out: the dates of its all-day events, and a warning for each event that
//! could not be taken over. Understood are single days, spans of days (`DTEND` is the first day that
//! is not off: 3.6.1 "the non-inclusive end of the event"), and `RRULE:FREQ=YEARLY` with `INTERVAL`,
//! `COUNT`, `UNTIL` and `EXDATE`, up to the last year of `holidays::YEARS`.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use icalendar::parser::{Component, read_calendar, unfold};

use super::holidays::YEARS;

/// The largest calendar file, in bytes.
pub const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// The most events of one file.
pub const EVENTS_MAX: usize = 5_000;

/// The longest span of one event.
pub const EVENT_DAYS_MAX: u32 = 366;

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub dates: BTreeSet<NaiveDate>,
    /// One sentence per event that is left out, naming it.
    pub warnings: Vec<String>,
}

/// Reads a file. The error says why it is no calendar.
pub fn read(text: &str) -> Result<Found, String> {
    if text.len() as u64 > FILE_MAX_BYTES {
        return Err(format!(
            "is {} bytes long, {FILE_MAX_BYTES} allowed",
            text.len()
        ));
    }
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    let calendar = read_calendar(&unfolded)
        .map_err(|error| format!("is no iCalendar file ({})", first_line(&error)))?;
    let events: Vec<_> = calendar
        .components
        .iter()
        .filter(|component| component.name.as_str() == "VEVENT")
        .collect();
    if events.is_empty() {
        return Err("has no event (VEVENT)".to_owned());
    }
    if events.len() > EVENTS_MAX {
        return Err(format!("has {} events, {EVENTS_MAX} allowed", events.len()));
    }
    let mut found = Found::default();
    for event in events {
        match days_off(event) {
            Ok(dates) => found.dates.extend(dates),
            Err(why) => found
                .warnings
                .push(format!("event {:?} is left out: {why}", name(event))),
        }
    }
    Ok(found)
}

fn days_off(event: &Component<'_>) -> Result<Vec<NaiveDate>, String> {
    if value(event, "STATUS").is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
        return Ok(Vec::new());
    }
    let start = value(event, "DTSTART").ok_or("it has no DTSTART")?;
    let start = date(start).ok_or("it is not an all-day event: give DTSTART a date alone")?;
    let days = length(event, start)?;
    let first_days = match value(event, "RRULE") {
        None => vec![start],
        Some(rule) => Yearly::parse(rule, start)?.from(start),
    };
    let except = excepted(event);
    Ok(first_days
        .into_iter()
        .filter(|first| !except.contains(first))
        .flat_map(|first| first.iter_days().take(days as usize))
        .collect())
}

/// How many days the event takes.
fn length(event: &Component<'_>, start: NaiveDate) -> Result<u32, String> {
    let days = match (value(event, "DTEND"), value(event, "DURATION")) {
        (Some(end), _) => {
            let end = date(end).ok_or("its DTEND is not a date alone")?;
            // Some calendars write the day itself; 3.8.2.2 wants it "later in time".
            if end == start {
                1
            } else {
                (end - start).num_days()
            }
        }
        (None, Some(duration)) => duration
            .strip_prefix('P')
            .and_then(|duration| match duration.strip_suffix('W') {
                Some(weeks) => weeks.parse::<i64>().ok()?.checked_mul(7),
                None => duration.strip_suffix('D')?.parse().ok(),
            })
            .ok_or("its DURATION is not in whole days (P2D) or weeks (P1W)")?,
        (None, None) => 1,
    };
    u32::try_from(days)
        .ok()
        .filter(|days| (1..=EVENT_DAYS_MAX).contains(days))
        .ok_or_else(|| format!("it takes {days} days, 1 to {EVENT_DAYS_MAX} allowed"))
}

/// A rule that repeats the same date every so many years.
struct Yearly {
    interval: u32,
    count: u32,
    until: Option<NaiveDate>,
}

impl Yearly {
    fn parse(rule: &str, start: NaiveDate) -> Result<Self, String> {
        let wrong = || {
            format!(
                "its RRULE {rule:?} is more than FREQ=YEARLY with INTERVAL, COUNT or UNTIL: write the dates out"
            )
        };
        let mut yearly = Self {
            interval: 1,
            count: u32::MAX,
            until: None,
        };
        let mut is_yearly = false;
        for part in rule.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(wrong)?;
            let number = || value.parse::<u32>().ok().filter(|number| *number > 0);
            match key.to_ascii_uppercase().as_str() {
                "FREQ" if value.eq_ignore_ascii_case("YEARLY") => is_yearly = true,
                "INTERVAL" => yearly.interval = number().ok_or_else(wrong)?,
                "COUNT" => yearly.count = number().ok_or_else(wrong)?,
                "UNTIL" => {
                    let day = value.get(..8).and_then(date).ok_or_else(wrong)?;
                    yearly.until = Some(day);
                }
                // Many calendars repeat in the rule what DTSTART says.
                "BYMONTH" if number() == Some(start.month()) => {}
                "BYMONTHDAY" if number() == Some(start.day()) => {}
                // Where the week begins makes no difference to a date of the year.
                "WKST" => {}
                _ => return Err(wrong()),
            }
        }
        if is_yearly { Ok(yearly) } else { Err(wrong()) }
    }

    /// 3.3.10: "Recurrence rules may generate recurrence instances with an invalid date (e.g.,
    /// February 30) ... such recurrence instances MUST be ignored and MUST NOT be counted".
    fn from(&self, start: NaiveDate) -> Vec<NaiveDate> {
        (start.year()..=*YEARS.end())
            .step_by(self.interval as usize)
            .filter_map(|year| start.with_year(year))
            .take(self.count as usize)
            .take_while(|date| self.until.is_none_or(|until| *date <= until))
            .collect()
    }
}

fn excepted(event: &Component<'_>) -> BTreeSet<NaiveDate> {
    event
        .properties
        .iter()
        .filter(|property| property.name.as_str() == "EXDATE")
        .flat_map(|property| property.val.as_str().split(','))
        .filter_map(|text| date(text.get(..8)?))
        .collect()
}

fn value<'a>(event: &'a Component<'_>, name: &str) -> Option<&'a str> {
    let property = event
        .properties
        .iter()
        .find(|property| property.name.as_str() == name)?;
    Some(property.val.as_str().trim())
}

/// `20261225`; a date with a time is none. A whole day in local time is taken for the day.
fn date(text: &str) -> Option<NaiveDate> {
    let day = text.strip_suffix("T000000").unwrap_or(text);
    let written = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    written
        .then(|| NaiveDate::parse_from_str(day, "%Y%m%d").ok())
        .flatten()
}

fn name(event: &Component<'_>) -> String {
    value(event, "SUMMARY")
        .or_else(|| value(event, "UID"))
        .unwrap_or("without a name")
        .chars()
        .take(80)
        .collect()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(events: &[&str]) -> String {
        let event = |lines| format!("BEGIN:VEVENT\nUID:1\nSUMMARY:Off\n{lines}\nEND:VEVENT\n");
        let events: Vec<String> = events.iter().map(event).collect();
        let events = events.concat();
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{events}END:VCALENDAR\n")
            .replace('\n', "\r\n")
    }

    fn check(event: &str, expect: &[&str]) {
        let found = read(&file(&[event])).expect(event);
        let dates: Vec<String> = found.dates.iter().map(ToString::to_string).collect();
        assert_eq!(found.warnings, [""; 0], "{event}");
        assert_eq!(dates, expect, "{event}");
    }

    #[test]
    fn days_spans_and_years() {
        check("DTSTART;VALUE=DATE:20261224", &["2026-12-24"]);
        check(
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261225",
            &["2026-12-24"],
        );
        check(
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224",
            &["2026-12-24"],
        );
        check(
            "DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270103",
            &["2026-12-31", "2027-01-01", "2027-01-02"],
        );
        check(
            "DTSTART;VALUE=DATE:20261230\nDURATION:P2D",
            &["2026-12-30", "2026-12-31"],
        );
        check(
            "DTSTART;TZID=Europe/Berlin:20261224T000000",
            &["2026-12-24"],
        );
        check(
            "DTSTART;VALUE=DATE:20340501\nRRULE:FREQ=YEARLY",
            &["2034-05-01", "2035-05-01", "2036-05-01", "2037-05-01"],
        );
        check(
            "DTSTART;VALUE=DATE:20300501\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=3;WKST=MO",
            &["2030-05-01", "2032-05-01", "2034-05-01"],
        );
        check(
            "DTSTART;VALUE=DATE:20300501\nRRULE:FREQ=YEARLY;UNTIL=20320501T000000Z\nEXDATE;VALUE=DATE:20310501",
            &["2030-05-01", "2032-05-01"],
        );
        check(
            "DTSTART;VALUE=DATE:20361225\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
            &["2036-12-25", "2037-12-25"],
        );
        // 29 February exists in some years only, and only those are counted.
        check(
            "DTSTART;VALUE=DATE:20280229\nRRULE:FREQ=YEARLY;COUNT=2",
            &["2028-02-29", "2032-02-29"],
        );
        check("DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED", &[]);
        // Folded lines (3.1).
        check("DTSTART;VALUE=DA\n TE:20261224", &["2026-12-24"]);
    }

    #[test]
    fn what_is_left_out_is_named() {
        for (event, part) in [
            ("DTSTART:20261224T090000Z", "not an all-day event"),
            ("DESCRIPTION:x", "no DTSTART"),
            (
                "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=WEEKLY",
                "write the dates out",
            ),
            (
                "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYDAY=4TH;BYMONTH=11",
                "write the dates out",
            ),
            (
                "DTSTART;VALUE=DATE:20261126\nRRULE:COUNT=2",
                "write the dates out",
            ),
            (
                "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261223",
                "takes -1 days",
            ),
            (
                "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20291224",
                "1 to 366 allowed",
            ),
            ("DTSTART;VALUE=DATE:20261224\nDURATION:PT5H", "whole days"),
        ] {
            let found = read(&file(&[event, "DTSTART;VALUE=DATE:20260501"])).expect(event);
            assert_eq!(found.dates.len(), 1, "{event}: the other one is kept");
            assert_eq!(found.warnings.len(), 1, "{event}");
            let told = &found.warnings[0];
            assert!(
                told.starts_with("event \"Off\" is left out: ") && told.contains(part),
                "{told}"
            );
        }
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        for text in [
            "",
            "2026-12-24",
            "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            "<html></html>",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
        let many = file(&vec!["DTSTART;VALUE=DATE:20261224"; EVENTS_MAX + 1]);
        assert!(read(&many).is_err());
        assert!(read(&"x".repeat(FILE_MAX_BYTES as usize + 1)).is_err());
    }
}

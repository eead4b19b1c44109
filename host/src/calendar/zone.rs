//! Wall-clock times of a zone, and the two hours a year in which they play tricks.
//!
//! Plan B for gaps and folds, the same for everything that has a wall-clock time:
//! - A *moment* asked for ("at 02:30") that a gap skips moves forward by the length of the gap (03:30);
//!   one that a fold shows twice is the first (`from_local`). RFC 5545, 3.3.5, says the same of both.
//! - A *span* ("02:00-04:00", "this day") holds at every moment at which the clock on the wall shows a
//!   time within it: a gap cuts away what it skips, so a span begins where the clock goes on, and one
//!   that lies in the gap does not take place; a fold lets it hold twice. Send windows
//!   and days off are such spans (`Windows`).
//! - A *day* counted from its beginning (caps per day, week and month; the end of an absence) begins at
//!   the first moment that shows its date and ends where the next one begins (`first_of_date`): days
//!   have 24 hours, or more or fewer by what the clocks were changed; none is in two of them.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};

use crate::domain::Instant;

use super::Error;

/// 1970-01-01T00:00:00Z, the first moment a calendar answers for.
pub const EARLIEST: Instant = Instant(0);

/// 9999-12-31T23:59:59.999Z, the last one.
pub const LATEST: Instant = Instant(253_402_300_799_999);

/// The zone of that name in the IANA database.
pub fn named(name: &str) -> Result<Tz, Error> {
    name.parse().map_err(|_| {
        // A guest may ask for a megabyte: what is repeated back has a limit.
        Error::UnknownZone(name.chars().take(60).collect())
    })
}

/// What the clock on the wall shows at `at`, with its milliseconds.
pub fn to_local(at: Instant, zone: Tz) -> Result<NaiveDateTime, Error> {
    within_range(at)?;
    Ok(at.to_utc().with_timezone(&zone).naive_local())
}

/// The moment at which the clock on the wall shows `local`. A time that a clock change skips moves
/// forward by the gap; one that happens twice is the earlier (`wit/host.wit`, `from-local`).
pub fn from_local(local: NaiveDateTime, zone: Tz) -> Result<Instant, Error> {
    let utc = match zone.from_local_datetime(&local).earliest() {
        Some(at) => at.naive_utc(),
        // Read with the offset from before the gap, the clock has moved on by exactly the gap.
        None => GapInfo::new(&local, &zone)
            .and_then(|gap| gap.begin)
            .and_then(|(_, before)| {
                let seconds = i64::from(before.fix().local_minus_utc());
                local.checked_sub_signed(TimeDelta::seconds(seconds))
            })
            .ok_or_else(|| Error::OutOfRange(format!("{local} is no time in {zone}")))?,
    };
    within_range(Instant::from(utc.and_utc()))
}

/// The first moment at which the wall shows `date` or, where a gap swallows it whole, a later one.
pub fn first_of_date(date: NaiveDate, zone: Tz) -> Result<Instant, Error> {
    let midnight = date.and_time(NaiveTime::MIN);
    let first = match zone.from_local_datetime(&midnight).earliest() {
        Some(at) => at.naive_utc(),
        None => GapInfo::new(&midnight, &zone)
            .and_then(|gap| gap.end)
            .ok_or_else(|| Error::OutOfRange(format!("{midnight} is no time in {zone}")))?
            .naive_utc(),
    };
    within_range(Instant::from(first.and_utc()))
}

/// The first moment after `from`, at most `within_ms` later, at which the zone's clocks have been
/// changed. Found by halving: no zone changes its clocks twice within a day.
pub(super) fn next_change(from: Instant, within_ms: i64, zone: Tz) -> Option<Instant> {
    let offset = |at: Instant| {
        let utc = at.to_utc().naive_utc();
        zone.offset_from_utc_datetime(&utc).fix()
    };
    let (before, mut low, mut high) = (offset(from), from, from.plus_ms(within_ms));
    if offset(high) == before {
        return None;
    }
    while high.since_ms(low) > 1 {
        let middle = Instant(low.0.midpoint(high.0));
        if offset(middle) == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

fn within_range(at: Instant) -> Result<Instant, Error> {
    if (EARLIEST..=LATEST).contains(&at) {
        Ok(at)
    } else {
        let text = format!("{at} lies outside the years 1970 to 9999");
        Err(Error::OutOfRange(text))
    }
}

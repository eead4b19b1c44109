//! Wall-clock times of a zone, and the two hours a year in which they play tricks.

use chrono::{NaiveDateTime, Offset, TimeDelta, TimeZone};
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

fn within_range(at: Instant) -> Result<Instant, Error> {
    if (EARLIEST..=LATEST).contains(&at) {
        Ok(at)
    } else {
        let text = format!("{at} lies outside the years 1970 to 9999");
        Err(Error::OutOfRange(text))
    }
}

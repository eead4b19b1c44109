//! The calendar where there is no host: every zone is UTC, Monday to Friday are business days.

use super::{CalendarError, LocalTime, date};
use crate::Instant;
use crate::instant::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// The most business days counted at once; the host's limit too.
const BUSINESS_DAYS_MAX: u32 = 10_000;

/// The wall-clock time of a moment in a zone.
pub fn to_local(at: Instant, _zone: &str) -> Result<LocalTime, CalendarError> {
    let local = LocalTime::in_utc(at);
    in_range(local)?;
    Ok(local)
}

/// The moment of a wall-clock time. A time that a clock change skips moves forward by the gap; one
/// that happens twice is the earlier.
pub fn from_local(local: LocalTime, _zone: &str) -> Result<Instant, CalendarError> {
    in_range(local)?;
    let clock_ms = i64::from(local.hour) * HOUR_MS
        + i64::from(local.minute) * MINUTE_MS
        + i64::from(local.second) * SECOND_MS;
    Ok(Instant(local.days() * DAY_MS + clock_ms))
}

/// The same local time, `days` business days later (earlier, where negative); 0 leaves it as it is.
pub fn add_business_days(at: Instant, days: i32, zone: &str) -> Result<Instant, CalendarError> {
    if days.unsigned_abs() > BUSINESS_DAYS_MAX {
        return Err(CalendarError::OutOfRange(format!("{days} business days")));
    }
    let step_ms = i64::from(days.signum()) * DAY_MS;
    let mut at = at;
    for _ in 0..days.unsigned_abs() {
        at = at.plus_ms(step_ms);
        while !is_business_day(at, zone)? {
            at = at.plus_ms(step_ms);
        }
    }
    Ok(at)
}

/// Whether the local date is a working day of the tenant and no holiday.
pub fn is_business_day(at: Instant, zone: &str) -> Result<bool, CalendarError> {
    Ok(to_local(at, zone)?.weekday() <= 5)
}

fn in_range(local: LocalTime) -> Result<(), CalendarError> {
    let (year, month) = (local.year.into(), local.month.into());
    let ok = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=date::days_in_month(year, month)).contains(&local.day.into())
        && local.hour < 24
        && local.minute < 60
        && local.second < 60;
    if ok {
        Ok(())
    } else {
        Err(CalendarError::OutOfRange(format!("{local:?}")))
    }
}

//! The calendar of the host: the tenant's working days, and the IANA database.

use super::{CalendarError, LocalTime};
use crate::Instant;
use crate::bindings::followup::plugin::calendar as wire;

/// The wall-clock time of a moment in a zone.
pub fn to_local(at: Instant, zone: &str) -> Result<LocalTime, CalendarError> {
    let local = wire::to_local(at.0, zone).map_err(error)?;
    Ok(LocalTime {
        year: local.year,
        month: local.month,
        day: local.day,
        hour: local.hour,
        minute: local.minute,
        second: local.second,
    })
}

/// The moment of a wall-clock time. A time that a clock change skips moves forward by the gap; one
/// that happens twice is the earlier.
pub fn from_local(local: LocalTime, zone: &str) -> Result<Instant, CalendarError> {
    let local = wire::LocalTime {
        year: local.year,
        month: local.month,
        day: local.day,
        hour: local.hour,
        minute: local.minute,
        second: local.second,
        weekday: 0,
    };
    wire::from_local(local, zone).map(Instant).map_err(error)
}

/// The same local time, `days` business days later (earlier, where negative); 0 leaves it as it is.
pub fn add_business_days(at: Instant, days: i32, zone: &str) -> Result<Instant, CalendarError> {
    wire::add_business_days(at.0, days, zone)
        .map(Instant)
        .map_err(error)
}

/// Whether the local date is a working day of the tenant and no holiday.
pub fn is_business_day(at: Instant, zone: &str) -> Result<bool, CalendarError> {
    wire::is_business_day(at.0, zone).map_err(error)
}

fn error(error: wire::CalendarError) -> CalendarError {
    match error {
        wire::CalendarError::UnknownZone(zone) => CalendarError::UnknownZone(zone),
        wire::CalendarError::OutOfRange(what) => CalendarError::OutOfRange(what),
    }
}

//! Moments as CRMs write them: RFC 3339, the same without a zone (they mean UTC), or Unix seconds.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value;

use crate::domain::Instant;
use crate::domain::instant::{MINUTE_MS, SECOND_MS};

/// The last moment of the year 9999: later ones are a mistake in the unit.
const LATEST_MS: i64 = 253_402_300_799_999;

/// The moment of a field; none where it is missing or no moment.
pub(super) fn read(value: Option<&Value>) -> Option<Instant> {
    match value? {
        Value::Number(seconds) => unix_seconds(seconds.as_i64()?),
        Value::String(text) => parse(text.trim()),
        _ => None,
    }
}

fn parse(text: &str) -> Option<Instant> {
    if let Some(at) = Instant::parse_rfc3339(text) {
        return Some(at);
    }
    if let Ok(seconds) = text.parse() {
        return unix_seconds(seconds);
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|at| Instant::from(at.and_utc()))
}

fn unix_seconds(seconds: i64) -> Option<Instant> {
    let ms = seconds.checked_mul(SECOND_MS)?;
    (0..=LATEST_MS).contains(&ms).then_some(Instant(ms))
}

/// The moment of a day (`2026-03-02`) and a time (`09:00` or `09:00:00`), both UTC.
pub(super) fn of_day(day: &str, time: &str) -> Option<Instant> {
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let time = ["%H:%M:%S", "%H:%M"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
    Some(Instant::from(day.and_time(time).and_utc()))
}

/// A duration written as `HH:MM` or `HH:MM:SS`.
pub(super) fn duration_ms(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(|part| part.parse::<u16>().ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    Some((i64::from(hours) * 60 + i64::from(minutes)) * MINUTE_MS)
}

/// `2026-03-02`, in UTC.
pub(super) fn day(at: Instant) -> String {
    at.to_utc().format("%Y-%m-%d").to_string()
}

/// `09:00`, in UTC.
pub(super) fn time(at: Instant) -> String {
    at.to_utc().format("%H:%M").to_string()
}

/// `2026-03-02 09:00:00`, in UTC.
pub(super) fn day_and_time(at: Instant) -> String {
    at.to_utc().format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments() {
        let nine = Some("2026-03-02T09:00:00Z".to_owned());
        for (value, expect) in [
            (json!("2026-03-02T09:00:00Z"), nine.clone()),
            (json!("2026-03-02T10:00:00+01:00"), nine.clone()),
            (json!("2026-03-02T09:00:00"), nine.clone()),
            (json!("2026-03-02 09:00:00"), nine.clone()),
            (
                json!("2026-03-02T09:00:00.395000"),
                Some("2026-03-02T09:00:00.395Z".to_owned()),
            ),
            (json!(1_772_442_000), nine.clone()),
            (json!("1772442000"), nine),
            (json!(1_772_442_000_000_i64), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!("2026-03-02"), None),
            (json!("soon"), None),
            (json!(null), None),
            (json!([]), None),
        ] {
            let got = read(Some(&value)).map(|at| at.to_string());
            assert_eq!(got, expect, "{value}");
        }
        assert_eq!(read(None), None);
    }

    #[test]
    fn days_times_and_durations() {
        let nine = of_day("2026-03-02", "09:00").expect("a moment");
        assert_eq!(of_day("2026-03-02", "09:00:00"), Some(nine));
        assert_eq!(day_and_time(nine), "2026-03-02 09:00:00");
        assert_eq!(
            (day(nine), time(nine)),
            ("2026-03-02".into(), "09:00".into())
        );
        assert_eq!(of_day("2026-03-02", ""), None);
        assert_eq!(of_day("2026-02-30", "09:00"), None);
        assert_eq!(duration_ms("01:30"), Some(90 * MINUTE_MS));
        assert_eq!(duration_ms("01:30:00"), Some(90 * MINUTE_MS));
        assert_eq!(duration_ms("an hour"), None);
    }
}

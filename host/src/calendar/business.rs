//! Counting business days.

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::domain::Instant;
use crate::domain::decision::TimeOfDay;

use super::{Calendar, Error, from_local, to_local};

/// The most business days counted at once, some forty years of them.
pub const BUSINESS_DAYS_MAX: u32 = 10_000;

/// More days off than this in a row means that the calendar has no working days.
pub const DAYS_OFF_IN_A_ROW_MAX: u32 = 366;

#[derive(Clone, Copy)]
enum Direction {
    Later,
    Earlier,
}

impl Calendar {
    /// The same local time, `days` business days later (earlier, where negative); 0 leaves `at` as
    /// it is.
    pub fn add_business_days(&self, at: Instant, days: i32, zone: Tz) -> Result<Instant, Error> {
        let local = to_local(at, zone)?;
        if days == 0 {
            return Ok(at);
        }
        let direction = if days > 0 {
            Direction::Later
        } else {
            Direction::Earlier
        };
        let date = self.step(local.date(), days.unsigned_abs(), direction)?;
        from_local(date.and_time(local.time()), zone)
    }

    /// `when.after-business-days` of `wit/policy.wit`: 0 days means today, or the next business day
    /// if today is none; a moment already past moves to the next business day.
    pub(super) fn business_moment(
        &self,
        now: Instant,
        days: u32,
        at: Option<TimeOfDay>,
        zone: Tz,
    ) -> Result<Instant, Error> {
        let local = to_local(now, zone)?;
        let today = local.date();
        let time = match at {
            Some(at) => {
                NaiveTime::from_hms_opt(at.hour.into(), at.minute.into(), 0).ok_or_else(|| {
                    Error::OutOfRange(format!("{}:{} is no time of day", at.hour, at.minute))
                })?
            }
            None => local.time(),
        };
        if days == 0 && self.is_working_date(today) {
            if at.is_none() {
                // Not by way of the local time: in an hour that happens twice that would be the earlier.
                return Ok(now);
            }
            let moment = from_local(today.and_time(time), zone)?;
            if moment >= now {
                return Ok(moment);
            }
        }
        let date = self.step(today, days.max(1), Direction::Later)?;
        from_local(date.and_time(time), zone)
    }

    /// The `days`-th working date after (before) `date`.
    fn step(
        &self,
        mut date: NaiveDate,
        days: u32,
        direction: Direction,
    ) -> Result<NaiveDate, Error> {
        if days > BUSINESS_DAYS_MAX {
            let text = format!("{days} business days are more than {BUSINESS_DAYS_MAX}");
            return Err(Error::OutOfRange(text));
        }
        for _ in 0..days {
            date = self.next_working(date, direction)?;
        }
        Ok(date)
    }

    fn next_working(&self, from: NaiveDate, direction: Direction) -> Result<NaiveDate, Error> {
        let next = |date: NaiveDate| match direction {
            Direction::Later => date.checked_add_days(Days::new(1)),
            Direction::Earlier => date.checked_sub_days(Days::new(1)),
        };
        std::iter::successors(next(from), |date| next(*date))
            .take(DAYS_OFF_IN_A_ROW_MAX as usize + 1)
            .find(|date| self.is_working_date(*date))
            .ok_or_else(|| {
                let text = format!("no working day within {DAYS_OFF_IN_A_ROW_MAX} days of {from}");
                Error::OutOfRange(text)
            })
    }
}

//! Calendar: when is "in two business days at nine", for this contact of this tenant? When does its
//! send window open next?
//!
//! In goes a moment, a zone and the tenant's working days; out comes a moment. Pure: the time-zone
//! data is compiled in, `now` is an argument, the same question has the same answer. Nothing here
//! panics or loops without end on what a plugin asked: it errs (`Error`), or, in `resolve`, stops
//! at `LATEST`.

mod business;
mod country;
pub mod holidays;
pub mod ics;
mod window;
mod zone;

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use crate::domain::Instant;
use crate::domain::decision::When;

pub use business::{BUSINESS_DAYS_MAX, DAYS_OFF_IN_A_ROW_MAX};
pub use country::HOST_FIELDS;
pub use window::{BLOCKS_MAX, Block, BlockError, OPENING_HORIZON_DAYS, Windows};
pub use zone::{EARLIEST, LATEST, first_of_date, from_local, named, to_local};

/// A question that has no answer. The text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{0:?} is not a zone of the IANA database: write it like Europe/Berlin")]
    UnknownZone(String),
    #[error("{0}")]
    OutOfRange(String),
}

/// A tenant's zone, working days and holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
    /// Monday to Sunday.
    working: [bool; 7],
    holidays: BTreeSet<NaiveDate>,
    holidays_of_contact: bool,
}

/// UTC, Monday to Friday, no holidays.
impl Default for Calendar {
    fn default() -> Self {
        let working = [true, true, true, true, true, false, false];
        Self::new(Tz::UTC, working, BTreeSet::new())
    }
}

impl Calendar {
    /// `working` runs from Monday to Sunday.
    pub fn new(zone: Tz, working: [bool; 7], holidays: BTreeSet<NaiveDate>) -> Self {
        Self {
            zone,
            working,
            holidays,
            holidays_of_contact: false,
        }
    }

    /// Whether contacts keep the holidays of their own country too (`country_of`).
    #[must_use]
    pub fn with_holidays_of_contact(self, holidays_of_contact: bool) -> Self {
        Self {
            holidays_of_contact,
            ..self
        }
    }

    /// The named zone; the tenant's where there is no name, or one that is no zone (contacts bring
    /// what their CRM says, and a misspelt zone must not stop their follow-up).
    pub fn zone(&self, name: Option<&str>) -> Tz {
        name.and_then(|name| named(name).ok()).unwrap_or(self.zone)
    }

    /// Whether people of the tenant work on this date.
    pub fn is_working_date(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().num_days_from_monday() as usize;
        self.working[weekday] && !self.holidays.contains(&date)
    }

    /// Whether it is a working date of the tenant and no holiday of the set `country` (`country_of`).
    pub fn is_business_date(&self, date: NaiveDate, country: Option<&str>) -> bool {
        self.is_working_date(date) && !country.is_some_and(|name| holidays::contains(name, date))
    }

    /// Whether the local date of `at` is a working day.
    pub fn is_business_day(&self, at: Instant, zone: Tz) -> Result<bool, Error> {
        Ok(self.is_working_date(to_local(at, zone)?.date()))
    }

    /// The moment that `when` means, read at `now` in `zone`; never before `EARLIEST` nor after
    /// `LATEST`, and `LATEST` where no working day can be found.
    pub fn resolve(&self, when: When, now: Instant, zone: Tz) -> Instant {
        let at = match when {
            When::Now => now,
            When::At(at) => at,
            When::AfterMs(ms) => now.plus_ms(i64::try_from(ms).unwrap_or(i64::MAX)),
            When::AfterBusinessDays { days, at } => {
                self.business_moment(now, days, at, zone).unwrap_or(LATEST)
            }
        };
        at.clamp(EARLIEST, LATEST)
    }
}

#[cfg(test)]
mod tests;

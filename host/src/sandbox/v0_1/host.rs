//! What guests may call, beside WASI: the log, the calendar, the secrets.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use ring::hmac;

use crate::calendar;
use crate::domain::Instant;
use crate::sandbox::call::Call;
use crate::sandbox::log::{Level, LogLine};

use super::bindings::followup::plugin::{
    calendar as wit_calendar, log as wit_log, secrets as wit_secrets, trigger_types, types,
};
use super::output;

impl types::Host for Call {}
impl trigger_types::Host for Call {}

impl wit_secrets::Host for Call {
    fn verify_hmac(
        &mut self,
        secret: String,
        algorithm: wit_secrets::Hmac,
        message: Vec<u8>,
        signature: Vec<u8>,
    ) -> Result<bool, String> {
        let algorithm = match algorithm {
            wit_secrets::Hmac::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            wit_secrets::Hmac::Sha256 => hmac::HMAC_SHA256,
            wit_secrets::Hmac::Sha512 => hmac::HMAC_SHA512,
        };
        self.egress
            .authority()?
            .verify_hmac(&secret, algorithm, &message, &signature)
    }

    fn placeholder(&mut self, secret: String) -> Result<String, String> {
        self.egress.authority()?.placeholder(&secret)
    }
}

impl wit_log::Host for Call {
    fn write(&mut self, level: wit_log::Level, message: String, fields: Vec<types::Attribute>) {
        let level = match level {
            wit_log::Level::Trace => Level::Trace,
            wit_log::Level::Debug => Level::Debug,
            wit_log::Level::Info => Level::Info,
            wit_log::Level::Warn => Level::Warn,
            wit_log::Level::Error => Level::Error,
        };
        // A call that ends in a fault has no log to return: its last lines are told with the fault.
        self.said.push(message.as_bytes());
        self.said.push(b"\n");
        self.log.write(LogLine {
            level,
            message,
            fields: output::attributes_as_told(fields),
        });
    }
}

impl wit_calendar::Host for Call {
    fn to_local(
        &mut self,
        at: i64,
        zone: String,
    ) -> Result<wit_calendar::LocalTime, wit_calendar::CalendarError> {
        let local = calendar::to_local(Instant(at), calendar::named(&zone)?)?;
        Ok(wit_calendar::LocalTime {
            year: local.year(),
            month: local.month() as u8,
            day: local.day() as u8,
            hour: local.hour() as u8,
            minute: local.minute() as u8,
            second: local.second() as u8,
            weekday: local.weekday().number_from_monday() as u8,
        })
    }

    fn from_local(
        &mut self,
        local: wit_calendar::LocalTime,
        zone: String,
    ) -> Result<i64, wit_calendar::CalendarError> {
        let zone = calendar::named(&zone)?;
        let local = naive(local).ok_or_else(|| {
            let text = format!("{local:?} is no date and time");
            wit_calendar::CalendarError::OutOfRange(text)
        })?;
        Ok(calendar::from_local(local, zone)?.0)
    }

    fn add_business_days(
        &mut self,
        at: i64,
        days: i32,
        zone: String,
    ) -> Result<i64, wit_calendar::CalendarError> {
        let zone = calendar::named(&zone)?;
        Ok(self.calendar.add_business_days(Instant(at), days, zone)?.0)
    }

    fn is_business_day(
        &mut self,
        at: i64,
        zone: String,
    ) -> Result<bool, wit_calendar::CalendarError> {
        let zone = calendar::named(&zone)?;
        Ok(self.calendar.is_business_day(Instant(at), zone)?)
    }
}

fn naive(local: wit_calendar::LocalTime) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(local.year, local.month.into(), local.day.into())?.and_hms_opt(
        local.hour.into(),
        local.minute.into(),
        local.second.into(),
    )
}

impl From<calendar::Error> for wit_calendar::CalendarError {
    fn from(error: calendar::Error) -> Self {
        match error {
            calendar::Error::UnknownZone(name) => Self::UnknownZone(name),
            calendar::Error::OutOfRange(why) => Self::OutOfRange(why),
        }
    }
}

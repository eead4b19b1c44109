//! Version 0.1 of the contract (`wit/`), for every component built against any 0.1.x of it.
//!
//! Bindings, what guests may import, and the conversions to and from the host's own types. A later
//! version gets a folder of its own beside this one; nothing outside of it changes.

mod input;
mod output;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::calendar;
use crate::domain::Instant;
use crate::domain::decision::{DecideInput, Decision};
use crate::domain::fault::Remedy;

use super::call::Call;
use super::fault::BadOutput;
use super::log::{Level, LogLine};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "followup:plugin/policy",
        exports: { default: async },
    });
}

use bindings::followup::plugin::{calendar as wit_calendar, log as wit_log, types};

/// A component whose imports are resolved and whose exports fit.
pub(super) type Ready = bindings::PolicyPre<Call>;

/// A `plugin-error`, as the host acts upon it.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) remedy: Remedy,
}

pub(super) fn link(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    bindings::Policy::add_to_linker::<_, HasSelf<_>>(linker, |call| call)
}

pub(super) fn ready(linker: &Linker<Call>, component: &Component) -> wasmtime::Result<Ready> {
    Ready::new(linker.instantiate_pre(component)?)
}

/// What a guest answers: a decision that still needs checking, or a refusal.
type Answer = Result<Result<Decision, BadOutput>, Refusal>;

pub(super) async fn decide(
    store: &mut Store<Call>,
    ready: &Ready,
    input: DecideInput,
) -> wasmtime::Result<Answer> {
    let policy = ready.instantiate_async(&mut *store).await?;
    let answer = policy
        .followup_plugin_policy_decide()
        .call_decide(store, &input::input(input))
        .await?;
    Ok(match answer {
        Ok(decision) => Ok(output::decision(decision)),
        Err(error) => Err(output::refusal(error)),
    })
}

impl types::Host for Call {}

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

//! The decide loop: due contacts in, decisions out.
//!
//! `tick` claims a batch of due contacts, and for each of them hears what happened (events, then
//! timers), asks the policy of each enrollment concerned, passes its actions through the
//! guardrails and commits enrollments, timers, messages and ledger rows in one transaction.
//! Reads and writes contacts, events, enrollments, timers, undecided, decisions, messages and
//! writebacks. No network I/O in here; what is to be sent waits in the outbox for `deliver`.

mod apply;
mod call;
mod contact;
mod draft;
pub mod enrol;
mod enrolling;
mod input;
mod retry;
mod send;
pub mod sequences;
mod tick;
mod traced;
mod upgrade;

use std::sync::Arc;

use crate::calendar::Calendar;
use crate::compose::{Letterhead, Templates};
use crate::domain::Instant;
use crate::domain::backoff::Backoff;
use crate::domain::touch::Lookback;
use crate::sandbox::Sandbox;
use crate::store;

pub use sequences::{Sequence, Sequences, Version};
pub use tick::Progress;

/// Everything the loop works with.
#[derive(Clone)]
pub struct Engine {
    pub store: store::Shared,
    pub sandbox: Arc<Sandbox>,
    pub calendar: Arc<Calendar>,
    pub templates: Arc<Templates>,
    pub letterhead: Arc<Letterhead>,
    pub sequences: Arc<Sequences>,
    pub limits: Limits,
}

/// The loop's limits, by name as in `[decide]`.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Contacts per tick.
    pub batch_max: usize,
    /// Past events and touches that a policy sees.
    pub history_max: usize,
    pub touches_max: usize,
    /// How far back the caps look.
    pub lookback: Lookback,
    pub backoff: Backoff,
    /// Failures in a row, over all its enrollments, after which a plugin is parked.
    pub plugin_failures_max: u64,
    /// When a backup was restored: mails that follow from anything before may have been sent already.
    pub restored_at: Option<Instant>,
}

/// Calls of policies for one contact in one tick; what is left comes next tick. Bounds a policy
/// that sets itself timers in the past.
const CALLS_MAX: usize = 64;
/// Events of one contact heard in one tick.
const EVENTS_MAX: usize = 32;
/// Timers of one enrollment.
const TIMERS_MAX: usize = 64;
/// Events that wait behind a failed call of one enrollment; further ones pass it by.
const UNDECIDED_MAX: usize = 100;
/// The least time until a timer rings that follows from an event of a plugin, or from a timer set less
/// than this before: timers that set timers for now would turn for ever in one moment.
const TIMER_PAUSE_MS: i64 = crate::domain::instant::MINUTE_MS;
/// Events that one decision may emit: each is decided in turn, and what they bring multiplies.
const EMITS_MAX: usize = 4;
/// How many events of plugins may follow from one event of the outside world.
const EMIT_DEPTH_MAX: u32 = 3;
/// How often timers of a sequence that is no longer configured are looked at.
const UNCONFIGURED_RECHECK_MS: i64 = crate::domain::instant::HOUR_MS;

//! What the poll loop asks, and what is kept of every call of a trigger.
//!
//! The cursor of a poll is stored in the transaction that stores its events: after a crash the same
//! page is asked for again, and its events are known by their keys. Calls, good and bad, are kept for
//! people who ask what a trigger does; the oldest go first.

use async_trait::async_trait;
use serde::Serialize;

use super::intake::{Arrival, Ingested};
use super::{Error, TenantId};
use crate::domain::Instant;
use crate::domain::fault::Fault;

/// Calls kept of one connection.
pub const CALLS_MAX: usize = 1_000;

#[async_trait]
pub trait Triggers {
    /// Makes connections known that are polled. A new one is due at once, and so is one that failed:
    /// its configuration may have been corrected. The others keep their time, unless their interval
    /// has become shorter. Cursors stay.
    async fn register_polls(
        &self,
        tenant: TenantId,
        polls: Vec<PollSetup>,
        now: Instant,
    ) -> Result<(), Error>;

    /// Polls of these connections that are due, the longest waiting first.
    async fn due_polls(
        &self,
        tenant: TenantId,
        connections: &[String],
        now: Instant,
        limit: usize,
    ) -> Result<Vec<DuePoll>, Error>;

    /// When the next of these connections is due.
    async fn next_poll_at(
        &self,
        tenant: TenantId,
        connections: &[String],
    ) -> Result<Option<Instant>, Error>;

    /// Stores a page: its events with everything they imply, the cursor behind them and when to ask
    /// again, in one transaction.
    async fn commit_page(&self, page: PolledPage) -> Result<Ingested, Error>;

    /// Notes a poll that gave no page, and when to try again. The cursor stays.
    async fn fail_poll(&self, call: TriggerCall, retry_at: Instant) -> Result<(), Error>;

    /// Keeps a call.
    async fn record_call(&self, call: TriggerCall) -> Result<(), Error>;

    /// How every trigger does that was ever called or is polled.
    async fn trigger_facts(&self, tenant: TenantId) -> Result<Vec<TriggerFacts>, Error>;
}

/// Who is asked at an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollSetup {
    pub connection: String,
    pub kind: PollKind,
    pub every_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollKind {
    Trigger,
    /// Asked for what its webhooks did not tell.
    Crm,
    /// Forgets a subscription unless it is renewed.
    Renewal,
}

impl PollKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Crm => "crm",
            Self::Renewal => "renewal",
        }
    }
}

/// A poll that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePoll {
    pub connection: String,
    /// What the last page gave.
    pub cursor: Option<String>,
    /// Asked for in a row without a pause.
    pub pages: u32,
    /// Since the last page.
    pub failures: u32,
}

/// A page of a poll.
#[derive(Debug, Clone)]
pub struct PolledPage {
    pub arrival: Arrival,
    /// None leaves the stored one.
    pub cursor: Option<String>,
    pub due_at: Instant,
    pub pages: u32,
    pub call: TriggerCall,
}

/// One call of a trigger, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerCall {
    pub tenant: TenantId,
    pub connection: String,
    /// The plugin's id and digest.
    pub plugin: String,
    pub digest: String,
    pub at: Instant,
    pub kind: CallKind,
    pub events: usize,
    pub fuel: u64,
    pub memory_bytes: usize,
    pub fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    Receive,
    Poll,
}

impl CallKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Poll => "poll",
        }
    }
}

/// How the trigger of one connection does. Times are RFC 3339 text, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriggerFacts {
    pub connection: String,
    /// Of the calls kept.
    pub calls: u64,
    pub faults: u64,
    pub events: u64,
    pub last_call_at: Option<String>,
    /// The fault of the last call, where it failed.
    pub last_fault: Option<String>,
    /// Of a trigger that is polled.
    pub poll: Option<PollFacts>,
}

impl TriggerFacts {
    /// Whether the last call failed.
    pub fn is_failing(&self) -> bool {
        self.last_fault.is_some()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PollFacts {
    pub due_at: String,
    /// Polls in a row that gave no page.
    pub failures: u32,
    pub fault: Option<String>,
}

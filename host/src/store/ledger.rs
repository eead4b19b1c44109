//! What people ask: everything about one contact, and how things stand.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;

use super::explain::PauseFacts;
use super::{Error, TenantId};
use crate::domain::decision::{DecideInput, Decision};
use crate::domain::{EmailAddress, JsonMap};

#[async_trait]
pub trait Ledger {
    /// All that is known of the contact; none where the address is unknown.
    async fn contact(
        &self,
        tenant: TenantId,
        email: &EmailAddress,
    ) -> Result<Option<ContactReport>, Error>;

    async fn status(&self, tenant: TenantId) -> Result<StatusReport, Error>;

    /// Enrollments by sequence and status.
    async fn sequences(&self, tenant: TenantId) -> Result<Vec<SequenceReport>, Error>;

    /// The latest decisions, newest first: what another version would have to decide, too.
    async fn recorded(
        &self,
        tenant: TenantId,
        whose: Whose,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error>;

    /// Whether the database answers and can be written.
    async fn check(&self) -> Result<(), Error>;
}

/// Which decisions are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// By id.
    Plugin(String),
    /// By name.
    Sequence(String),
    /// By its public id.
    Enrollment(String),
}

/// A decision as it was taken.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub input: DecideInput,
    pub output: Decision,
    /// Of the plugin that took it.
    pub version: String,
    pub digest: String,
    pub fuel: u64,
    pub memory_bytes: usize,
}

/// Times in reports are RFC 3339 text, UTC.
#[derive(Debug, Clone, Serialize)]
pub struct ContactReport {
    pub contact: ContactFacts,
    pub enrollments: Vec<EnrollmentFacts>,
    pub messages: Vec<MessageFacts>,
    pub tasks: Vec<TaskFacts>,
    pub events: Vec<EventFacts>,
    pub decisions: Vec<DecisionFacts>,
    /// Calls of plugins that gave no decision.
    pub faults: Vec<FaultFacts>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ContactFacts {
    pub id: String,
    pub email: Option<String>,
    pub time_zone: Option<String>,
    pub locale: Option<String>,
    pub attributes: JsonMap,
    pub account: Option<Value>,
    pub next_due_at: Option<String>,
    /// Who belongs to the same account: the CRM's id of it, or a domain.
    pub account_key: Option<String>,
    /// Why the address must not be mailed, and since when.
    pub suppressed: Option<Suppression>,
    /// Not written to before then, unless that is over.
    pub quiet: Option<QuietFacts>,
    /// Sequences that the person does not want.
    pub opt_outs: Vec<String>,
    /// Of the contact itself or of everything.
    pub pauses: Vec<PauseFacts>,
    /// Since the last delivery.
    pub soft_bounces: u32,
    pub deleted_at: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Suppression {
    pub reason: String,
    pub since: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct QuietFacts {
    pub until: String,
    /// `out-of-office`, `account-replied`, `asked-for-a-pause`.
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct EnrollmentFacts {
    pub id: String,
    pub sequence: String,
    pub status: String,
    pub exit_reason: Option<String>,
    pub pause_reason: Option<String>,
    pub enrolled_at: String,
    pub finished_at: Option<String>,
    pub decisions: u64,
    pub state: Option<Value>,
    pub timers: Vec<TimerFacts>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TimerFacts {
    pub name: String,
    pub due_at: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct MessageFacts {
    pub id: String,
    pub sequence: String,
    pub status: String,
    pub subject: Option<String>,
    pub held_reason: Option<String>,
    pub status_reason: Option<String>,
    pub template: String,
    pub due_at: String,
    pub created_at: String,
    pub sent_at: Option<String>,
    pub provider: Option<String>,
    pub provider_id: Option<String>,
    pub attempts: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct TaskFacts {
    pub kind: String,
    pub title: Option<String>,
    pub body: Value,
    pub due_at: Option<String>,
    pub created_at: String,
    pub status: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct EventFacts {
    pub id: String,
    pub kind: String,
    pub connection: String,
    pub occurred_at: String,
    pub received_at: String,
    pub status: String,
    pub data: JsonMap,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DecisionFacts {
    pub at: String,
    pub sequence: String,
    pub number: u64,
    pub plugin: String,
    pub plugin_digest: String,
    pub event: String,
    pub reason: String,
    /// Each action with the guardrails' verdict in it.
    pub actions: Vec<Value>,
    pub fuel: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct FaultFacts {
    pub at: String,
    pub sequence: String,
    pub plugin: String,
    pub event: String,
    pub attempt: u32,
    /// `out of fuel: …`.
    pub fault: String,
    /// The end of what the guest wrote.
    pub stderr_tail: String,
    /// None where the call was parked.
    pub retry_at: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct StatusReport {
    pub contacts: u64,
    pub enrollments: BTreeMap<String, u64>,
    pub messages: BTreeMap<String, u64>,
    pub events: BTreeMap<String, u64>,
    pub open_tasks: u64,
    pub suppressed_addresses: u64,
    /// Calls that failed too often and wait for a person.
    pub parked_decisions: u64,
    /// Calls that failed and will be repeated.
    pub retrying_decisions: u64,
    pub parked: Vec<ParkedFacts>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ParkedFacts {
    pub contact: Option<String>,
    pub sequence: String,
    pub event: String,
    pub attempts: u32,
    pub fault: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct SequenceReport {
    pub name: String,
    pub active: u64,
    pub paused: u64,
    pub finished: u64,
    pub exits: BTreeMap<String, u64>,
}

//! What the decide loop asks: who is due, with everything a decision needs; and what was decided.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Error, TenantId};
use crate::domain::decision::{
    AccountView, ContactView, DecideInput, Decision, Timer, Touch, When,
};
use crate::domain::enrollment::EnrollmentStatus;
use crate::domain::fault::Fault;
use crate::domain::pause::Pauses;
use crate::domain::touch::{Lookback, Quiet, Recent, Slot};
use crate::domain::verdict::Verdict;
use crate::domain::{EmailAddress, Event, Instant, JsonMap, digest};

#[async_trait]
pub trait Work {
    /// Makes sequences and plugin versions known, and gives parked calls whose fingerprint is no
    /// longer theirs another try. Called once at start.
    async fn register(&self, setup: Setup) -> Result<Registered, Error>;

    /// The contacts that are due, longest due first, at most `limit`.
    async fn due_contacts(
        &self,
        now: Instant,
        limit: usize,
        depth: Depth,
    ) -> Result<Vec<DueContact>, Error>;

    /// When the next contact is due.
    async fn next_due_at(&self) -> Result<Option<Instant>, Error>;

    /// Stores what was decided for some contacts; each by itself, all or nothing. `Conflict` means
    /// that something was heard of the contact meanwhile: decide again.
    async fn commit(&self, contacts: Vec<Decided>) -> Vec<Result<Committed, Error>>;

    /// Puts a contact off that cannot be decided at all, so that it does not block the others.
    async fn postpone(&self, contact_id: i64, until: Instant) -> Result<(), Error>;
}

#[derive(Debug, Clone)]
pub struct Setup {
    pub tenant: TenantId,
    pub now: Instant,
    pub sequences: Vec<SequenceSetup>,
    /// Digest of everything that mails are composed from beside the contact.
    pub texts: String,
}

#[derive(Debug, Clone)]
pub struct SequenceSetup {
    pub name: String,
    pub plugin: String,
    pub plugin_version: String,
    pub plugin_digest: String,
    /// Digests of plugin and configuration, of every version that may decide: what a parked call
    /// failed with is among them, unless something has changed.
    pub fingerprints: Vec<String>,
    /// Digests of the older versions that enrollments may still run on.
    pub older: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Registered {
    /// In the order of the setup.
    pub sequences: Vec<RegisteredSequence>,
    /// The numbers of their older versions, likewise; none for one that never decided.
    pub older: Vec<Vec<Option<i64>>>,
    /// Parked enrollments that will be tried again.
    pub resumed: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct RegisteredSequence {
    pub sequence_id: i64,
    pub plugin_id: i64,
}

/// How much of the past a decision sees.
#[derive(Debug, Clone, Copy)]
pub struct Depth {
    pub history_max: usize,
    pub touches_max: usize,
    pub events_max: usize,
    /// How far back touches are counted.
    pub lookback: Lookback,
}

/// A contact with something to decide, as it stood in one moment.
#[derive(Debug, Clone)]
pub struct DueContact {
    pub tenant: TenantId,
    pub id: i64,
    pub version: i64,
    pub email: Option<EmailAddress>,
    /// The zone as stored; none means the tenant's.
    pub time_zone: Option<String>,
    pub locale: Option<String>,
    pub attributes: JsonMap,
    pub account: Option<AccountView>,
    pub deleted: bool,
    /// Why its address must not be mailed.
    pub suppressed: Option<String>,
    /// Not to be written to for now.
    pub quiet: Option<Quiet>,
    /// Sequences it does not want.
    pub opt_outs: Vec<String>,
    /// What is paused, of the whole tenant.
    pub pauses: Arc<Pauses>,
    /// Touches of the contact and its account.
    pub recent: Recent,
    /// Slots of its messages that wait.
    pub promised: Vec<Slot>,
    /// To be decided, in order of arrival.
    pub events: Vec<PendingEvent>,
    /// Kinds of the pending events that did not fit into `events`: they come later.
    pub later_kinds: Vec<String>,
    /// All of them, finished ones too (re-enrolment rules ask).
    pub enrollments: Vec<StoredEnrollment>,
    /// Newest first.
    pub touches: Vec<StoredTouch>,
    /// Newest first; the pending events are not among them.
    pub history: Vec<Event>,
}

impl DueContact {
    /// What a policy sees of the contact. Its zone is empty where it has none of its own.
    pub fn view(&self) -> ContactView {
        ContactView {
            id: self.id.to_string(),
            email: self.email.as_ref().map(ToString::to_string),
            time_zone: self.time_zone.clone().unwrap_or_default(),
            locale: self.locale.clone(),
            attributes: self.attributes.clone(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct PendingEvent {
    pub seq: i64,
    pub depth: u32,
    pub event: Event,
}

#[derive(Debug, Clone)]
pub struct StoredEnrollment {
    pub id: i64,
    pub sequence_id: i64,
    pub event_seq: i64,
    pub status: EnrollmentStatus,
    pub pause_reason: Option<String>,
    pub enrolled_at: Instant,
    pub finished_at: Option<Instant>,
    pub decisions: u64,
    pub restarted_at: u64,
    /// The version that decided last.
    pub decided_by: Option<DecidedBy>,
    pub state: Option<String>,
    /// Soonest first.
    pub timers: Vec<StoredTimer>,
    pub undecided: Vec<Undecided>,
    /// How much later than asked its messages went; its timers have not moved by that yet.
    pub lag_ms: i64,
    /// Since when a message of it should have gone that has not.
    pub waiting_since: Option<Instant>,
}

/// A plugin version that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedBy {
    pub plugin_id: i64,
    pub version: String,
}

/// An enrollment as it was before another version took over.
#[derive(Debug, Clone)]
pub struct KeptState {
    /// The version that wrote it.
    pub plugin_id: i64,
    pub state: Option<String>,
    pub timers: Vec<StoredTimer>,
    /// What the other version was asked about first.
    pub event: Event,
}

/// A timer, and what moving it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTimer {
    pub timer: Timer,
    /// When it was asked for, counted from `set_at`; none where a fixed moment was named.
    pub asked: Option<When>,
    pub set_at: Instant,
}

impl StoredTimer {
    /// Whether it has to wait for a message that should have gone before: the rest of a sequence
    /// shifts with a message that goes late. What was set to a fixed moment does not.
    pub fn waits(&self, waiting_since: Option<Instant>) -> bool {
        self.asked.is_some() && waiting_since.is_some_and(|since| since <= self.timer.at)
    }
}

/// A touch and what continuing its thread takes.
#[derive(Debug, Clone)]
pub struct StoredTouch {
    pub touch: Touch,
    pub thread: Option<Thread>,
}

/// A conversation to continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Message-ID of the parent, without angle brackets.
    pub message_id: String,
    /// Its References, oldest first.
    pub references: Vec<String>,
    pub subject: String,
}

/// A call that failed, or one that waits behind such a call.
#[derive(Debug, Clone)]
pub struct Undecided {
    pub event: Event,
    /// As in `PendingEvent`.
    pub depth: u32,
    pub attempts: u32,
    /// None while parked.
    pub due_at: Option<Instant>,
    pub fault: Option<Fault>,
    pub fingerprint: String,
}

/// What was decided for one contact.
#[derive(Debug, Clone)]
pub struct Decided {
    pub tenant: TenantId,
    pub contact_id: i64,
    /// The version that was looked at.
    pub version: i64,
    pub now: Instant,
    /// Pending events that are done with.
    pub events: Vec<i64>,
    /// Why an event enrolled nobody though it might have, by the event's number.
    pub remarks: Vec<(i64, String)>,
    pub enrollments: Vec<EnrollmentChange>,
    /// Fields that policies set.
    pub properties: JsonMap,
    /// Events that policies emitted, for the same contact.
    pub emitted: Vec<EmittedEvent>,
    /// The next moment there is something to decide.
    pub due_at: Option<Instant>,
    /// Failures in a row, over all its enrollments, after which a plugin is parked.
    pub plugin_failures_max: u64,
}

/// The whole next state of one enrollment.
#[derive(Debug, Clone)]
pub struct EnrollmentChange {
    /// None for a new one.
    pub id: Option<i64>,
    pub sequence_id: i64,
    pub event_seq: i64,
    pub status: EnrollmentStatus,
    pub pause_reason: Option<String>,
    /// Set when finished: a host rule, or the policy's own word.
    pub exit_reason: Option<String>,
    pub enrolled_at: Instant,
    pub decisions: u64,
    /// The version that decided last.
    pub plugin_id: Option<i64>,
    /// As it was before another version took over, where one did.
    pub kept: Option<KeptState>,
    pub state: Option<String>,
    /// Replace those stored.
    pub timers: Vec<StoredTimer>,
    pub undecided: Vec<Undecided>,
    /// New rows.
    pub ledger: Vec<LedgerEntry>,
    pub faults: Vec<FaultEntry>,
}

/// A call that gave no decision.
#[derive(Debug, Clone)]
pub struct FaultEntry {
    pub at: Instant,
    pub plugin_id: i64,
    /// The event's kind.
    pub event: String,
    /// From 1.
    pub attempt: u32,
    pub fault: Fault,
    /// None where the call is parked.
    pub retry_at: Option<Instant>,
}

/// One decision with all that it causes.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    pub number: u64,
    pub plugin_id: i64,
    pub input: DecideInput,
    pub output: Decision,
    /// One per action, in order.
    pub verdicts: Vec<Verdict>,
    pub fuel: u64,
    /// Bytes.
    pub memory: usize,
    pub messages: Vec<NewMessage>,
    pub writebacks: Vec<NewWriteback>,
}

#[derive(Debug, Clone)]
pub struct NewMessage {
    pub id: String,
    /// When the policy wants it to go; the guardrails may say later.
    pub asked_at: Instant,
    pub due_at: Instant,
    /// Of its sequence.
    pub priority: i64,
    pub identity: String,
    pub template: String,
    pub context: MessageContext,
    pub thread: Option<Thread>,
    /// As it would read now; none where it cannot be composed yet.
    pub subject: Option<String>,
    pub standing: Standing,
}

/// How the guardrails let a new message stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Queued,
    /// Queued, and later than asked.
    PutOff {
        rule: String,
        reason: String,
    },
    Held {
        rule: String,
        reason: String,
    },
}

/// What a template may refer to beside the contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageContext {
    pub sequence: String,
    /// The plugin whose default templates apply.
    pub plugin: String,
    pub variables: JsonMap,
    pub event: Event,
}

#[derive(Debug, Clone)]
pub struct NewWriteback {
    /// `task`, `note` or `properties`.
    pub kind: &'static str,
    pub body: Value,
    pub due_at: Option<Instant>,
}

#[derive(Debug, Clone)]
pub struct EmittedEvent {
    pub id: String,
    pub plugin: String,
    pub kind: String,
    pub data: JsonMap,
    pub depth: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    Stored {
        /// Plugins that failed once too often with this, and are not asked any more.
        parked: Vec<String>,
    },
    Conflict,
}

/// The public id of an enrollment, made of what made it: known before its row is written.
pub fn enrollment_id(tenant: TenantId, contact: i64, sequence: i64, event_seq: i64) -> String {
    let parts = [tenant.0, contact, sequence, event_seq].map(i64::to_be_bytes);
    digest::id("enr", &parts.each_ref().map(<[u8; 8]>::as_slice))
}

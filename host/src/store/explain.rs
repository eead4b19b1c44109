//! What people ask about a mail: why it went, why it did not, when it will, and what waits.
//!
//! Reading only. Times in reports are RFC 3339 text, UTC; field names are an interface: `followup why
//! --json` and `followup outbox --json` print them as they are.

use async_trait::async_trait;
use serde::Serialize;

use super::{Error, TenantId};
use crate::domain::mail::Outcome;
use crate::domain::{EmailAddress, Instant, JsonMap};

#[async_trait]
pub trait Explain {
    /// All that keeps mail from an address or will bring it some, and its newest `limit` messages,
    /// refused actions and remarks. Answers for addresses that nobody is known by, too: they may be
    /// suppressed.
    async fn why(
        &self,
        tenant: TenantId,
        email: &EmailAddress,
        limit: usize,
        now: Instant,
    ) -> Result<Why, Error>;

    /// One message in full; none where there is none of that id.
    async fn why_message(
        &self,
        tenant: TenantId,
        message: &str,
    ) -> Result<Option<MessageInFull>, Error>;

    /// What waits, what is due first coming first.
    async fn outbox(&self, tenant: TenantId, filter: OutboxFilter) -> Result<OutboxReport, Error>;

    /// What keeps mail from leaving, over all contacts.
    async fn hindrances(&self, tenant: TenantId, now: Instant) -> Result<Hindrances, Error>;
}

#[derive(Debug, Clone, Serialize)]
pub struct Why {
    pub email: String,
    /// The contact's number; none where no event about the address was taken in.
    pub contact: Option<String>,
    /// Strictest first.
    pub obstacles: Vec<Obstacle>,
    /// Soonest first; what waits for somebody comes last.
    pub next: Vec<Upcoming>,
    /// Newest first, as all that follow.
    pub enrollments: Vec<Run>,
    pub messages: Vec<MessageStory>,
    /// Mails and other actions that became nothing.
    pub refused: Vec<RefusedAction>,
    /// Events that enrolled nobody though they might have, and those that could not be completed.
    pub remarks: Vec<Remark>,
}

/// Something that keeps mail from a contact.
#[derive(Debug, Clone, Serialize)]
pub struct Obstacle {
    /// `suppressed`, `merged`, `contact-deleted`, `paused`, `quiet`, `opted-out`, `plugin-failed`.
    pub rule: &'static str,
    pub reason: String,
    /// Only mail of this sequence.
    pub sequence: Option<String>,
    pub since: Option<String>,
    /// When it passes by itself.
    pub until: Option<String>,
    /// What lifts it.
    pub waits_for: Option<String>,
}

/// Something that is going to happen.
#[derive(Debug, Clone, Serialize)]
pub struct Upcoming {
    /// `message`, `decision` (an event that was not looked at yet), `timer`, `retry` (of a plugin's
    /// failed call).
    pub what: &'static str,
    /// None where something has to happen first.
    pub at: Option<String>,
    pub sequence: Option<String>,
    /// The template, the timer's name or the event's kind.
    pub name: String,
    /// Of the message.
    pub id: Option<String>,
    pub rule: Option<String>,
    pub reason: Option<String>,
    pub waits_for: Option<String>,
}

/// One enrollment.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    pub sequence: String,
    pub status: String,
    /// Why it ended or is paused.
    pub reason: Option<String>,
    /// The kind of the event that enrolled.
    pub enrolled_by: Option<String>,
    pub enrolled_at: String,
    pub finished_at: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct MessageStory {
    pub id: String,
    /// The address it went to, or would.
    pub to: Option<String>,
    pub sequence: String,
    pub identity: String,
    pub template: String,
    pub subject: Option<String>,
    pub status: String,
    /// When the policy wanted it to go.
    pub asked_at: String,
    pub queued_at: String,
    /// When it goes as things stand; none where it waits for somebody, or waits no longer.
    pub goes_at: Option<String>,
    pub waits_for: Option<String>,
    /// When a person said that it may go although it is late.
    pub released_at: Option<String>,
    pub sent_at: Option<String>,
    /// The guardrail behind its status, and what it or the provider said.
    pub rule: Option<String>,
    pub reason: Option<String>,
    pub because: Because,
    /// What the guardrails said when it was queued.
    pub first_look: Option<Look>,
    /// What they said last when it came due; none where it has not yet.
    pub second_look: Option<Look>,
    pub attempts: Vec<AttemptFacts>,
    pub provider: Option<String>,
    pub provider_id: Option<String>,
}

/// The input that a decision answered, and who decided what.
#[derive(Debug, Clone, Serialize)]
pub struct Because {
    pub event: String,
    pub kind: String,
    pub occurred_at: String,
    pub data: JsonMap,
    pub sequence: String,
    pub plugin: String,
    pub plugin_version: String,
    /// Its number within the enrollment, from 0.
    pub decision: u64,
    pub decided_at: String,
    /// The policy's own.
    pub reason: String,
}

/// What the guardrails said to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    pub at: Option<String>,
    /// `allowed`, `delayed`, `held`, `refused`.
    pub verdict: &'static str,
    /// When it was to go.
    pub until: Option<String>,
    pub rule: Option<String>,
    pub reason: Option<String>,
}

/// One call of the provider.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptFacts {
    pub number: u32,
    pub started_at: String,
    pub finished_at: Option<String>,
    /// None while it is under way.
    pub answer: Option<Outcome>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RefusedAction {
    /// `send-email`, ...
    pub action: String,
    /// The template, or what else the action is about.
    pub name: Option<String>,
    pub rule: String,
    pub reason: String,
    pub because: Because,
}

/// What was noted about an event.
#[derive(Debug, Clone, Serialize)]
pub struct Remark {
    pub event: String,
    pub kind: String,
    pub connection: String,
    pub occurred_at: String,
    pub status: String,
    pub remark: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct MessageInFull {
    #[serde(flatten)]
    pub story: MessageStory,
    /// What the policy gave the template.
    pub variables: JsonMap,
    /// The Message-ID that the recipient saw.
    pub message_id: Option<String>,
    /// The conversation that it was to continue; none where it was to begin one.
    pub thread: Option<ThreadFacts>,
    /// What was heard about it since.
    pub heard: Vec<Heard>,
    /// What else reached out to the contact and its account up to then: what caps and gaps count.
    pub touches: Vec<TouchFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadFacts {
    /// The Message-ID that was to be answered.
    pub answers: String,
    /// Whether it was; not where the provider drops what a mail program would know it by. None while
    /// the message waits.
    pub kept: Option<bool>,
}

/// An event about a message.
#[derive(Debug, Clone, Serialize)]
pub struct Heard {
    pub kind: String,
    pub occurred_at: String,
    pub connection: String,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TouchFacts {
    pub at: String,
    pub email: Option<String>,
    /// None for what a person did by hand.
    pub message: Option<String>,
    pub sequence: Option<String>,
    pub identity: Option<String>,
    pub trouble: Option<String>,
}

/// Which waiting messages are meant; all, where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct OutboxFilter {
    pub rule: Option<String>,
    pub sequence: Option<String>,
    pub identity: Option<String>,
    /// Rows listed; the summary counts all.
    pub limit: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct OutboxReport {
    pub messages: Vec<WaitingMessage>,
    /// All that the filter names, listed or not.
    pub total: u64,
    pub by_rule: Vec<RuleCount>,
}

#[derive(Debug, Clone, Serialize)]
pub struct WaitingMessage {
    pub id: String,
    pub to: Option<String>,
    pub sequence: String,
    pub identity: String,
    pub template: String,
    pub subject: Option<String>,
    pub status: String,
    pub asked_at: String,
    /// As in `MessageStory`, as are the fields below.
    pub goes_at: Option<String>,
    pub waits_for: Option<String>,
    pub rule: Option<String>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    pub status: String,
    /// None for what only waits for its time or for the provider.
    pub rule: Option<String>,
    pub messages: u64,
    /// When the first of them is due.
    pub first_due_at: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Hindrances {
    pub pauses: Vec<PauseFacts>,
    /// What waits, by status and rule.
    pub waiting: Vec<RuleCount>,
    /// Contacts that are not written to for now.
    pub quiet_contacts: u64,
}

/// A pause that has not been lifted.
#[derive(Debug, Clone, Serialize)]
pub struct PauseFacts {
    /// `tenant`, `sequence`, `contact`, `identity`.
    pub scope: &'static str,
    /// Of the sequence or identity; the contact's address, or its number where it has none.
    pub name: String,
    /// `person`, `breaker`.
    pub cause: &'static str,
    pub reason: String,
    pub since: String,
    pub until: Option<String>,
}

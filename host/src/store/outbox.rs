//! What the deliver loop asks: which messages are due, may I have them, and this is what became of
//! them.

use std::sync::Arc;

use async_trait::async_trait;

use super::work::{MessageContext, Thread};
use super::{Error, TenantId};
use crate::domain::decision::{AccountView, ContactView};
use crate::domain::mail::{Mail, Outcome};
use crate::domain::pause::{Pauses, Scope};
use crate::domain::touch::{Lookback, Quiet, Recent};
use crate::domain::{EmailAddress, Instant};

#[async_trait]
pub trait Outbox {
    /// Queued messages whose time has come, earliest first, with what composing and judging them
    /// takes, as it stood in one moment.
    async fn due_messages(
        &self,
        now: Instant,
        limit: usize,
        lookback: Lookback,
    ) -> Result<Vec<DueMessage>, Error>;

    /// When the next message is due or looked for, or the next pause is over.
    async fn next_message_at(&self) -> Result<Option<Instant>, Error>;

    /// Marks each message as handed over, writes its attempt row and counts its touch, where it is
    /// still queued, nothing was heard of its contact since it was read, and neither a suppression
    /// nor a pause forbids it. Returns, in order, whether each may be sent; one that may not is
    /// looked at again.
    async fn claim(&self, claims: Vec<Claim>, now: Instant) -> Result<Vec<bool>, Error>;

    /// Gives back claims whose commit was not answered, and whose provider was not called: by sequence number
    /// and the claim's time. One that never came to be is left alone. Returns how many there were.
    async fn take_back(&self, claims: Vec<(i64, Instant)>, now: Instant) -> Result<usize, Error>;

    /// Sets due messages aside without an attempt, each with the rule and the reason. None is held on
    /// what is not so any more (the field has been told, the pause is lifted): it is looked at again.
    async fn set_aside(&self, asides: Vec<SetAside>, now: Instant) -> Result<(), Error>;

    /// Completes the attempt row and moves the message on; one in doubt only where it was sent.
    async fn conclude(&self, conclusion: Conclusion) -> Result<(), Error>;

    /// Takes messages in doubt that are to be looked for at their provider by now. Each is taken again
    /// only after `doubt::LEASE_MS`, unless `looked` or `conclude` says what came of it.
    async fn take_doubtful(&self, now: Instant, limit: usize) -> Result<Vec<Doubtful>, Error>;

    /// A look that did not find the message. What it did find is concluded like any answer. One whose doubt
    /// was resolved meanwhile stays as it is.
    async fn looked(&self, look: Look) -> Result<(), Error>;

    /// Attempts that a crash left open, concluded as in doubt by the caller at start.
    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, Error>;

    /// How the mail of an identity and of a sequence fared since `since`, or since its breaker was
    /// last lifted, where that is later.
    async fn health(
        &self,
        tenant: TenantId,
        scope: Scope,
        name: &str,
        since: Instant,
    ) -> Result<Health, Error>;
}

/// What the circuit breakers look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    pub sent: u64,
    pub bounced: u64,
    pub complained: u64,
}

/// A queued message whose time has come.
#[derive(Debug, Clone)]
pub struct DueMessage {
    pub seq: i64,
    pub tenant: TenantId,
    pub id: String,
    pub contact_id: i64,
    /// Of the contact: see `Claim`.
    pub version: i64,
    pub account_key: Option<String>,
    pub asked_at: Instant,
    pub due_at: Instant,
    pub priority: i64,
    /// A person said that it may go although it is late.
    pub released: bool,
    pub to: Option<EmailAddress>,
    /// Its time zone is empty where the tenant's applies.
    pub contact: ContactView,
    pub account: Option<AccountView>,
    /// Why the address must not be mailed.
    pub suppressed: Option<String>,
    pub quiet: Option<Quiet>,
    pub pauses: Arc<Pauses>,
    pub recent: Recent,
    pub identity: String,
    pub template: String,
    pub context: MessageContext,
    pub thread: Option<Thread>,
    /// Fixed by an earlier attempt.
    pub mail: Option<Mail>,
    pub attempts: u32,
    pub first_attempt_at: Option<Instant>,
}

#[derive(Debug, Clone)]
pub struct Claim {
    pub seq: i64,
    /// Of the contact, as it was judged: what was heard since makes the judgement void.
    pub version: i64,
    pub mail: Mail,
    /// The connection it goes through.
    pub provider: String,
}

#[derive(Debug, Clone)]
pub struct SetAside {
    pub seq: i64,
    /// Of the contact, as it was judged.
    pub version: i64,
    pub aside: Aside,
    /// The guardrail that spoke.
    pub rule: &'static str,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub enum Aside {
    /// Looked at again at `until`.
    Later {
        until: Instant,
    },
    /// Until somebody does something about it.
    Held,
    Cancelled,
    /// Cancelled, and its enrollment ends.
    Dropped,
    /// Cancelled, and a person is asked to reach out instead.
    Task {
        title: String,
    },
}

/// What became of one attempt.
#[derive(Debug, Clone)]
pub struct Conclusion {
    pub seq: i64,
    pub outcome: Outcome,
    pub next: Next,
    pub now: Instant,
}

/// Where the message goes from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Sent {
        provider_id: Option<String>,
        /// What the recipient sees instead of our Message-ID.
        message_id: Option<String>,
    },
    Failed {
        reason: String,
    },
    /// Tried again, unless an exit came meanwhile: then `otherwise` says what it is.
    Again {
        at: Instant,
        reason: String,
        certain: bool,
    },
    Uncertain {
        reason: String,
    },
}

/// A message that its provider may have taken, or not.
#[derive(Debug, Clone)]
pub struct Doubtful {
    pub seq: i64,
    pub id: String,
    pub mail: Mail,
    /// The connection it went through.
    pub provider: String,
    pub first_attempt_at: Instant,
    /// How often it was looked for in vain.
    pub looks: usize,
}

/// What a look came to that did not find the message.
#[derive(Debug, Clone)]
pub struct Look {
    pub seq: i64,
    pub now: Instant,
    /// For people.
    pub said: Option<String>,
    /// Whether the provider answered.
    pub answered: bool,
    /// None where it is a person's turn.
    pub again_at: Option<Instant>,
}

/// A message that was with a provider when the host stopped.
#[derive(Debug, Clone)]
pub struct OpenAttempt {
    pub seq: i64,
    pub id: String,
    pub provider: String,
    pub attempts: u32,
    pub first_attempt_at: Instant,
}

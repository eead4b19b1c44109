//! What the deliver loop asks: which messages are due, may I have them, and this is what became of
//! them.

use async_trait::async_trait;

use super::work::{MessageContext, Thread};
use super::{Error, TenantId};
use crate::domain::decision::{AccountView, ContactView};
use crate::domain::mail::{Mail, Outcome};
use crate::domain::{EmailAddress, Instant};

#[async_trait]
pub trait Outbox {
    /// Queued messages whose time has come, earliest first, with what composing them takes.
    async fn due_messages(&self, now: Instant, limit: usize) -> Result<Vec<DueMessage>, Error>;

    /// When the next message is due.
    async fn next_message_at(&self) -> Result<Option<Instant>, Error>;

    /// Marks each message as handed over and writes its attempt row, where it is still queued and
    /// its address still not suppressed. Returns, in order, whether each may be sent: a message
    /// that was cancelled meanwhile may not.
    async fn claim(&self, claims: Vec<Claim>, now: Instant) -> Result<Vec<bool>, Error>;

    /// Sets a due message aside without an attempt: held or cancelled, with the reason.
    async fn set_aside(&self, seq: i64, aside: Aside, now: Instant) -> Result<(), Error>;

    /// Completes the attempt row and moves the message on.
    async fn conclude(&self, conclusion: Conclusion) -> Result<(), Error>;

    /// Attempts that a crash left open, concluded as in doubt by the caller at start.
    async fn open_attempts(&self) -> Result<Vec<OpenAttempt>, Error>;
}

/// A queued message whose time has come.
#[derive(Debug, Clone)]
pub struct DueMessage {
    pub seq: i64,
    pub tenant: TenantId,
    pub id: String,
    pub to: Option<EmailAddress>,
    /// Its time zone is empty where the tenant's applies.
    pub contact: ContactView,
    pub account: Option<AccountView>,
    /// Why the address must not be mailed.
    pub suppressed: Option<String>,
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
    pub mail: Mail,
    /// The connection it goes through.
    pub provider: String,
}

#[derive(Debug, Clone)]
pub enum Aside {
    Held { reason: String },
    Cancelled { reason: String },
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

/// A message that was with a provider when the host stopped.
#[derive(Debug, Clone)]
pub struct OpenAttempt {
    pub seq: i64,
    pub id: String,
    pub provider: String,
    pub attempts: u32,
    pub first_attempt_at: Instant,
}

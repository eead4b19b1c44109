//! What the write-back loop asks: the CRM's own outbox.
//!
//! The discipline is that of mail: a row before the first call, an attempt row before each call, its
//! outcome after. What a call may have done is searched for before it is made again.

use async_trait::async_trait;
use serde::Serialize;

use super::{Error, TenantId};
use crate::domain::Instant;
use crate::domain::connector::{Done, Write, WriteOutcome};

#[async_trait]
pub trait Writebacks {
    /// Makes known which CRMs take writes. What waits for a CRM that is not among them any more waits
    /// for another; what waited for any goes to the first that knows its contact.
    async fn register_writers(
        &self,
        tenant: TenantId,
        writers: Vec<Writer>,
        now: Instant,
    ) -> Result<(), Error>;

    /// Writes that are to be tried or looked for now, earliest first.
    async fn due_writes(&self, now: Instant, limit: usize) -> Result<Vec<DueWrite>, Error>;

    /// When the next one is.
    async fn next_write_at(&self) -> Result<Option<Instant>, Error>;

    /// Those whose call was under way when the host stopped.
    async fn interrupted_writes(&self) -> Result<Vec<DueWrite>, Error>;

    /// Notes that the call is about to be made. False where the write does not wait any more.
    async fn claim_write(&self, id: i64, now: Instant) -> Result<bool, Error>;

    /// Notes what became of a call or a search.
    async fn conclude_write(&self, conclusion: WriteConclusion) -> Result<(), Error>;

    /// How write-backs stand, by CRM.
    async fn write_facts(&self, tenant: TenantId) -> Result<WriteFacts, Error>;
}

/// A CRM that takes writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    pub connection: String,
    /// Whether it gets copies of sent mail.
    pub log_mail: bool,
}

/// A write with what was done of it so far.
#[derive(Debug, Clone, PartialEq)]
pub struct DueWrite {
    pub id: i64,
    pub tenant: TenantId,
    pub connection: String,
    pub write: Write,
    /// May be there already: it is looked for, and not made.
    pub searching: bool,
    pub attempts: u32,
    pub searches: u32,
    pub done: Vec<Done>,
}

/// What became of a call or a search, and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteConclusion {
    pub id: i64,
    /// None of a search, and where no call was made.
    pub outcome: Option<WriteOutcome>,
    pub next: WriteNext,
    pub now: Instant,
}

#[derive(Debug, Clone, PartialEq)]
pub enum WriteNext {
    /// One call more is done; where it was the last, everything is.
    Step {
        done: Done,
        last: bool,
    },
    /// There was nothing to be called any more.
    Nothing,
    Again {
        at: Instant,
        reason: String,
    },
    /// Looked for at `at`, since it may have been done.
    Search {
        at: Instant,
        reason: String,
    },
    Failed {
        reason: String,
    },
    /// Nobody can tell: a person looks.
    Uncertain {
        reason: String,
    },
}

/// Counts by CRM and status, and those that a person should look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WriteFacts {
    pub counts: Vec<WriteCount>,
    /// The latest that failed or are uncertain.
    pub troubled: Vec<TroubledWrite>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WriteCount {
    /// None for what no CRM takes.
    pub connection: Option<String>,
    pub status: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TroubledWrite {
    pub connection: Option<String>,
    pub contact: Option<String>,
    /// `task`, `note`, `properties` or `mail`.
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
}

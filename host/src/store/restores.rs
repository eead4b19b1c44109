//! Backups that came back: what a store does not know of the time between its copy and now.
//!
//! A copy is marked as one. The first host that starts on a marked store holds every message that may
//! have left in the meantime, and remembers the moment: what follows from anything before it is in
//! question as well, since the ledger of that time is lost.

use async_trait::async_trait;

use super::Error;
use crate::domain::Instant;

/// The rule that holds what may have been sent already.
pub const RULE: &str = "restored";

#[async_trait]
pub trait Restores {
    /// Marks the store as a copy of this moment, for the next host that starts on it.
    async fn mark_restored(&self, taken_at: Instant) -> Result<(), Error>;

    /// Begins on a marked store: holds what may have left since the copy was taken. Once a mark. Returns
    /// how many messages are in question; none where there is no mark that is new.
    async fn begin_restored(&self, now: Instant) -> Result<Option<Restored>, Error>;

    /// When a host first ran on a restored store, the last time.
    async fn restored_at(&self) -> Result<Option<Instant>, Error>;
}

/// How a store came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// When the copy was taken.
    pub taken_at: Instant,
    /// Held, until a person has looked.
    pub held: usize,
    /// In doubt: they are looked for at their providers, where those can be asked.
    pub doubtful: usize,
    /// Writes that are looked for in their CRMs before they are made.
    pub searched: usize,
}

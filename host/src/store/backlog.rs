//! What waits in the tables at a moment: the gauges of `figures`.

use async_trait::async_trait;

use super::Error;
use crate::domain::Instant;

/// Rows of one queue that are counted; a longer queue is told of as this long.
pub const COUNTED_MAX: usize = 100_000;

#[async_trait]
pub trait Backlogs {
    /// What waits, over all tenants. Cost follows what is due, up to `COUNTED_MAX` of each queue.
    async fn backlog(&self, now: Instant) -> Result<Backlog, Error>;
}

/// Each queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Events that the decide loop has not heard yet; since when it was received.
    pub undecided: Queue,
    /// Thin events that are to be asked for.
    pub thin: Queue,
    /// Contacts with something to decide.
    pub contacts: Queue,
    pub messages: Queue,
    pub writebacks: Queue,
    /// With a provider.
    pub sending: u64,
    pub in_doubt: u64,
    pub held: u64,
    /// Write-backs that failed or are in doubt.
    pub troubled_writes: u64,
}

/// Rows that are due, and since when the first of them is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    pub length: u64,
    pub since: Option<Instant>,
}

impl Queue {
    /// How long the first one has waited.
    pub fn age_ms(&self, now: Instant) -> i64 {
        self.since.map_or(0, |since| now.since_ms(since).max(0))
    }
}

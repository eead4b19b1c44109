//! What people bring in by hand: lists of leads to enrol, and of addresses that must not be mailed.

use async_trait::async_trait;
use serde::Serialize;

use super::intake::Arrival;
use super::{Error, TenantId};
use crate::domain::Instant;

/// Rows of one list that share a transaction: few, since the host that may be serving the same
/// store waits meanwhile.
pub const BATCH_MAX: usize = 250;

#[async_trait]
pub trait Roster {
    /// Stores the people of a list and asks for each to be enrolled, in one transaction; returns
    /// what became of each, in order. The same batch again changes nothing.
    async fn enrol(&self, batch: LeadBatch) -> Result<Vec<Enrolled>, Error>;

    /// What `enrol` would answer now. Touches nothing.
    async fn preview(&self, batch: LeadBatch) -> Result<Vec<Enrolled>, Error>;

    /// Puts addresses and domains on the list of those that must not be mailed, in one
    /// transaction: enrollments of theirs that run are finished, and what was not handed to a
    /// provider is cancelled. What is listed already stays as it is.
    async fn suppress(
        &self,
        tenant: TenantId,
        entries: Vec<Entry>,
        now: Instant,
    ) -> Result<Suppressed, Error>;

    /// Takes an address or domain off the list; none where it is not on it. What ended stays ended.
    async fn unsuppress(&self, tenant: TenantId, address: &str) -> Result<Option<Entry>, Error>;

    /// The list by address, from behind `after`.
    async fn suppressions(
        &self,
        tenant: TenantId,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error>;
}

/// Rows of a list. Each event is one person asked to be enrolled.
#[derive(Debug, Clone)]
pub struct LeadBatch {
    pub arrival: Arrival,
    pub sequence: String,
    /// Whether the sequence takes people that have been through it.
    pub takes_back: bool,
}

/// What became of one person of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    pub outcome: EnrolOutcome,
    /// Whether the person was known before; what the list tells is merged then.
    pub known: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrolOutcome {
    /// The engine enrols, unless a guardrail objects.
    Asked,
    /// In the sequence, or been through it, or asked for by an earlier list; fields are merged.
    AlreadyEnrolled,
    /// This very row was imported before; nothing changed.
    Repeated,
    /// Must not be mailed; nothing is stored of the person.
    Suppressed { reason: String, since: Instant },
    /// Deleted in the CRM; nothing changed.
    Deleted,
}

/// An address, or `@` and a domain, that must not be mailed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub address: String,
    pub reason: String,
    /// Where it comes from: an event's id, `import FILE`, `cli`.
    pub source: String,
    /// Serialized as RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub at: Instant,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over so"
)]
fn as_text<S: serde::Serializer>(at: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// What suppressing came to.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// Entries that were not on the list before.
    pub added: usize,
    pub known: usize,
    /// Enrollments that ended with it.
    pub exits: usize,
    /// Messages that a provider holds at this moment: they are not repeated.
    pub in_flight: usize,
}

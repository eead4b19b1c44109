//! What the reconcile loop asks: CRMs are polled for what their webhooks did not tell.
//!
//! Who is due is `store::triggers`' to say (`polls`). The cursor is stored with what its page brought, and
//! records that a webhook told of already bring nothing.

use async_trait::async_trait;
use serde::Serialize;

use super::intake::{Arrival, Ingested};
use super::{Error, TenantId};
use crate::domain::Instant;
use crate::domain::connector::Record;

/// How much earlier than the record says may a webhook have been that told of the same change: one change
/// of several fields is several webhooks, and some have the time of the first.
pub const SAME_CHANGE_MS: i64 = 5_000;

#[async_trait]
pub trait Reconciles {
    /// Stores a page: the events of those of its records that were not heard of, the cursor behind
    /// them and when to ask again, in one transaction.
    async fn commit_reconciled(&self, page: ReconciledPage) -> Result<Reconciled, Error>;

    /// Notes a poll or a renewal that failed, and when to try again. The cursor stays.
    async fn fail_asking(&self, failed: FailedAsking) -> Result<(), Error>;

    /// Notes a renewal that succeeded, and when the next one is.
    async fn renewed(
        &self,
        tenant: TenantId,
        poll: &str,
        now: Instant,
        due_at: Instant,
    ) -> Result<(), Error>;

    /// How the polls and renewals of CRMs do.
    async fn reconcile_facts(&self, tenant: TenantId) -> Result<Vec<ReconcileFacts>, Error>;
}

/// A page of records.
#[derive(Debug, Clone)]
pub struct ReconciledPage {
    /// Of whom, and how events are taken in; without events of its own.
    pub arrival: Arrival,
    /// In the CRM's words.
    pub object: String,
    pub records: Vec<Record>,
    pub cursor: String,
    pub due_at: Instant,
    pub pages: u32,
}

/// What a page brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub ingested: Ingested,
    /// Records that no webhook had told of.
    pub found_only: usize,
}

#[derive(Debug, Clone)]
pub struct FailedAsking {
    pub tenant: TenantId,
    /// As in `polls`.
    pub poll: String,
    pub reason: String,
    pub now: Instant,
    pub retry_at: Instant,
}

/// How one poll or renewal does. Times are RFC 3339 text, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReconcileFacts {
    pub connection: String,
    /// `crm` or `renewal`.
    pub kind: String,
    pub asked_at: Option<String>,
    pub due_at: String,
    /// Records looked at so far, and those that no webhook had told of.
    pub records: u64,
    pub found_only: u64,
    /// In a row.
    pub failures: u32,
    pub fault: Option<String>,
    /// Objects that we may not look through, and why; the others are.
    pub refused: Vec<String>,
}
